package batch

import (
	"slices"
	"testing"
)

// TestAfterString: where a string ends is found as by reading it byte by byte, for all short texts of what matters there.
func TestAfterString(t *testing.T) {
	t.Parallel()
	const letters, longest = `a\"`, 9
	var of func(text []byte)
	of = func(text []byte) {
		want := len(text)
		for i := 1; i < len(text); i++ {
			if text[i] == '\\' {
				i++
			} else if text[i] == '"' {
				want = i + 1
				break
			}
		}
		if got := afterString(text, 0); got != want {
			t.Fatalf("%s: it ends at %d, want %d", text, got, want)
		}
		if len(text) < longest {
			for _, c := range []byte(letters) {
				of(append(slices.Clip(text), c))
			}
		}
	}
	of([]byte(`"`))
}
