package read

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

// TestNested: how deep brackets stand in one another.
func TestNested(t *testing.T) {
	t.Parallel()
	for text := range signaltest.Texts("{[]}x", 5) {
		depth, want := 0, 0
		for _, c := range text {
			depth += strings.Count("{[", string(c)) - strings.Count("}]", string(c))
			want = max(want, depth)
		}
		if got := nested([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	for _, deep := range []int{maxDepth - 1, maxDepth, maxDepth + 1} {
		text := strings.Repeat("[", deep) + strings.Repeat("]", deep)
		if JSON([]byte(text)) != (deep <= maxDepth) {
			t.Errorf("%d deep: %t", deep, deep > maxDepth)
		}
	}
}
