package signal

import (
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

// TestShortNames: readers of short texts, and expressions that say the same, over all texts of some letters.
func TestShortNames(t *testing.T) {
	t.Parallel()
	signaltest.Hold(t, "iubenda's cookie of US choices", "09/:-x", 4, `^[0-9]+$`, func(text []byte) bool {
		return iubendaOptOuts(slices.Concat([]byte("_iub_cs-"), text, []byte("-uspr")))
	})
}

// TestKinds: each kind of source has a name of its own and a reader. A platform is one, and none of the others is a
// platform.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for k := None + 1; k < numKinds; k++ {
		if seen[k.String()] || k.String() == "" {
			t.Errorf("the source %d is called %q, which is no name or another's", k, k)
		}
		seen[k.String()] = true
		source := Source{Kind: k}
		if k == Own {
			source = Source{Kind: k, Cookie: "c", Category: "analytics", Granted: []string{"yes"}}
		}
		if _, err := NewReader([]Source{source}, someCategories); err != nil {
			t.Errorf("nothing reads the source %v: %v", k, err)
		}
	}
	if c, ok := Platform(platformOf("termly")).CMP(); !ok || c != platformOf("termly") {
		t.Errorf("%d, %t", c, ok)
	}
	if c, ok := Payload.CMP(); ok {
		t.Errorf("%d is a platform", c)
	}
}
