package signaltest

import (
	"regexp"
	"testing"
)

// Hold holds a reader of short texts against an expression that says the same of the whole text, over all texts of up
// to so many of some letters. Name is what the reader takes.
func Hold(t *testing.T, name, letters string, most int, form string, is func(text []byte) bool) {
	t.Helper()
	expression := regexp.MustCompile(form)
	for text := range Texts(letters, most) {
		if got := is([]byte(text)); got != expression.MatchString(text) {
			t.Errorf("%q is %s: %t", text, name, got)
		}
	}
}
