package webhook

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

var december = time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)

func TestSignedMessage(t *testing.T) {
	key := strings.Repeat("k", 32)
	r, err := NewReceiver(ReceiverOptions{Name: "crm", URL: "https://crm.example/hook?token=x",
		Events: []string{Objection}, SecretFile: secretFile(t, key)})
	if err != nil {
		t.Fatal(err)
	}
	act := &Act{
		Type: Objection, Time: december, IDs: map[string][]string{"email": {"Jane@example.com"}, "client_id:ga4": {"1.2"}},
		Scopes: []string{"ads"}, Complaint: true, Source: "api", Site: "shop", InForce: []string{"ads", "all"},
	}
	messages, err := messages(r, act, &testKey, rand.Reader)
	if err != nil || len(messages) != 1 || strings.Contains(string(messages[0]), "ane@example") {
		t.Fatalf("%d, %v", len(messages), err)
	}
	text, err := Unseal(&testKey, "crm", messages[0])
	if err != nil {
		t.Fatal(err)
	}
	var again Act
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	request, err := r.request(t.Context(), &again, idOf(&again, messages[0]), december)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"type":"objection","timestamp":"2026-12-01T12:00:00Z","data":{"ids":{"client_id:ga4":["1.2"],"email":["Jane@example.com"]},` +
		`"scopes":["ads"],"restriction":false,"complaint":true,"source":"api","site":"shop","in_force":["ads","all"]}}`
	if string(body) != want {
		t.Errorf("%s", body)
	}
	id := request.Header.Get("Webhook-Id")
	if request.Method != "POST" || request.Header.Get("Webhook-Signature") != Sign([]byte(key), id, "1796126400", body) ||
		id != idOf(&again, messages[0]) {
		t.Errorf("%s %q", request.Method, request.Header)
	}
}

func TestWants(t *testing.T) {
	for _, test := range []struct {
		kind   string
		scopes string
		want   bool
	}{
		{Objection, "mail", true},
		{Objection, "ads mail", true},
		{Objection, "ads", false},
		{Objection, "all", true},
		{Objection, "vendor:ga4", false},
		{Withdrawal, "mail", false},
	} {
		r, err := NewReceiver(ReceiverOptions{Name: "crm", Events: []string{Objection}, Scopes: []string{"mail"}})
		if err != nil {
			t.Fatal(err)
		}
		act := &Act{Type: test.kind, Scopes: strings.Fields(test.scopes)}
		messages, err := messages(r, act, &testKey, rand.Reader)
		if r.Wants(act) != test.want || (len(messages) == 1) != test.want || err != nil {
			t.Errorf("%+v: %d, %v", test, len(messages), err)
		}
	}
}

func TestSplit(t *testing.T) {
	const sum = "8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d" // of jane@example.com
	for _, test := range []struct {
		ids  map[string][]string
		body string
		want string
	}{
		{map[string][]string{"email": {" Jane@Example.com "}}, "${email} ${email_sha256} ${email_md5}", "Jane@Example.com " +
			sum + " 9e26471d35a78862c17e467d87cddedf"},
		{map[string][]string{"email": {"Jane@Example.com"}, "email_sha256": {strings.ToUpper(sum)}}, "${email_sha256}", sum},
		{map[string][]string{"email_sha256": {strings.ToUpper(sum)}}, "${email_sha256}", sum},
		{map[string][]string{"email_sha256": {sum}}, "${email} ${email_sha256}", ""},
		{map[string][]string{"email_sha256": {sum}, "email_md5": {"x"}}, "${email_md5} ${email_sha256}", ""},
		{map[string][]string{"email": {"a@example.com", "b@example.com"}, "phone": {"1", "2"}}, "${email} ${phone}",
			"a@example.com 1|a@example.com 2|b@example.com 1|b@example.com 2"},
		{map[string][]string{"phone": {"+49 (0)30 901820"}}, "${phone_sha256}", hexSHA256([]byte("4930901820"))},
		{map[string][]string{"client_id:ga4": {"1.2"}, "client_id:matomo": {"ab"}}, "${client_id}", "1.2|ab"},
		{map[string][]string{"user_id": {"17"}}, "${user_id} ${type} ${scopes} ${time}",
			"17 objection ads,mail 2026-12-01T12:00:00Z"},
		{map[string][]string{"user_id": {"17"}}, "${email}", ""},
		{map[string][]string{"user_id": {"17"}}, "nothing", "nothing"},
	} {
		r, err := NewReceiver(ReceiverOptions{Name: "x", URL: "https://x.example", Events: []string{Objection},
			Request: &Request{Body: test.body}})
		if err != nil {
			t.Fatal(err)
		}
		messages, err := messages(r, &Act{Type: Objection, Time: december, IDs: test.ids, Scopes: []string{"ads", "mail"}},
			&testKey, rand.Reader)
		if (test.want == "") != errors.Is(err, ErrNoIdentifier) {
			t.Errorf("%s: %v", test.body, err)
		}
		var got []string
		for _, m := range messages {
			text, err := Unseal(&testKey, "x", m)
			if err != nil {
				t.Fatal(err)
			}
			var act Act
			if err := json.Unmarshal(text, &act); err != nil {
				t.Fatal(err)
			}
			request, err := r.request(t.Context(), &act, "", december)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(request.Body)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(body))
		}
		if strings.Join(got, "|") != test.want {
			t.Errorf("%s: %q, want %q", test.body, got, test.want)
		}
	}
}

// TestValuesStayInTheirPlace: whatever an identifier holds, it is a value and nothing else where it stands.
func TestValuesStayInTheirPlace(t *testing.T) {
	for _, value := range []string{`a"b`, `a\`, "a/b", "a?b=c&d#e", "..", "a b", "ü", "</script>", "a%2Fb", "a\r\nX: y",
		"\x00", "${secret}", "$", "a\u2028b"} {
		act := &Act{Type: Objection, Time: december, IDs: map[string][]string{"user_id": {value}}}
		secret := secretFile(t, "s")
		for kind, read := range map[string]func(string) (string, error){
			"application/json": func(body string) (string, error) {
				var into struct{ ID string }
				err := json.Unmarshal([]byte(body), &into)
				return into.ID, err
			},
			"application/x-www-form-urlencoded": func(body string) (string, error) {
				form, err := url.ParseQuery(body)
				if len(form) != 2 {
					return "", fmt.Errorf("%d members", len(form))
				}
				return form.Get("ID"), err
			},
		} {
			body := map[string]string{"application/json": `{"ID":"${user_id}","x":1}`,
				"application/x-www-form-urlencoded": "ID=${user_id}&x=1"}[kind]
			r, err := NewReceiver(ReceiverOptions{Name: "x", URL: "https://x.example/a/${user_id}/b?id=${user_id}",
				SecretFile: secret, Request: &Request{Body: body, ContentType: kind}})
			if err != nil {
				t.Fatal(err)
			}
			request, err := r.request(t.Context(), act, "", december)
			if strings.Trim(value, ". ") == "" {
				if err == nil {
					t.Errorf("%q leads to another address", value)
				}
				continue
			}
			if err != nil {
				t.Errorf("%q: %v", value, err)
				continue
			}
			text, err := io.ReadAll(request.Body)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.TrimSpace(value)
			if got, err := read(string(text)); err != nil || got != want {
				t.Errorf("%s %q: %q, %v", kind, value, got, err)
			}
			if request.URL.Host != "x.example" || request.URL.Query().Get("id") != want || len(request.URL.Query()) != 1 ||
				request.URL.Path != "/a/"+want+"/b" {
				t.Errorf("%q: %s", value, request.URL)
			}
		}
		r, err := NewReceiver(ReceiverOptions{Name: "x", URL: "https://x.example",
			Request: &Request{Headers: map[string]string{"X-Id": "id ${user_id}"}}})
		if err != nil {
			t.Fatal(err)
		}
		request, err := r.request(t.Context(), act, "", december)
		if plain := !strings.ContainsFunc(strings.TrimSpace(value), func(r rune) bool {
			return r < ' ' || r > '~'
		}); plain != (err == nil) || plain && request.Header.Get("X-Id") != "id "+value {
			t.Errorf("%q in a header: %v", value, err)
		}
	}
}

func TestSecretInARequest(t *testing.T) {
	r, err := NewReceiver(ReceiverOptions{
		Name: "x", URL: "https://x.example", SecretFile: secretFile(t, "sesame\n"),
		Request: &Request{Method: "PUT", Headers: map[string]string{"Authorization": "Bearer ${secret}"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	request, err := r.request(t.Context(), &Act{Type: Withdrawal}, "", december)
	if err != nil || request.Method != http.MethodPut || request.Header.Get("Authorization") != "Bearer sesame" ||
		request.Header.Get("Webhook-Signature") != "" {
		t.Errorf("%v %q", err, request.Header)
	}
	r.opts.SecretFile = "none"
	if _, err := r.request(t.Context(), &Act{}, "", december); !errors.Is(err, errSecret) {
		t.Error(err)
	}
}

func TestSeal(t *testing.T) {
	body, err := Seal(&testKey, rand.Reader, "crm", []byte("jane"))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := Unseal(&testKey, "crm", body); err != nil || string(text) != "jane" {
		t.Errorf("%q, %v", text, err)
	}
	other := [32]byte{9}
	if _, err := Unseal(&other, "crm", body); !errors.Is(err, ErrUnsealed) {
		t.Error("opened with another key")
	}
	if _, err := Unseal(&testKey, "other", body); !errors.Is(err, ErrUnsealed) {
		t.Error("opened for another receiver")
	}
	for n := range body {
		broken := slices.Clone(body)
		broken[n] ^= 1
		if _, err := Unseal(&testKey, "crm", broken); !errors.Is(err, ErrUnsealed) {
			t.Errorf("byte %d", n)
		}
		if _, err := Unseal(&testKey, "crm", body[:n]); !errors.Is(err, ErrUnsealed) {
			t.Errorf("cut at %d", n)
		}
	}
	if _, err := Seal(&testKey, iotest.ErrReader(io.ErrUnexpectedEOF), "crm", nil); err == nil {
		t.Error("sealed without a nonce")
	}
}

func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"", "${email}", "a${email}b${secret}", "${", "$${email}", "${no}",
		"${email", "}${type}{"} {
		f.Add(seed, "value")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		parsed, err := parseTemplate(text)
		if err != nil {
			return
		}
		values := map[string]string{}
		for _, name := range Placeholders() {
			values[name] = "${" + name + "}"
		}
		asIs := func(_, v string) (string, error) { return v, nil }
		if again, err := parsed.fill(values, asIs); err != nil || again != text {
			t.Fatalf("%q, %v", again, err)
		}
		for name := range values {
			values[name] = value
		}
		if json.Valid([]byte(`{"a":"` + strings.Join(parsed.texts, "") + `"}`)) {
			if out, err := parsed.fill(values, inJSON); err != nil || !json.Valid([]byte(`{"a":"`+out+`"}`)) {
				t.Fatalf("%q with %q is no JSON: %s, %v", text, value, out, err)
			}
		}
	})
}
