package minimise

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"unicode/utf8"
)

// TestSecretsOfCases: the parts that markers stand for are told from what stands around
// them, or the tests above show nothing.
func TestSecretsOfCases(t *testing.T) {
	for _, c := range []struct {
		detected
		want []string
	}{
		{detected{"a jane@example.com b", "a [email] b"}, []string{"jane@example.com"}},
		{detected{"a@x.de|b@x.de", "[email]|[email]"}, []string{"a@x.de", "b@x.de"}},
		{detected{"5, rue Cler, Berlin", "[address], Berlin"}, []string{"5, rue Cler"}},
	} {
		if got := c.secrets(); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q", c.In, got)
		}
		if c.left(url.QueryEscape(url.QueryEscape(c.In))) == "" || c.left(c.Want) != "" {
			t.Errorf("%q: what is left is not seen", c.In)
		}
	}
	n := 0
	for _, c := range detectedCases(t) {
		if c.Want == "" {
			continue
		}
		if len(c.secrets()) == 0 || c.left(c.In) == "" {
			t.Errorf("%q: nothing in it would be seen: %q", c.In, fmt.Sprint(c.secrets()))
		}
		n += utf8.RuneCountInString(c.In)
	}
	t.Logf("%d characters", n)
}
