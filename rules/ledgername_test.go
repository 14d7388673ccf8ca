package rules_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules"
)

// TestNamesForTheLedger: what people call their events is kept, as far as there is room; what looks like personal data
// is not, wherever it stands; and what is no name at all is not looked over for long.
func TestNamesForTheLedger(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	for name, want := range map[string]string{
		"page_view":             "page_view",
		"Produkt angesehen (7)": "Produkt angesehen (7)",
		strings.Repeat("we have the best red shoes of the town ",
			20): "we have the best red shoes of the town we have the best red shoe",
		"mail jane.doe@example.com": "mail [email]",
		strings.Repeat("x", 50) + " jane.doe@example.com": strings.Repeat(
			"x", 50) + " [email]",
		strings.Repeat("Clicked on the red button of a page ", 8) +
			"jane.doe@example.com": "Clicked on the red button of a page Clicked on the red button of",
		strings.Repeat("x", 2000): "[scrubbed]",
		"a\x00b\r\nc":             "abc",
	} {
		if got := p.ScrubName(name); got != want {
			t.Errorf("%.40q: %q, want %q", name, got, want)
		}
	}
	for n := range 1200 { // as long as it may be and longer, of what is dearest to look over
		if got := p.ScrubName(strings.Repeat("1 ", n)); utf8.RuneCountInString(got) > rules.MaxName {
			t.Fatalf("%d pairs: %q", n, got)
		}
	}
}
