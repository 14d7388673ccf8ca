package visitor_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/visitor"
)

// TestUntold: where not all nodes could be told, nobody is told that it is in force, by whichever way they chose; and
// what proves an act is kept, for it may stand still.
func TestUntold(t *testing.T) {
	const says = "Your choice is saved. Not all of our servers know of it yet"
	w := serve(t)
	b := w.browser("_ga=123.456")
	b.follow("/privacy/", "do=save&object=surveys&shown=")
	proof := b.cookies[visitor.UndoCookie]
	w.store.untold = true
	for _, form := range []string{"do=all", "do=save&object=fraud&shown=surveys", "do=back"} {
		page := b.follow("/privacy/", form)
		if !strings.Contains(page.text, says) || strings.Contains(page.text, "is saved and in force") ||
			strings.Contains(page.text, "is taken back.") {
			t.Errorf("%s: the page does not say that it is not in force everywhere", form)
		}
		if b.cookies[visitor.UndoCookie] != proof {
			t.Errorf("%s: the proof is %q, it was %q", form, b.cookies[visitor.UndoCookie], proof)
		}
	}
	a := b.json(`{"purposes":["surveys"],"lang":"de"}`)
	if a.StatusCode() != 202 ||
		!strings.Contains(a.text, `"untold":true,"detail":"Ihre Entscheidung ist gespeichert. Noch`) {
		t.Errorf("%d %s", a.StatusCode(), a.text)
	}
	path := "/privacy/u/" + token(t, manage)
	if page := b.follow(path, "do=all"); !strings.Contains(page.text, says) {
		t.Error("the page of a link does not say it")
	}
	mail := w.browser()
	mail.headers["Origin"], mail.headers["Sec-Fetch-Site"] = "", ""
	a = mail.do("POST", "/t/privacy/u/"+token(t, unsubscribe), "application/x-www-form-urlencoded",
		"List-Unsubscribe=One-Click")
	if a.StatusCode() != 200 || !strings.HasPrefix(a.text, says) {
		t.Errorf("%d %s", a.StatusCode(), a.text)
	}
	w.store.untold = false
	if page := b.follow("/privacy/", "do=all"); strings.Contains(page.text, says) {
		t.Error("it is said of what all know")
	}
}
