package visitor_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/visitor"
)

const (
	ga    = "_ga=123.456"
	gaKey = "client_id:ga4=123.456"
)

// proofBefore is a proof as the cookie held it before acts were told apart.
func proofBefore(name, value string) string {
	mac := testKey.MAC([]byte("tagwarden/1/undo\x00"), []byte(name), []byte{0}, []byte(value))
	return visitor.UndoCookie + "=" + base64.RawURLEncoding.EncodeToString(mac[:16])
}

// TestABrowserEndsItsOwnAct: two browsers of one account, or somebody who knows an id, end nothing of each other's; the
// page says that what was objected to elsewhere stands.
func TestABrowserEndsItsOwnAct(t *testing.T) {
	w := serve(t)
	owner, other := w.browser(ga), w.browser(ga)
	owner.follow("/privacy/", "do=save&object=surveys&object=fraud&shown=")
	other.follow("/privacy/", "do=save&object=surveys&shown=")
	if owner.cookies[visitor.UndoCookie] == other.cookies[visitor.UndoCookie] {
		t.Error("two browsers prove one act")
	}
	if page := other.follow("/privacy/", "do=back"); w.store.of(gaKey) != "fraud/surveys" ||
		!strings.Contains(page.text, "Objections made elsewhere stay in force.") {
		t.Errorf("%q stands", w.store.of(gaKey))
	}
	if len(other.cookies) != 1 { // it proves nothing any more, and is shown nothing of others
		t.Errorf("%v", other.cookies)
	}
	if page := other.get("/privacy/"); strings.Contains(page.text, "checked") {
		t.Error("who took back everything is shown what stands elsewhere")
	}
	if a := other.json(`{"all":true}`); a.text != `{"in_force":["all"],"identified":1}` {
		t.Error(a.text)
	}
	const here = `"elsewhere":true,"detail":"Your choice is taken back in this browser. Objections made elsewhere stay in force."}`
	if a := other.json(`{"take_back":{"all":true}}`); a.text != `{"in_force":["fraud","surveys"],"identified":1,`+here ||
		w.store.of(gaKey) != "fraud/surveys" {
		t.Errorf("%s; %q stands", a.text, w.store.of(gaKey))
	}
	// One of two is taken back: the other one goes on, and its proof.
	page := owner.follow("/privacy/", "do=save&object=fraud&shown=fraud/surveys")
	if w.store.of(gaKey) != "fraud" || !strings.Contains(page.text, "Your choice is saved and in force.") ||
		owner.cookies[visitor.UndoCookie] == "" {
		t.Errorf("%q stands; %v", w.store.of(gaKey), owner.cookies)
	}
	page = owner.follow("/privacy/", "do=back")
	if w.store.of(gaKey) != "" || strings.Contains(page.text, "made elsewhere stay in force.<") ||
		len(owner.cookies) != 1 {
		t.Errorf("%q stands; %v", w.store.of(gaKey), owner.cookies)
	}
}

// TestOneActABrowser: what it objects to later, by whichever page, is the act that its cookie proves; an
// identifier that comes new gets one of its own.
func TestOneActABrowser(t *testing.T) {
	w := serve(t)
	b := w.browser(ga)
	b.follow("/privacy/", "do=save&object=surveys&shown=")
	b.cookies["_pk"] = "0123456789abcdef"
	b.json(`{"purposes":["fraud"]}`)
	acts := w.store.acts
	if len(acts) != 3 || acts[0].Change.Holder.Kind != objection.Browser ||
		acts[1].Change.Holder != acts[0].Change.Holder ||
		acts[2].Change.Holder == acts[0].Change.Holder || len(acts[1].IDs) != 1 || acts[2].IDs[0].Name != "client_id:matomo" {
		t.Errorf("%+v", acts)
	}
	b.json(`{"take_back":{"all":true}}`)
	if w.store.of(gaKey) != "" || w.store.of("client_id:matomo=0123456789abcdef") != "" ||
		b.cookies[visitor.UndoCookie] != "" {
		t.Errorf("%v, %v", w.store.stands, b.cookies)
	}
}

// TestACookieFromBefore ends what stood before acts were told apart, and nothing else.
func TestACookieFromBefore(t *testing.T) {
	w := serve(t)
	earlier := objection.Holder{Kind: objection.Earlier}
	w.store.put(gaKey, earlier, []string{"surveys"})
	w.browser(ga).follow("/privacy/", "do=save&object=fraud&shown=")
	b := w.browser(ga, proofBefore("client_id:ga4", "123.456"))
	if page := b.get("/privacy/"); !strings.Contains(page.text, `value="surveys" checked`) {
		t.Error("what it proves is not shown")
	}
	// Who objects anew has an act of its own, and can still end the one from before.
	b.follow("/privacy/", "do=save&object=own-product-ads&object=surveys&shown=surveys")
	if len(b.cookies[visitor.UndoCookie]) != 22+1+32 {
		t.Errorf("%v", b.cookies)
	}
	b.follow("/privacy/", "do=back")
	if w.store.of(gaKey) != "fraud" || b.cookies[visitor.UndoCookie] != "" {
		t.Errorf("%q stands; %v", w.store.of(gaKey), b.cookies)
	}
	// Where both were all that stood, nobody is told that something was objected to elsewhere.
	w.store.put("client_id:ga4=777.888", earlier, []string{"surveys"})
	b = w.browser("_ga=777.888", proofBefore("client_id:ga4", "777.888"))
	b.json(`{"purposes":["fraud"]}`)
	a := b.json(`{"take_back":{"all":true}}`)
	if a.text != `{"in_force":[],"identified":1}` || w.store.of("client_id:ga4=777.888") != "" {
		t.Errorf("%s; %q stands", a.text, w.store.of("client_id:ga4=777.888"))
	}
	b = w.browser(ga, proofBefore("client_id:ga4", "999.999"))
	w.store.put(gaKey, earlier, []string{"surveys"})
	if b.follow("/privacy/", "do=back"); w.store.of(gaKey) != "fraud/surveys" {
		t.Errorf("%q stands", w.store.of(gaKey))
	}
}

// TestNamesOfAccounts: an id that is not in the form of an SDK may be the name of an account. It is
// neither objected for nor taken back for, whoever brings it and however it is proven; what is chosen
// holds for the browser, and that is said.
func TestNamesOfAccounts(t *testing.T) {
	const jane = "client_id:matomo=jane"
	w := serve(t, func(o *visitor.Options, _ *visitor.Site) {
		o.Random = func(id objection.ID) bool { return id.Value != "jane" && id.Value != "jane.doe.1985" }
		o.Accounts = func(h *fasthttp.RequestHeader) bool { return string(h.Cookie("_pk")) == "jane" }
	})
	w.store.put(jane, objection.Holder{Kind: objection.Earlier}, []string{"surveys"})
	for _, c := range []struct{ lang, says, known string }{
		{"en", "What you choose here holds in this browser. To object for your account", "may be the name of your account"},
		{"de", "Was Sie hier wählen, gilt in diesem Browser. Um für Ihr Konto zu widersprechen",
			"der Name Ihres Kontos sein kann"},
		{"fr", "Votre choix sur cette page concerne ce navigateur. Pour vous opposer pour votre compte",
			"peut être le nom de votre compte"},
	} {
		b := w.browser("_pk=jane", proofBefore("client_id:matomo", "jane"))
		page := b.follow("/privacy/?lang="+c.lang, "do=all")
		if !strings.Contains(page.text, c.says) || !strings.Contains(page.text, c.known) || b.choice() != "all" ||
			len(b.cookies) != 2 {
			t.Errorf("%s: %v\n%s", c.lang, b.cookies, page.text)
		}
		b = w.browser("_pk=jane", proofBefore("client_id:matomo", "jane"))
		b.follow("/privacy/", "do=back")
	}
	if w.store.of(jane) != "surveys" || len(w.store.acts) > 0 {
		t.Errorf("%q stands, %+v", w.store.of(jane), w.store.acts)
	}
	a := w.browser(ga).json(`{"all":true,"ids":{"client_id:mixpanel":"jane.doe.1985"},"lang":"en"}`)
	if !strings.HasPrefix(a.text,
		`{"in_force":["all"],"identified":1,"account":true,"detail":"What you choose here holds in this browser.`) ||
		w.store.of("client_id:mixpanel=jane.doe.1985") != "" || w.store.of(gaKey) != "all" {
		t.Errorf("%d %s", a.StatusCode(), a.text)
	}
	if a := w.browser(ga).get("/privacy/"); strings.Contains(a.text, "your account") {
		t.Error("it speaks of accounts where there is none")
	}
}

// TestNoRandomness: where no id can be made nothing is done, and the visitor is told so.
func TestNoRandomness(t *testing.T) {
	w := serve(t, func(o *visitor.Options, _ *visitor.Site) { o.Rand = strings.NewReader("short") })
	if a := w.browser(ga).post("/privacy/", "do=all"); a.StatusCode() != 503 || a.header("Set-Cookie") != "" ||
		len(w.store.acts) > 0 {
		t.Errorf("%d %s", a.StatusCode(), a.text)
	}
}

// TestALinkEndsActsByLink: what was objected to elsewhere stands, the page says so, and
// offers to take back only what it can.
func TestALinkEndsActsByLink(t *testing.T) {
	const elsewhere, taken = "this link does not take that back",
		"What you objected to by link is taken back. Objections made elsewhere stay in force."
	for kind, claim := range map[string]visitor.Claim{"unsubscribe": unsubscribe, "manage": manage} {
		w := serve(t)
		path, hash := "/privacy/u/"+token(t, claim), string(email.Hash[:])
		w.store.role(hash, "own-product-ads")
		page := w.browser().get(path)
		if !strings.Contains(page.text, elsewhere) || kind == "unsubscribe" && strings.Contains(page.text, `value="back"`) {
			t.Errorf("%s:\n%s", kind, page.text)
		}
		object := map[string]string{"unsubscribe": "do=object", "manage": "do=all"}[kind]
		w.browser().follow(path, object)
		if act := w.store.acts[0].Change.Holder; act != (objection.Holder{Kind: objection.ByLink}) {
			t.Errorf("%+v", act)
		}
		page = w.browser().follow(path, "do=back")
		if w.store.of(hash) != "own-product-ads" || !strings.Contains(page.text, taken) ||
			!strings.Contains(page.text, elsewhere) {
			t.Errorf("%s: %q stands\n%s", kind, w.store.of(hash), page.text)
		}
	}
}
