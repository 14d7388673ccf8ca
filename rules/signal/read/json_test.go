package read

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

// TestJSON: a text is one value of JSON, nested no deeper than it may be; brackets inside of strings open nothing.
func TestJSON(t *testing.T) {
	t.Parallel()
	for text := range signaltest.Texts(`{[]}",1`, 5) {
		if got, want := JSON([]byte(text)), json.Valid([]byte(text)); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
	for _, deep := range []int{maxDepth - 1, maxDepth, maxDepth + 1} {
		text := strings.Repeat("[", deep) + `"[[["` + strings.Repeat("]", deep)
		if JSON([]byte(text)) != (deep <= maxDepth) {
			t.Errorf("%d deep: %t", deep, deep > maxDepth)
		}
	}
}
