package visitor_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/visitor"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

const oneClick = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"

// TestOneClick: what a mail program sends, in either coding and without any header of a browser, objects at once
// (RFC 8058), also where a line end follows.
func TestOneClick(t *testing.T) {
	const form, parts = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
	for body, kind := range map[string]string{
		"List-Unsubscribe=One-Click":       form,
		"List-Unsubscribe=One-Click\r\n":   form,
		"List-Unsubscribe=One-Click\n":     form,
		"List-Unsubscribe=One-Click%0D%0A": form,
		oneClick:                           parts,
		oneClick + "\r\n":                  parts,
		strings.Replace(oneClick, "Click\r\n", "Click\r\n\r\n", 1): parts,
	} {
		w := serve(t)
		b := w.browser()
		b.headers["Origin"], b.headers["Sec-Fetch-Site"] = "", ""
		a := b.do("POST", "/t/privacy/u/"+token(t, unsubscribe), kind, body)
		if a.StatusCode() != 200 || a.text != "Your objection is saved and in force.\n" ||
			a.header("Content-Type") != "text/plain; charset=utf-8" || a.header("Set-Cookie") != "" {
			t.Errorf("%s: %d %s", kind, a.StatusCode(), a.text)
		}
		if w.store.of(string(email.Hash[:])) != "own-product-ads" || len(w.store.acts) != 1 {
			t.Fatalf("%s: %+v", kind, w.store.acts)
		}
		act := w.store.acts[0]
		if c := act.Change; c.Source != objection.Link || c.Site != "shop" || c.Campaign != "spring" ||
			len(c.Subjects) != 1 || c.Subjects[0] != email || len(act.IDs) > 0 || c.By != "" {
			t.Errorf("%+v", c)
		}
	}
}

// TestOpeningALinkDoesNothing: programs that look into mails follow links.
func TestOpeningALinkDoesNothing(t *testing.T) {
	w := serve(t)
	path := "/privacy/u/" + token(t, unsubscribe)
	for _, method := range []string{"GET", "HEAD"} {
		for _, query := range []string{"", "?do=object", "?List-Unsubscribe=One-Click", "?done=objected"} {
			if a := w.browser().do(method, path+query, "", ""); a.StatusCode() != 200 ||
				strings.Contains(a.text, "saved and in force") {
				t.Errorf("%s: %d", query, a.StatusCode())
			}
		}
	}
	if len(w.store.acts) > 0 {
		t.Error("something was done")
	}
}

// TestLinkPage: its button objects, and the same link takes it back until it ends. Objecting goes on.
func TestLinkPage(t *testing.T) {
	w := serve(t)
	path, hash := "/privacy/u/"+token(t, unsubscribe), string(email.Hash[:])
	b := w.browser("_ga=123.456")
	b.headers["Origin"], b.headers["Sec-Fetch-Site"] = "null", "cross-site" // as from a mail program's window
	page := b.follow(path, "do=object")
	if w.store.of(hash) != "own-product-ads" || !strings.Contains(page.text, "Your objection is saved and in force.") ||
		!strings.Contains(page.text, `value="back"`) {
		t.Error(page.text)
	}
	page = b.follow(path+"?lang=fr", "do=back")
	if w.store.of(hash) != "" || !strings.Contains(page.text, "Votre opposition est retirée.") {
		t.Error(page.text)
	}
	w.now = noon.Add(time.Hour + time.Second)
	page = b.follow(path, "do=object")
	if w.store.of(hash) != "own-product-ads" || strings.Contains(page.text, `value="back"`) ||
		!strings.Contains(page.text, "no longer take an objection back") {
		t.Error(page.text)
	}
	if a := b.post(path, "List-Unsubscribe=One-Click"); a.StatusCode() != 200 {
		t.Errorf("%d", a.StatusCode())
	}
	if a := b.post(path, "do=back"); a.StatusCode() != 403 || w.store.of(hash) != "own-product-ads" ||
		!strings.Contains(a.text, "privacy@shop.example") {
		t.Errorf("%d %s", a.StatusCode(), a.text)
	}
	// An objection to everything covers it, and is not what this link takes back.
	delete(w.store.stands, hash)
	w.store.role(hash, "all")
	if a := b.get(path); !strings.Contains(a.text, "An objection to everything is in force") {
		t.Error(a.text)
	}
	if len(b.cookies) != 1 || w.store.of("client_id:ga4=123.456") != "" {
		t.Error("a link is for who it was sent to, not for the browser")
	}
}

func TestManageLink(t *testing.T) {
	w := serve(t)
	path, hash := "/privacy/u/"+token(t, manage), string(email.Hash[:])
	b := w.browser()
	page := b.follow(path, "do=save&object=surveys&object=vendor:ga4&object=orders&shown=")
	if w.store.of(hash) != "surveys/vendor:ga4" || !strings.Contains(page.text, `value="surveys" checked`) {
		t.Error(page.text)
	}
	b.follow(path, "do=save&object=fraud&shown=surveys/vendor:ga4")
	if w.store.of(hash) != "fraud" {
		t.Error(w.store.of(hash))
	}
	b.follow(path, "do=all")
	b.follow(path, "do=back")
	if w.store.of(hash) != "" {
		t.Error(w.store.of(hash))
	}
	for _, form := range []string{"do=object", "do=x", "", "List-Unsubscribe=One-Click"} {
		if a := b.post(path, form); a.StatusCode() != 400 {
			t.Errorf("%q: %d", form, a.StatusCode())
		}
	}
	w.now = noon.Add(2 * time.Hour)
	if a := b.post(path, "do=save&object=fraud&shown=surveys"); a.StatusCode() != 403 {
		t.Errorf("%d", a.StatusCode())
	}
	b.follow(path, "do=save&object=fraud&shown=")
}

// TestLinksThatAreNone: damaged, of another site or another key, they say so and do nothing.
func TestLinksThatAreNone(t *testing.T) {
	w := serve(t)
	good := token(t, unsubscribe)
	elsewhere := unsubscribe
	elsewhere.Site, elsewhere.Subjects = "other", []objection.Subject{email}
	other, err := visitor.Sign(&pseudonym.Key{9}, visitor.Claim{Kind: visitor.Unsubscribe,
		Subjects: []objection.Subject{email}, Scopes: []string{"all"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing": "", "cut": good[:len(good)-1], "longer": good + "A", "another site": token(t, elsewhere),
		"another key": other, "a path": good + "/x", "too long": strings.Repeat("A", 9000),
	} {
		for _, method := range []string{"GET", "POST"} {
			a := w.browser().do(method, "/privacy/u/"+text, "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click")
			if method == "GET" {
				a = w.browser().get("/privacy/u/" + text)
			}
			if a.StatusCode() != 404 || !strings.Contains(a.text, "does not work") {
				t.Errorf("%s: %d", name, a.StatusCode())
			}
		}
	}
	for kind, body := range map[string]string{
		"application/x-www-form-urlencoded": "List-Unsubscribe=One-Clic", "multipart/form-data; boundary=y": oneClick,
		"multipart/form-data": oneClick,
		"text/plain":          "List-Unsubscribe=One-Click", "multipart/form-data; boundary=x": strings.Repeat(
			"a", 40<<10), "": "x",
	} {
		if a := w.browser().do("POST", "/privacy/u/"+good, kind, body); a.StatusCode() < 400 || a.StatusCode() >= 500 {
			t.Errorf("%s: %d", kind, a.StatusCode())
		}
	}
	if len(w.store.acts) > 0 {
		t.Error("something was done")
	}
	everywhere := unsubscribe
	everywhere.Site = ""
	if a := w.browser().get("/privacy/u/" + token(t, everywhere)); a.StatusCode() != 200 {
		t.Errorf("a link for every site: %d", a.StatusCode())
	}
}

func TestLinkWhenTheStoreFails(t *testing.T) {
	w := serve(t)
	w.store.err = objection.ErrPoisoned
	path := "/privacy/u/" + token(t, unsubscribe)
	for _, a := range []*answer{w.browser().get(path), w.browser().post(path, "do=object"),
		w.browser().post(path, "List-Unsubscribe=One-Click")} {
		if a.StatusCode() != 503 || strings.Contains(a.text, "in force.") {
			t.Errorf("%d %s", a.StatusCode(), a.text)
		}
	}
}

func TestToken(t *testing.T) {
	full := visitor.Claim{
		Kind: visitor.Manage, Site: "shop", Campaign: "Frühling", Scopes: []string{"ads", "vendor:ga4"},
		Expires:  time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC),
		Subjects: []objection.Subject{email, {Space: "client_id:ga4", Hash: [16]byte{7}}},
	}
	text, err := visitor.Sign(&testKey, full)
	if err != nil {
		t.Fatal(err)
	}
	again, err := visitor.Verify(&testKey, text)
	if err != nil || again.Kind != full.Kind || again.Site != full.Site || again.Campaign != full.Campaign ||
		!again.Expires.Equal(full.Expires) ||
		strings.Join(again.Scopes, " ") != "ads vendor:ga4" || len(again.Subjects) != 2 || again.Subjects[0] != email ||
		again.Subjects[1] != full.Subjects[1] {
		t.Errorf("%+v, %v", again, err)
	}
	other := full
	other.Scopes = []string{"vendor:ga4", "ads", "ads"}
	if same, err := visitor.Sign(&testKey, other); err != nil || same != text {
		t.Errorf("in another order: %v", err)
	}
	if strings.ContainsAny(text, "+/=") || len(text) > 300 {
		t.Errorf("%d characters: %s", len(text), text)
	}
	// A change of any character makes it void.
	for i := range text {
		changed := []byte(text)
		changed[i] = map[bool]byte{true: 'A', false: 'B'}[changed[i] == 'B']
		if _, err := visitor.Verify(&testKey, string(changed)); err == nil && !bytes.Equal(changed, []byte(text)) {
			t.Fatalf("character %d was changed", i)
		}
	}
	for name, c := range map[string]func(*visitor.Claim){
		"no kind":        func(c *visitor.Claim) { c.Kind = 0 },
		"no subject":     func(c *visitor.Claim) { c.Subjects = nil },
		"many subjects":  func(c *visitor.Claim) { c.Subjects = make([]objection.Subject, 33) },
		"no namespace":   func(c *visitor.Claim) { c.Subjects = make([]objection.Subject, 1) },
		"no scope":       func(c *visitor.Claim) { c.Kind, c.Scopes = visitor.Unsubscribe, nil },
		"no scope's":     func(c *visitor.Claim) { c.Scopes = []string{"a b"} },
		"a long site":    func(c *visitor.Claim) { c.Site = strings.Repeat("a", 256) },
		"too early":      func(c *visitor.Claim) { c.Expires = time.Unix(-1, 0) },
		"too late":       func(c *visitor.Claim) { c.Expires = time.Unix(1<<32, 0) },
		"a long message": func(c *visitor.Claim) { c.Campaign = strings.Repeat("a", 256) },
	} {
		bad := full
		c(&bad)
		if text, err := visitor.Sign(&testKey, bad); err == nil || text != "" {
			t.Errorf("%s: it is signed", name)
		}
	}
}
