package visitor_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/visitor"
)

// follow posts a form, and gets the page that it leads to.
func (b *browser) follow(path, form string) *answer {
	b.t.Helper()
	a := b.post(path, form)
	to := a.header("Location")
	if a.StatusCode() != 303 || !strings.HasPrefix(to, "?") || a.text != "" {
		b.t.Fatalf("%s: %d to %q: %s", form, a.StatusCode(), to, a.text)
	}
	to, fragment, _ := strings.Cut(to, "#")
	if fragment != "status" {
		b.t.Errorf("it leads to %q", fragment)
	}
	path, _, _ = strings.Cut(path, "?")
	return b.get(path + to)
}

// TestWithoutIdentifier: a browser that sends no identifier keeps its choice itself, in
// one cookie that only holds the choice.
func TestWithoutIdentifier(t *testing.T) {
	w := serve(t)
	b := w.browser()
	if a := b.get("/privacy/"); a.header("Set-Cookie") != "" || len(b.cookies) > 0 {
		t.Error("looking sets a cookie")
	}
	a := b.post("/privacy/",
		"do=save&object=surveys&object=vendor:ga4&object=surveys&object=orders&object=nonsense&shown=")
	const want = visitor.Cookie + "=surveys/vendor:ga4; Max-Age=34128000; Path=/; Secure; SameSite=Lax"
	if got := a.header("Set-Cookie"); !strings.EqualFold(got, want) || len(b.cookies) != 1 {
		t.Errorf("%s\nis not\n%s", got, want)
	}
	page := b.get("/privacy/?done=objected")
	for _, said := range []string{"Your choice is saved and in force.", `value="surveys" checked`,
		`value="vendor:ga4" checked`, `value="surveys/vendor:ga4"`} {
		if !strings.Contains(page.text, said) {
			t.Errorf("the page does not say %s", said)
		}
	}
	// All at once, then one is left, then nothing.
	b.follow("/privacy/", "do=all")
	if b.choice() != "all/surveys/vendor:ga4" {
		t.Errorf("%q", b.choice())
	}
	if page := b.follow("/privacy/?lang=de",
		"do=save&object=surveys&shown=all/surveys/vendor:ga4"); b.choice() != "surveys" ||
		!strings.Contains(page.text, "Ihre Entscheidung ist gespeichert und wirksam.") {
		t.Errorf("%q", b.choice())
	}
	if page := b.follow("/privacy/", "do=back"); len(b.cookies) != 0 ||
		!strings.Contains(page.text, "Your choice is taken back.") {
		t.Errorf("%v is left", b.cookies)
	}
	if a := b.post("/privacy/", "do=save&shown="); !strings.Contains(a.header("Location"), "done=none") ||
		a.header("Set-Cookie") != "" {
		t.Errorf("nothing asked for: %s", a.header("Location"))
	}
	if len(w.store.acts) > 0 || w.store.asked > 0 {
		t.Error("the store was asked")
	}
	if len(w.only) != 4 || w.only[0].Source != objection.PreferenceCentre || w.only[0].Site != "shop" ||
		strings.Join(w.only[0].Object, " ") != "surveys vendor:ga4" {
		t.Errorf("%+v", w.only)
	}
}

// TestWithIdentifiers: an objection is in the store for every identifier, and is taken back where it was made.
func TestWithIdentifiers(t *testing.T) {
	w := serve(t)
	b := w.browser("_ga=123.456", "_pk=0123456789abcdef", "uid=jane@example.com", "bad=none")
	b.follow("/privacy/", "do=save&object=surveys&shown=")
	if ga, pk := w.store.of("client_id:ga4=123.456"), w.store.of("client_id:matomo=0123456789abcdef"); ga != "surveys" ||
		pk != "surveys" {
		t.Errorf("%q and %q stand", ga, pk)
	}
	if n := len(w.store.acts); n != 1 || len(w.store.acts[0].IDs) != 2 {
		t.Errorf("what can be guessed, or is none, is objected for: %+v", w.store.acts)
	}
	undo := b.cookies[visitor.UndoCookie]
	if b.choice() != "surveys" || len(undo) != 65 || len(b.cookies) != 6 {
		t.Errorf("%v", b.cookies)
	}
	// Somebody else objected for it: that is shown where the browser proves that it
	// objected, and taken back with the rest.
	w.store.role("client_id:ga4=123.456", "fraud", "restriction:all")
	page := b.get("/privacy/")
	for _, said := range []string{`value="surveys" checked`, `value="fraud" checked`,
		"everything on this page (processing is restricted, Art. 18 GDPR)"} {
		if !strings.Contains(page.text, said) {
			t.Errorf("the page does not say %s", said)
		}
	}
	page = b.follow("/privacy/", "do=save&object=surveys&shown=fraud/surveys")
	if !strings.Contains(page.text, "Objections made elsewhere stay in force.") ||
		!strings.Contains(page.text, `value="fraud" checked`) {
		t.Error("what somebody else objected to is said to be taken back")
	}
	if w.store.of("client_id:ga4=123.456") != "fraud/restriction:all/surveys" || b.cookies[visitor.UndoCookie] != undo {
		t.Errorf("%q stands, the proof is %q", w.store.of("client_id:ga4=123.456"), b.cookies[visitor.UndoCookie])
	}
	// An identifier that is no longer sent is proven no more.
	delete(b.cookies, "_pk")
	b.follow("/privacy/", "do=all")
	if len(b.cookies[visitor.UndoCookie]) != 32 {
		t.Errorf("the proof is %q", b.cookies[visitor.UndoCookie])
	}
	b.follow("/privacy/", "do=back")
	if w.store.of("client_id:ga4=123.456") != "fraud/restriction:all" ||
		w.store.of("client_id:matomo=0123456789abcdef") != "surveys" || b.choice() != "" ||
		b.cookies[visitor.UndoCookie] != "" {
		t.Errorf("%v, %v", w.store.stands, b.cookies)
	}
}

// TestTakingBackTakesTheProof: knowing an id is not enough, whatever else is sent.
func TestTakingBackTakesTheProof(t *testing.T) {
	w := serve(t)
	w.browser("_ga=123.456").follow("/privacy/", "do=all")
	other := w.browser("_ga=999.888")
	other.follow("/privacy/", "do=all")
	for name, undo := range map[string]string{
		"none": "", "another's": other.cookies[visitor.UndoCookie], "another's, of no act": strings.Repeat("A", 11) +
			other.cookies[visitor.UndoCookie][11:], "nonsense": "AAAAAAAAAAAAAAAAAAAAAA", "broken": "....",
		"too much": strings.Repeat("AAAAAAAAAAAAAAAAAAAAAA.", 200),
	} {
		b := w.browser("_ga=123.456", visitor.Cookie+"=all", visitor.UndoCookie+"="+undo)
		page := b.follow("/privacy/", "do=back")
		if w.store.of("client_id:ga4=123.456") != "all" {
			t.Fatalf("%s: it is taken back", name)
		}
		if !strings.Contains(page.text, "Objections made elsewhere stay in force.") || b.choice() != "" {
			t.Errorf("%s: the page does not say so", name)
		}
		if a := b.json(`{"take_back":{"all":true}}`); !strings.HasPrefix(a.text,
			`{"in_force":[],"identified":1,"elsewhere":true,"detail":"`) || w.store.of("client_id:ga4=123.456") != "all" {
			t.Errorf("%s: %s", name, a.text)
		}
	}
}

// TestTakenBackWithProof: who holds the proof is not told that anything stands elsewhere.
func TestTakenBackWithProof(t *testing.T) {
	w := serve(t)
	b := w.browser("_ga=123.456")
	b.follow("/privacy/", "do=all")
	page := b.follow("/privacy/", "do=back")
	if strings.Contains(page.text,
		"Your choice is taken back in this browser. Objections made elsewhere stay in force.") ||
		w.store.of("client_id:ga4=123.456") != "" {
		t.Error("the page speaks of other objections")
	}
}

// TestNoAnswerTellsWhetherAnIDWasKnown: whoever holds no proof gets the same answers for an id that was objected for
// before as for one that was never heard of.
func TestNoAnswerTellsWhetherAnIDWasKnown(t *testing.T) {
	ask := func(known bool) string {
		var all strings.Builder
		w := serve(t)
		w.rand.step = 1 // else the ids of acts would differ
		if known {
			w.browser("_ga=123.456").follow("/privacy/", "do=save&object=fraud&object=surveys&shown=")
		}
		for _, do := range []func(b *browser) *answer{
			func(b *browser) *answer { return b.get("/privacy/") },
			func(b *browser) *answer { return b.get("/privacy/objections") },
			func(b *browser) *answer { return b.post("/privacy/", "do=back") },
			func(b *browser) *answer { return b.post("/privacy/", "do=all") },
			func(b *browser) *answer { return b.post("/privacy/", "do=save&object=surveys&shown=fraud") },
			func(b *browser) *answer { return b.json(`{"all":true}`) },
			func(b *browser) *answer { return b.json(`{"take_back":{"all":true}}`) },
			func(b *browser) *answer {
				return b.json(`{"purposes":["surveys"],"take_back":{"purposes":["fraud"]},"ids":{"client_id:ga4":"0123456789"}}`)
			},
		} {
			for _, cookies := range [][]string{{"_ga=123.456"}, {"_ga=123.456", visitor.Cookie + "=own-product-ads"}} {
				a := do(w.browser(cookies...))
				all.Write(a.Header.Header())
				all.WriteString(a.text)
			}
		}
		return all.String()
	}
	if unknown, known := ask(false), ask(true); unknown != known || !strings.Contains(unknown, "done=here") {
		t.Errorf("never heard of:\n%s\n\nknown:\n%s", unknown, known)
	}
}

// TestCookieThatCannotBeRead counts as everything, as it does for hits; of two, both count.
func TestCookieThatCannotBeRead(t *testing.T) {
	w := serve(t)
	for value, want := range map[string]string{"%zz": "all", "surveys": "surveys", "gone": "gone", "surveys; " +
		visitor.Cookie + "=fraud": "fraud,surveys"} {
		b := w.browser()
		b.headers["Cookie"] = visitor.Cookie + "=" + value
		if a := b.get("/privacy/objections"); a.text != `{"in_force":["`+strings.ReplaceAll(want, ",", `","`)+
			`"],"identified":0}` {
			t.Errorf("%q: %s", value, a.text)
		}
	}
	// What the policy does not know any more stays until everything is taken back.
	b := w.browser(visitor.Cookie + "=gone/surveys")
	b.follow("/privacy/", "do=save&object=fraud&shown=surveys")
	if b.choice() != "fraud/gone" {
		t.Errorf("%q", b.choice())
	}
}

// TestCookieIsRefused: a browser that keeps no cookie is told so.
func TestCookieIsRefused(t *testing.T) {
	w := serve(t)
	a := w.browser().get("/privacy/?done=objected")
	if strings.Contains(a.text, "saved and in force") ||
		!strings.Contains(a.text, "Your browser did not keep your choice") {
		t.Error("it is said to be saved")
	}
}

func TestFormsThatAreNone(t *testing.T) {
	w := serve(t)
	b := w.browser("_ga=123.456")
	for _, c := range []struct {
		kind, body string
		want       int
	}{
		{"application/x-www-form-urlencoded", "", 400},
		{"application/x-www-form-urlencoded", "do=nothing", 400},
		{"application/x-www-form-urlencoded", "do=all&x=" + strings.Repeat("x", 32<<10), 413},
		{"text/plain", "do=all", 415},
		{"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"do\"\r\n\r\nall\r\n--x--\r\n",
			415},
	} {
		if a := b.do("POST", "/privacy/", c.kind, c.body); a.StatusCode() != c.want || a.header("Set-Cookie") != "" {
			t.Errorf("%s %.20s: %d", c.kind, c.body, a.StatusCode())
		}
	}
	if len(w.store.acts) > 0 {
		t.Error("something was done")
	}
}

// TestStoreFails: nothing is saved, neither in the store nor in the browser, and the
// page says so in the visitor's language.
func TestStoreFails(t *testing.T) {
	w := serve(t)
	b := w.browser("_ga=123.456")
	b.headers["Accept-Language"] = "de"
	w.store.err = objection.ErrPoisoned
	a := b.post("/privacy/", "do=all")
	if a.StatusCode() != 503 || !strings.Contains(a.text, "Es wurde nichts gespeichert") || a.header("Set-Cookie") != "" ||
		strings.Contains(a.text, "poisoned") {
		t.Errorf("%d %s", a.StatusCode(), a.text)
	}
	if a := b.json(`{"all":true}`); a.StatusCode() != 503 || !strings.Contains(a.text, `"code":"unsaved"`) ||
		a.header("Content-Type") != "application/problem+json" || a.header("Set-Cookie") != "" {
		t.Errorf("%d %s", a.StatusCode(), a.text)
	}
	// Where nobody can be written to, the page does not say so.
	for i := range w.site.Languages {
		w.site.Languages[i].Controller.Contact = ""
	}
	if a := b.post("/privacy/", "do=all"); strings.Contains(a.text, "schreiben Sie uns") ||
		strings.Contains(a.text, "Kontakt") {
		t.Error(a.text)
	}
	// A browser without identifiers needs no store.
	if a := w.browser().post("/privacy/", "do=all"); a.StatusCode() != 303 {
		t.Errorf("%d", a.StatusCode())
	}
	w.store.err = nil
	b.follow("/privacy/", "do=all")
	w.store.err = objection.ErrPoisoned
	if a := b.get("/privacy/"); a.StatusCode() != 503 || !strings.Contains(a.text, "kann zurzeit nicht gelesen werden") {
		t.Errorf("%d %s", a.StatusCode(), a.text)
	}
	if a := b.get("/privacy/objections"); a.StatusCode() != 503 || !strings.Contains(a.text, `"code":"unreadable"`) {
		t.Errorf("%d %s", a.StatusCode(), a.text)
	}
}
