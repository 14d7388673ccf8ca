package codec

import (
	"math/rand/v2"
	"testing"
)

// TestStringEnd: a string ends where reading it byte by byte says that it does.
func TestStringEnd(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		text := make([]byte, 1+random.IntN(12))
		for i := range text {
			text[i] = `a"\\`[random.IntN(4)]
		}
		want := 1
		for want < len(text) && text[want] != '"' {
			if text[want] == '\\' {
				want++
			}
			want++
		}
		if want = min(want+1, len(text)); stringEnd(text, 0) != want {
			t.Fatalf("%q ends at %d, want %d", text, stringEnd(text, 0), want)
		}
	}
}
