package delivery

import "testing"

// TestEveryWhyHasItsWord: none is missing, none is another's, and what is no Why is read as the safe one.
func TestEveryWhyHasItsWord(t *testing.T) {
	seen := map[string]Why{}
	for w := range whys {
		word := w.String()
		if other, taken := seen[word]; taken || word == "" {
			t.Errorf("%d is %q, as is %d", w, word, other)
		}
		seen[word] = w
	}
	if got := whys.String(); got != "failed" || Why(0) != WhyFailed {
		t.Errorf("what is none is %q", got)
	}
}
