package visitor_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/visitor"
)

// TestFrontEnd: the endpoint is the preference centre for a site's own front end.
func TestFrontEnd(t *testing.T) {
	w := serve(t)
	b := w.browser("_ga=123.456")
	for _, c := range []struct{ body, want, cookie string }{
		{`{"purposes":["surveys"],"vendors":["ga4"],"campaign":"spring sale","lang":"de"}`,
			`{"in_force":["surveys","vendor:ga4"],"identified":1}`, "surveys/vendor:ga4"},
		{`{"purposes":["fraud"],"take_back":{"purposes":["surveys"]},"ids":{"client_id:segment":"0f8fad5b-d9cb-469f-a165-70867728950e","device_id":"abcdefgh1"}}`,
			`{"in_force":["fraud","vendor:ga4"],"identified":3,"elsewhere":true,"detail":"Your choice is taken back in this browser. Objections made elsewhere stay in force."}`,
			"fraud/vendor:ga4"},
		{`{"all":true,"purposes":[],"vendors":[],"ids":{}}`, `{"in_force":["all","fraud","vendor:ga4"],"identified":1}`,
			"all/fraud/vendor:ga4"},
		{`{"all":false,"take_back":{"all":true}}`, `{"in_force":[],"identified":1}`, ""},
	} {
		a := b.json(c.body)
		if a.StatusCode() != 200 || a.text != c.want || b.choice() != c.cookie ||
			a.header("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s, cookie %q", c.body, a.StatusCode(), a.text, b.choice())
		}
		if got := b.get("/privacy/objections"); !strings.HasPrefix(got.text, strings.Split(c.want, `"identified"`)[0]) {
			t.Errorf("then %s", got.text)
		}
	}
	first, second := w.store.acts[0].Change, w.store.acts[1]
	if first.Source != objection.FrontEnd || first.Campaign != "spring sale" || first.Site != "shop" || first.By != "" ||
		len(first.Subjects) > 0 {
		t.Errorf("%+v", first)
	}
	if second.Change.TakeBack == nil || len(second.IDs) != 1 || second.IDs[0].Name != "client_id:ga4" {
		t.Errorf("%+v", second)
	}
	if w.store.of("client_id:segment=0f8fad5b-d9cb-469f-a165-70867728950e") != "fraud" {
		t.Error("what was not proven any more was taken back")
	}
	if b.cookies[visitor.UndoCookie] != "" {
		t.Error("there is still a proof")
	}
}

// TestTakingBackWithoutProof: the endpoint says what the page says, whether or not anything stands for the identifier.
func TestTakingBackWithoutProof(t *testing.T) {
	w := serve(t)
	w.browser("_ga=123.456").json(`{"all":true}`)
	var answers []string
	for _, id := range []string{"123.456", "777.888"} {
		// one that was objected for in another browser, and one that was not
		a := w.browser("_ga=" + id).json(`{"take_back":{"all":true},"lang":"de"}`)
		var said struct {
			InForce   []string `json:"in_force"`
			Elsewhere bool
			Detail    string
		}
		if err := json.Unmarshal([]byte(a.text), &said); err != nil || a.StatusCode() != 200 || len(said.InForce) > 0 ||
			!said.Elsewhere || a.header("Content-Language") != "de" ||
			!strings.Contains(said.Detail, "gelten weiter") {
			t.Errorf("%d %s", a.StatusCode(), a.text)
		}
		answers = append(answers, a.text)
	}
	if answers[0] != answers[1] || w.store.of("client_id:ga4=123.456") != "all" {
		t.Errorf("%q; %q stands", answers, w.store.of("client_id:ga4=123.456"))
	}
	b := w.browser("_ga=999.111")
	b.json(`{"all":true}`)
	if a := b.json(`{"take_back":{"all":true}}`); a.text != `{"in_force":[],"identified":1}` {
		t.Errorf("with a proof: %s", a.text)
	}
}

// TestFrontEndsOwnID: an id that a page gives is taken back with the proof that it got.
func TestFrontEndsOwnID(t *testing.T) {
	w := serve(t)
	b := w.browser()
	const id = `"ids":{"client_id:posthog":"0190a0b0-0000-7000-8000-000000000001"}`
	b.json(`{"all":true,` + id + `}`)
	b.json(`{"take_back":{"all":true},` + id + `}`)
	if w.store.of("client_id:posthog=0190a0b0-0000-7000-8000-000000000001") != "" || len(w.store.acts) != 2 ||
		len(b.cookies) > 0 {
		t.Errorf("%+v", w.store.acts)
	}
}

func TestRequestsThatAreNone(t *testing.T) {
	w := serve(t)
	b := w.browser("_ga=123.456")
	for _, c := range []struct {
		body string
		want int
		code string
		at   string
	}{
		{``, 400, "malformed", ""},
		{`[]`, 400, "malformed", ""},
		{`null`, 400, "malformed", ""},
		{`{}`, 400, "malformed", ""},
		{`{"all":false}`, 400, "malformed", ""},
		{`{"all":true`, 400, "malformed", ""},
		{`{"all":true}{}`, 400, "malformed", ""},
		{`{"all":true} x`, 400, "malformed", ""},
		{`{"all":"true"}`, 400, "malformed", "/all"},
		{`{"all":1}`, 400, "malformed", "/all"},
		{`{"all":null}`, 400, "malformed", "/all"},
		{`{"All":true}`, 400, "malformed", ""},
		{`{"all":true,"all":true}`, 400, "malformed", ""},
		{`{"all":true,"more":1}`, 400, "malformed", ""},
		{`{"all":true,"lang":["en"]}`, 400, "malformed", "/lang"},
		{`{"purposes":"surveys"}`, 400, "malformed", "/purposes"},
		{`{"purposes":[["surveys"]]}`, 400, "malformed", "/purposes"},
		{`{"purposes":["nonsense"]}`, 400, "malformed", "/purposes"},
		{`{"purposes":["all"]}`, 400, "malformed", "/purposes"},
		{`{"purposes":["vendor:ga4"]}`, 400, "malformed", "/purposes"},
		{`{"purposes":["orders"]}`, 400, "malformed", "/purposes"},
		{`{"vendors":["parcels"]}`, 400, "malformed", "/vendors"},
		{`{"vendors":["a b"]}`, 400, "malformed", "/vendors"},
		{`{"take_back":{"everything":true}}`, 400, "malformed", "/take_back"},
		{`{"take_back":{"all":true,"all":true}}`, 400, "malformed", "/take_back"},
		{`{"take_back":[]}`, 400, "malformed", "/take_back"},
		{`{"all":true,"ids":[]}`, 400, "malformed", "/ids"},
		{`{"all":true,"ids":{"client_id:ga4":"1234567"}}`, 400, "malformed", "/ids/client_id:ga4"},
		{`{"all":true,"ids":{"client_id:ga4":"aaaaaaaaaaaa"}}`, 400, "malformed", "/ids/client_id:ga4"},
		{`{"all":true,"ids":{"advertising_id":"00000000-0000-0000-0000-000000000000"}}`, 400, "malformed",
			"/ids/advertising_id"},
		{`{"all":true,"ids":{"client_id:ga4":"0123456789\ud800"}}`, 400, "malformed", "/ids/client_id:ga4"},
		{`{"all":true,"ids":{"client_id:ga4":"\udc00\ud8000123456789"}}`, 400, "malformed", "/ids/client_id:ga4"},
		{`{"all":true,"ids":{"client_id:ga4":12345678}}`, 400, "malformed", "/ids/client_id:ga4"},
		{`{"all":true,"ids":{"client_id:":"0123456789"}}`, 400, "malformed", "/ids/client_id"},
		{`{"all":true,"ids":{"client_id:a:b":"0123456789"}}`, 400, "malformed", "/ids/client_id"},
		{`{"all":true,"ids":{"session_id":"0123456789"}}`, 400, "malformed", "/ids"},
		{`{"all":true,"ids":{"client_id":"0123456789","client_id":"0123456789"}}`, 400, "malformed", "/ids"},
		{`{"all":true,"ids":{"email":"jane@example.com"}}`, 403, "identifier", "/ids/email"},
		{`{"all":true,"ids":{"email:ga4":"jane@example.com"}}`, 403, "identifier", "/ids/email"},
		{`{"all":true,"ids":{"phone":"+12025550123"}}`, 403, "identifier", "/ids/phone"},
		{`{"all":true,"ids":{"user_id":"0123456789abc"}}`, 403, "identifier", "/ids/user_id"},
		{`{"all":true,"ids":{"external_id":"0123456789abc"}}`, 403, "identifier", "/ids/external_id"},
		{`{"all":true,"ids":{"email_sha256":"0123456789abc"}}`, 403, "identifier", "/ids/email_sha256"},
		{`{"all":true,"lang":"` + strings.Repeat("x", 8<<10) + `"}`, 413, "too_large", ""},
		{"{\"all\":true,\"lang\":\"\xff\"}", 400, "malformed", ""},
		{strings.Repeat(`{"take_back":`, 600), 400, "malformed", "/take_back"},
	} {
		a := b.json(c.body)
		var p struct {
			Title, Detail, Code, At string
			Status                  int
		}
		if err := json.Unmarshal([]byte(a.text), &p); err != nil {
			t.Fatal(err)
		}
		if a.StatusCode() != c.want || p.Status != c.want || p.Code != c.code || p.At != c.at || p.Title == "" ||
			p.Detail == "" || a.header("Content-Type") != "application/problem+json" {
			t.Errorf("%.80s: %d %s", c.body, a.StatusCode(), a.text)
		}
		if a.header("Set-Cookie") != "" || strings.Contains(a.text, "jane") || strings.Contains(a.text, "2025550123") {
			t.Errorf("%.80s: %s", c.body, a.text)
		}
	}
	// What the store does not take for an identifier, of those that the page gave.
	if a := b.json(`{"all":true,"ids":{"client_id:nobody":"none56789"}}`); a.StatusCode() != 400 ||
		!strings.Contains(a.text, "ids.client_id:nobody") || a.header("Set-Cookie") != "" {
		t.Errorf("%d %s", a.StatusCode(), a.text)
	}
	if a := b.do("POST", "/privacy/objections", "text/plain", `{"all":true}`); a.StatusCode() != 415 {
		t.Errorf("%d", a.StatusCode())
	}
	if a := b.do("DELETE", "/privacy/objections", "", ""); a.StatusCode() != 405 ||
		a.header("Allow") != "GET, HEAD, POST, OPTIONS" {
		t.Errorf("%d", a.StatusCode())
	}
	if len(w.store.acts) > 0 {
		t.Error("something was done")
	}
}

// TestProblemsInTheVisitorsLanguage: by the request's own word, else by what the browser accepts.
func TestProblemsInTheVisitorsLanguage(t *testing.T) {
	w := serve(t)
	b := w.browser()
	b.headers["Accept-Language"] = "fr, en;q=0.5"
	if a := b.json(`{"all":true,"ids":{"email":"jane@example.com"}}`); !strings.Contains(a.text,
		"Pas avec cet identifiant") || a.header("Content-Language") != "fr" {
		t.Error(a.text)
	}
	if a := b.json(`{"purposes":["nonsense"],"lang":"de"}`); !strings.Contains(a.text, "Die Anfrage war nicht lesbar") ||
		a.header("Content-Language") != "de" {
		t.Error(a.text)
	}
}

func TestCampaign(t *testing.T) {
	w := serve(t)
	b := w.browser("_ga=123.456")
	for given, kept := range map[string]string{"spring-2026_A.b c": "spring-2026_A.b c", "jane@example.com": "", "a/b": "",
		strings.Repeat("a", 65): "", "": ""} {
		w.store.acts = nil
		b.json(`{"all":true,"campaign":"` + given + `"}`)
		if got := w.store.acts[0].Change.Campaign; got != kept {
			t.Errorf("%q: %q", given, got)
		}
	}
}
