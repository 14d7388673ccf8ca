package signal

import (
	"regexp"
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

// TestShortNames: readers of short texts, and expressions that say the same, over all texts of some letters.
func TestShortNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		letters string
		most    int
		form    string
		is      func(text []byte) bool
	}{
		{"iubenda's cookie of US choices", "09/:-x", 4, `^[0-9]+$`, func(text []byte) bool {
			return iubendaOptOuts(slices.Concat([]byte("_iub_cs-"), text, []byte("-uspr")))
		}},
	} {
		form := regexp.MustCompile(c.form)
		for text := range signaltest.Texts(c.letters, c.most) {
			if got := c.is([]byte(text)); got != form.MatchString(text) {
				t.Errorf("%q is %s: %t", text, c.name, got)
			}
		}
	}
}

// TestKinds: a platform is a kind of source, and none of the others is a platform.
func TestKinds(t *testing.T) {
	if c, ok := Platform(platformOf("termly")).CMP(); !ok || c != platformOf("termly") {
		t.Errorf("%d, %t", c, ok)
	}
	if c, ok := Payload.CMP(); ok {
		t.Errorf("%d is a platform", c)
	}
}
