package notice

import (
	"os"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/internal/sample"
)

// TestOneStyle: the notice has the colours, letters and measures of the preference centre, by day and by night.
func TestOneStyle(t *testing.T) {
	t.Parallel()
	properties := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, begun := strings.Cut(string(text), ":root {")
		of, _, ended := strings.Cut(rest, "\n*, *::before")
		if !begun || !ended {
			t.Fatalf("%s does not begin with the custom properties", file)
		}
		return of
	}
	if ours, theirs := properties("notice.css"), properties("../../proxy/visitor/pages/style.css"); ours != theirs {
		t.Errorf("notice.css has other custom properties than the preference centre's style.css:\n%s\nwant\n%s", ours, theirs)
	}
}

// TestPublish: a page leads to the same in other languages, and to the preference
// centre of the place that it stands in.
func TestPublish(t *testing.T) {
	t.Parallel()
	loaded := sample.Approved(t, sample.Files(t,
		"    hosts: [blog.example]", "    hosts: [blog.example]\n    name: { en: The Blog, de: Das Blog }\n"+
			"    privacy: { links: [{ text: Imprint, url: \"https://blog.example/imprint\" }] }"))
	n, _ := noticeOf(t, loaded, "blog", "de")
	alone := rendered(t, n, "html")
	page, err := n.Publish("html", Around{
		Languages: []string{"de", "en"}, Address: func(lang string) string {
			return "notice." + lang + ".html"
		}, Centre: "./?lang=de",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, text string
		alone      bool
	}{
		{"the other language", `<a href="notice.en.html" lang="en" hreflang="en">English</a>`, false},
		{"its own", `<a href="notice.de.html" lang="de" hreflang="de" aria-current="true">Deutsch</a>`, false},
		{"the preference centre of its place", `<a href="./?lang=de">`, false},
		{"the preference centre as it is known outside", `<a href="https://blog.example/privacy/">`, true},
	} {
		if got := strings.Contains(string(page), c.text); got == c.alone {
			t.Errorf("among others: %s: %t", c.what, got)
		}
		if got := strings.Contains(alone, c.text); got != c.alone {
			t.Errorf("alone: %s: %t", c.what, got)
		}
	}
	for _, want := range []string{`<p class="site">Das Blog</p>`,
		`<li><a href="https://blog.example/imprint">Imprint</a></li>`} {
		if !strings.Contains(alone, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if got := differences(t, string(page), n); got != "" {
		t.Errorf("what stands around it counts: %s", got)
	}
	if strings.Contains(alone, "<script") || strings.Count(alone, "<style>") != 1 {
		t.Error("a script, or more than one style")
	}
}

// TestGroups: what happens only after a yes stands apart from what happens until a no, whatever the basis of direct
// marketing; of both sentences of Art. 21, those that apply are said.
func TestGroups(t *testing.T) {
	t.Parallel()
	const interest, marketing = "on grounds relating to your particular situation", "for direct marketing at any time"
	for _, c := range []struct {
		what    string
		changes []string
		groups  string // of the activities, in their order
		says    []string
		not     []string
	}{
		{"as it is", nil, "consent opt_out object needed", []string{interest, marketing}, nil},
		{"no direct marketing", []string{"    direct_marketing: true\n", ""}, "consent opt_out object needed",
			[]string{interest}, []string{marketing}},
		{"direct marketing that a law asks for", []string{"    categories: [security]",
			"    categories: [security]\n    direct_marketing: true"},
			"consent opt_out object object", []string{"without giving reasons (Art. 21(2) GDPR)"}, []string{"Required by law"}},
	} {
		n, _ := noticeOf(t, sample.Approved(t, sample.Files(t, c.changes...)), "", "en")
		var groups []string
		for _, a := range n.Activities {
			groups = append(groups, a.Group)
		}
		if got := strings.Join(groups, " "); got != c.groups {
			t.Errorf("%s: %s, want %s", c.what, got, c.groups)
		}
		text := rendered(t, n, "html")
		for _, want := range c.says {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing", c.what, want)
			}
		}
		for _, not := range c.not {
			if strings.Contains(text, not) {
				t.Errorf("%s: %q is there", c.what, not)
			}
		}
	}
}

// TestWithoutConsent: where another activity passes data on to the same recipient for the same purpose, nobody is told
// that nothing is passed on; that a refusal ends it is said where it does.
func TestWithoutConsent(t *testing.T) {
	t.Parallel()
	other := []string{"vendor: ga4\n    purposes: [measure]", "vendor: matomo\n    purposes: [measure]"}
	for _, c := range []struct {
		what      string
		changes   []string
		says, not string
	}{
		{"no other", nil, "none of this is passed on", "only what is listed"},
		{"another", other, "only what is listed under “Unless you object” is passed on. If you refuse, that ends as well.",
			"none of this"},
		{"another that goes on", append(other[:2:2], "    events: [page_view, link]",
			"    after_refusal: { because: x }\n    events: [page_view, link]"),
			"only what is listed under “Unless you object” is passed on.", "that ends as well"},
	} {
		n, _ := noticeOf(t, sample.Approved(t, sample.Files(t, c.changes...)), "", "en")
		if got := n.Activities[0].Refuse; !strings.Contains(got, c.says) || strings.Contains(got, c.not) {
			t.Errorf("%s: %s", c.what, got)
		}
	}
}
