package proxy_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// objected objects through the operator's API, and returns status, type and body of the answer.
func (r *running) objected(t *testing.T, body string) (int, string, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://tagwarden/api/v1/objections",
		strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	a, err := (&http.Client{Transport: proxy.ControlTransport(dataOf(r))}).Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, a.Header.Get("Content-Type"), string(text)
}

// TestAPersonIsFoundInEveryDress: whoever objects in one dress is not sent in any other, alone or in a batch; everybody
// else arrives; and neither answers nor records hold who it is.
func TestAPersonIsFoundInEveryDress(t *testing.T) {
	v := standIn(t)
	file := shop(t, v.Addr(), map[string]string{"tagwarden.yaml": strings.Replace(shopFiles["tagwarden.yaml"],
		"    hosts: ", "    phone_country: DE\n    hosts: ", 1)})
	r := start(t, file)
	hexed := func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
	coded := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	for i, given := range []string{`"email":"doe0@ex\u00e4mple.de"`, `"email":"Doe <DOE1@xn--exmple-cua.de>"`,
		`"email":"mailto:doe2@ex\u00e4mple.de, x2@example.org"`,
		`"email_sha256":"sha256:` + hexed("doe3@xn--exmple-cua.de") + `"`,
		`"email_sha256":"` + coded("doe4@xn--exmple-cua.de") + `"`} {
		mail := fmt.Sprintf("doe%d@xn--exmple-cua.de", i)
		written := fmt.Sprintf("doe%d@ex\u00e4mple.de", i)
		status, _, answer := r.objected(t, `{"ids":{`+given+`},"all":true}`)
		if status != 200 || !strings.Contains(answer, `***`) || strings.Contains(answer, mail) || strings.Contains(answer,
			written) {
			t.Fatalf("%s: %d %s", given, status, answer)
		}
		for _, dress := range []string{mail, written, strings.ToUpper(written), "Doe <" + written + ">", "mailto:" + mail,
			written + ".", "x@example.com; " + mail,
			hexed(mail), strings.ToUpper(hexed(mail)), "0x" + hexed(mail), coded(mail)} {
			r.gone(t, v, "email", dress)
		}
	}
	for i, given := range []string{`"phone":"030 1234560"`, `"phone":"+49 (0)30 1234561"`, `"phone":"0049301234562"`,
		`"phone_sha256":"` + coded("49301234563") + `"`} {
		number := fmt.Sprintf("4930123456%d", i)
		status, _, answer := r.objected(t, `{"ids":{`+given+`},"all":true,"site":"shop"}`)
		if status != 200 || strings.Contains(answer, "123456") {
			t.Fatalf("%s: %d %s", given, status, answer)
		}
		for _, dress := range []string{"+" + number, number, "030/" + number[4:], "+49 (0)30 " + number[4:],
			"0049 30-" + number[4:], "tel:+" + number + ";ext=3",
			"+49 030 " + number[4:], hexed(number), coded(number)} {
			r.gone(t, v, "phone", dress)
		}
	}
	for _, other := range []string{`"email":"doe9@ex\u00e4mple.de"`, `"email":"doe0@example.de"`, `"phone":"030 1234569"`,
		`"phone":"+43 30 1234560"`} {
		before := len(v.Requests())
		r.track(t, other)
		if len(v.Requests()) != before+1 {
			t.Errorf("%s is somebody else, and does not arrive", other)
		}
	}
	// As words: a digest may hold any of it by chance.
	if found := regexp.MustCompile(`\bdoe\d\b|\b\d*123456\d\b`).FindString(r.ledger(t)); found != "" {
		t.Errorf("who it is is on the ledger: %s", found)
	}
}

// track sends an event of Segment's with a trait, of a browser that was not seen before.
func (r *running) track(t *testing.T, trait string) {
	t.Helper()
	browser := sha256.Sum256([]byte(trait))
	event := fmt.Sprintf(`{"type":"track","event":"x","anonymousId":"6f1c5a9e-0000-4000-8000-%x",`+
		`"context":{"traits":{%s}}}`, browser[:6], trait)
	if a := r.ask(t, post("/t/segment/v1/t", yes+"Content-Type: application/json\r\n", event)); a.Status != 200 {
		t.Fatalf("%+v", a)
	}
}

// gone sends an event that has a value among its traits, and expects that nothing arrives.
func (r *running) gone(t *testing.T, v *rawhttp.Vendor, trait, value string) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	before := len(v.Requests())
	if r.track(t, `"`+trait+`":`+string(text)); len(v.Requests()) != before {
		t.Errorf("%s %q: an objector's event arrives", trait, value)
	}
}
