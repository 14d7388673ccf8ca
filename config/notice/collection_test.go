package notice

import (
	"strconv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/internal/sample"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestEveryClassIsOfACategory: each class is of a category of personal information, or there is a word on why not.
func TestEveryClassIsOfACategory(t *testing.T) {
	t.Parallel()
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		if (categoryOf[class] != "") == (notPersonal[class] != "") {
			t.Errorf("%s: category %q, and argued: %q", class, categoryOf[class], notPersonal[class])
		}
	}
	for _, lang := range Languages() {
		w, _ := wordsIn(lang)
		for _, category := range categories {
			if w.Collection["category_"+category] == "" {
				t.Errorf("%s: %s lacks words", lang, category)
			}
		}
	}
}

// TestCollection: it is there where somebody serves opt-out regions by name, and says what is sold, shared and closed.
func TestCollection(t *testing.T) {
	t.Parallel()
	const us = "us: [targeted_advertising]"
	for _, c := range []struct {
		what    string
		changes []string
		want    string // of the identifiers: sold, shared, retention; the link; the signal. "" where there is no such notice
	}{
		{
			"advertising", nil, "false false 18 months (Google Analytics 4 (gtag.js)), 90 days (Forwarding log); Your Privacy Choices; Show our own offers to customers",
		},
		{
			"a sale", []string{us, "us: [sale]"},
			"true false 18 months (Google Analytics 4 (gtag.js)), 90 days (Forwarding log); Do Not Sell or Share My Personal Information; Show our own offers to customers",
		},
		{
			"sharing", []string{us, "us: [sharing]"},
			"false true 18 months (Google Analytics 4 (gtag.js)), 90 days (Forwarding log); Do Not Sell or Share My Personal Information; Show our own offers to customers",
		},
		{
			"sensitive data", []string{us, "us: [sharing]", "timestamp: { truncate: minute }",
				"timestamp: { truncate: minute }\n      precise_geo: keep"},
			"false true 18 months (Google Analytics 4 (gtag.js)), 90 days (Forwarding log); Your Privacy Choices; Show our own offers to customers",
		},
		{
			"a sale that no signal closes", []string{us, "us: [sale]", "signals: { gpc: {}, dnt", "signals: { dnt"},
			"true false 18 months (Google Analytics 4 (gtag.js)), 90 days (Forwarding log); Do Not Sell or Share My Personal Information; ",
		},
		{
			"nothing of it", []string{"    us: [targeted_advertising]\n", ""},
			"false false 18 months (Google Analytics 4 (gtag.js)), 90 days (Forwarding log); ; ",
		},
		{"other regions", []string{"basis: opt_out", "basis: consent", "regions: [US-CA]", "regions: [CH]"}, ""},
		{
			"a site in such a region", []string{
				"basis: opt_out", "basis: consent", "regions: [US-CA]", "regions: [CH]",
				"signals: { gpc: {}, dnt: {}, own", "region: { default: US }\n    signals: { gpc: {}, dnt: {}, own",
			},
			"false false 24 months (Google Analytics 4 (gtag.js)), 90 days (PostHog), 90 days (Forwarding log); ; ",
		},
	} {
		for _, lang := range Languages() {
			n, _ := noticeOf(t, sample.Approved(t, sample.Files(t, c.changes...)), "shop", lang)
			if n.Collection == nil || c.want == "" {
				if n.Collection != nil || c.want != "" {
					t.Errorf("%s, %s: there is one: %t", c.what, lang, n.Collection != nil)
				}
				continue
			}
			links := []string{}
			for _, l := range n.Collection.OptOut {
				links = append(links, l.Text)
				if l.URL != "https://shop.example/privacy/" || (l.Means == "") != (lang == "en") {
					t.Errorf("%s, %s: %+v", c.what, lang, l)
				}
			}
			_, closed, _ := strings.Cut(strings.TrimSuffix(n.Collection.GPC, "."), ": ")
			one := n.Collection.Categories[0]
			got := strings.TrimSpace(strings.Join([]string{strconv.FormatBool(one.Sold), strconv.FormatBool(one.Shared),
				strings.Join(one.Retention, ", ")}, " ")) + "; " +
				strings.Join(links, ", ") + "; " + closed
			if lang == "en" && got != c.want {
				t.Errorf("%s: %q, want %q", c.what, got, c.want)
			}
			if (closed == "") != strings.HasSuffix(c.want, "; ") {
				t.Errorf("%s, %s: %q", c.what, lang, n.Collection.GPC)
			}
		}
	}
}
