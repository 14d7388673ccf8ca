package visitor_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/visitor"
)

// flowOf is a flow to a vendor.
func flowOf(vendor string, when visitor.When, regions ...string) visitor.Flow {
	f := visitor.Flow{Vendor: vendor, When: when, Basis: visitor.Basis{Name: "N", Article: "A"}}
	f.Basis.Right = when == visitor.UntilObjection
	if when == visitor.ForContract {
		f.Reference = "the order"
	}
	f.Regions = states(regions...)
	return f
}

// has leaves the site one purpose, with these flows.
func (w *world) has(flows []visitor.Flow, change func(p *visitor.Purpose)) {
	for i := range w.site.Languages {
		l := &w.site.Languages[i]
		p := visitor.Purpose{ID: "p", Title: visitor.Text{Text: "Purpose"}, Flows: flows, ShownOnly: true}
		for _, f := range flows {
			p.ShownOnly = p.ShownOnly && !f.When.Open()
		}
		change(&p)
		l.Purposes = []visitor.Purpose{p}
		l.Vendors = slices.DeleteFunc(l.Vendors, func(v visitor.Vendor) bool {
			return !slices.ContainsFunc(flows, func(f visitor.Flow) bool { return f.Vendor == v.ID })
		})
	}
}

// TestWhatIsSaidOfAPurpose: where it stands, what ticking it is called, and which rights are spoken of.
func TestWhatIsSaidOfAPurpose(t *testing.T) {
	const (
		marketing, interest = "You may object to direct marketing", "on grounds relating to your particular situation"
		consent             = "You may withdraw your consent at any time"
		objectAll, noAll    = ">Object to everything<", ">Say no to everything<"
		unless, onlyWith    = "<legend>Takes place unless you object<", "<legend>Only with your consent<"
		untilOut, several   = "<legend>Until you opt out<", "<legend>On more than one legal basis<"
		elsewhere           = "<legend>Not where you seem to be now<"
		fixed, contract     = `<h2 id="fixed">`, "Needed for the contract with you; there is no right to object"
		partly              = "What a contract with you or the law requires goes on."
		withConsent         = `<p class="when">Only with your consent<`
		unlessObjected      = `<p class="when">Unless you object<`
	)
	all := []string{
		marketing, interest, consent, objectAll, noAll, unless, onlyWith, untilOut, several, elsewhere,
		fixed, contract, partly,
		withConsent, unlessObjected,
	}
	c, o, out, law := visitor.AfterConsent, visitor.UntilObjection, visitor.UntilOptOut, visitor.ForContract
	for name, of := range map[string]struct {
		where  visitor.Where
		flows  []visitor.Flow
		change func(*visitor.Purpose)
		label  string // of its control; "": it has none
		says   []string
	}{
		"interest": {flows: []visitor.Flow{flowOf("ga4", o)}, label: "I object", says: []string{interest, objectAll, unless}},
		"consent": {flows: []visitor.Flow{flowOf("ga4", c)}, label: "I withdraw my consent",
			says: []string{consent, noAll, onlyWith}},
		"marketing on consent": {
			flows: []visitor.Flow{flowOf("ga4", c)}, change: func(p *visitor.Purpose) { p.DirectMarketing = true },
			label: "I withdraw my consent", says: []string{marketing, consent, noAll, onlyWith},
		},
		"consent, and interest without": {
			flows: []visitor.Flow{flowOf("ga4", c), flowOf("ga4", o)}, label: "I withdraw my consent and object",
			says: []string{interest, consent, noAll, several, withConsent, unlessObjected},
		},
		"interest, and a contract": {
			flows: []visitor.Flow{flowOf("ga4", o), flowOf("matomo", law)}, label: "I object",
			says: []string{interest, objectAll, several, unlessObjected, contract, partly},
		},
		"a contract": {flows: []visitor.Flow{flowOf("ga4", law)}, says: []string{noAll, fixed, contract, partly}},
		"opting out, in California": {
			where: california, flows: []visitor.Flow{flowOf("ga4", c), flowOf("ga4", out, "US-CA")}, label: "I opt out",
			says: []string{noAll, untilOut},
		},
		"sale, in California": {
			where: california, flows: []visitor.Flow{flowOf("ga4", out, "US-CA")},
			change: func(p *visitor.Purpose) { p.US, p.Sale = true, true },
			label:  "I opt out (do not sell or share my personal information)", says: []string{noAll, untilOut},
		},
		"opting out beside consent of another": {
			where: california, flows: []visitor.Flow{flowOf("matomo", c), flowOf("ga4", out, "US-CA")},
			label: "I withdraw my consent and opt out", says: []string{consent, noAll, several, withConsent},
		},
		"consent, where opting out is elsewhere": {
			flows: []visitor.Flow{flowOf("ga4", c), flowOf("ga4", out, "US-CA")}, label: "I withdraw my consent",
			says: []string{consent, noAll, onlyWith},
		},
		"nothing here": {
			flows: []visitor.Flow{flowOf("ga4", out, "US-CA")}, label: "I opt out", says: []string{noAll, elsewhere},
		},
	} {
		w := serve(t)
		w.where = of.where
		if of.change == nil {
			of.change = func(*visitor.Purpose) {}
		}
		w.has(of.flows, of.change)
		page := w.browser().get("/privacy/").text
		for _, text := range all {
			if wanted := slices.Contains(of.says, text); strings.Contains(page, text) != wanted {
				t.Errorf("%s: that it says %q is %v", name, text, !wanted)
			}
		}
		control := `value="p"> <span>` + of.label + `<span class="quiet">: Purpose<`
		if strings.Contains(page, control) != (of.label != "") || of.label == "" && strings.Contains(page, `value="p"`) {
			t.Errorf("%s: its control is another than %q", name, of.label)
		}
		if strings.Contains(page, "Take everything back") {
			t.Errorf("%s: there is nothing to take back", name)
		}
	}
}

// TestTakeBackWhileSomethingStands: and not otherwise.
func TestTakeBackWhileSomethingStands(t *testing.T) {
	w := serve(t)
	b := w.browser()
	for _, do := range []struct {
		form   string
		stands bool
	}{{"do=save&object=surveys&shown=", true}, {"do=all", true}, {"do=back", false}} {
		if page := b.follow("/privacy/", do.form).text; strings.Contains(page, "Take everything back") != do.stands {
			t.Errorf("%s: that it offers to take everything back is %v", do.form, !do.stands)
		}
	}
}

// TestCookiesAreRenewed: a visit has what the browser keeps last from then on, as long as a consent does at least; a
// browser that keeps nothing is given nothing, and what it cannot prove any more is dropped.
func TestCookiesAreRenewed(t *testing.T) {
	w := serve(t)
	b := w.browser("_ga=123.456")
	b.follow("/privacy/", "do=save&object=surveys&shown=")
	undo := b.cookies[visitor.UndoCookie]
	set := func(a *answer) (all []string) {
		for _, value := range a.Header.Cookies() {
			all = append(all, string(value))
		}
		slices.Sort(all)
		return all
	}
	want := []string{
		visitor.Cookie + "=surveys; max-age=34128000; path=/; secure; SameSite=Lax",
		visitor.UndoCookie + "=" + undo + "; max-age=34128000; path=/; HttpOnly; secure; SameSite=Strict",
	}
	same := func(a, b []string) bool { return strings.EqualFold(strings.Join(a, "\n"), strings.Join(b, "\n")) }
	if got := set(b.get("/privacy/")); !same(got, want) {
		t.Errorf("a visit sets\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := set(b.get("/privacy/objections")); got != nil {
		t.Errorf("a question sets %q", got)
	}
	w.site.Consent = 400 * 24 * time.Hour
	if got := set(b.get("/privacy/")); !strings.Contains(strings.Join(got, "\n"), "=surveys; max-age=34560000") {
		t.Errorf("beside a longer consent a visit sets %q", got)
	}
	delete(b.cookies, "_ga")
	b.get("/privacy/")
	if b.choice() != "surveys" || b.cookies[visitor.UndoCookie] != undo {
		t.Errorf("without the identifier the browser keeps %v", b.cookies)
	}
	other := w.browser(visitor.Cookie + "=%zz")
	if other.get("/privacy/"); other.choice() != "all" {
		t.Errorf("what cannot be read becomes %q", other.choice())
	}
	if got := set(w.browser("_ga=123.456").get("/privacy/")); got != nil {
		t.Errorf("a browser that keeps nothing is given %q", got)
	}
}

// TestBrand: the site's name, title, logo and links, on its pages alone.
func TestBrand(t *testing.T) {
	w := serve(t)
	if a := w.browser().get("/privacy/logo"); a.StatusCode() != 404 {
		t.Errorf("a logo that is not there: %d", a.StatusCode())
	}
	w.site.Logo = &visitor.Logo{Content: []byte("<svg/>"), Type: "image/svg+xml"}
	for i := range w.site.Languages {
		l := &w.site.Languages[i]
		l.Title = visitor.Text{Text: "Your data at <Shop>", Lang: "en"}
		l.Links = []visitor.Link{{Text: visitor.Text{Text: "Imprint"}, URL: "https://shop.example/imprint?a=1&b=2"}}
	}
	page := w.browser().get("/privacy/?lang=de")
	for _, said := range []string{
		`<img src="logo" alt="Example Shop">`, `<h1><span lang="en">Your data at &lt;Shop&gt;</span></h1>`,
		`<a href="https://shop.example/imprint?a=1&amp;b=2">Imprint</a>`, "wenn Sie Example Shop besuchen",
	} {
		if !strings.Contains(page.text, said) {
			t.Errorf("the page does not say %s:\n%s", said, page.text)
		}
	}
	if policy := page.header("Content-Security-Policy"); !strings.Contains(policy, "img-src 'self';") {
		t.Error(policy)
	}
	logo := w.browser().get("/privacy/logo")
	if logo.text != "<svg/>" || logo.header("Content-Type") != "image/svg+xml" ||
		!strings.Contains(logo.header("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%s", logo.Header.Header())
	}
}
