package signal_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// TestNamesAreReadAgain: what records call sources, and rules of the TCF, is read as what it was.
func TestNamesAreReadAgain(t *testing.T) {
	t.Parallel()
	all := []signal.Kind{}
	for k := signal.GPC; k <= signal.Receipts; k++ {
		all = append(all, k)
	}
	for c := range cmp.All {
		all = append(all, signal.Platform(c))
	}
	for _, k := range all {
		if got, known := signal.ParseKind(k.String()); !known || got != k {
			t.Errorf("%s is read as %s, %t", k, got, known)
		}
	}
	for _, name := range []string{"", "none", "unknown"} {
		if got, known := signal.ParseKind(name); known {
			t.Errorf("%q is read as %s", name, got)
		}
	}
	n := 0
	for r := iab.TCFReason(0); r.Known(); r++ {
		if got, known := iab.ParseTCFReason(r.String()); !known || got != r {
			t.Errorf("%s is read as %s, %t", r, got, known)
		}
		n++
	}
	if _, known := iab.ParseTCFReason("unknown"); known || n < 20 {
		t.Errorf("%d rules; unknown is one: %t", n, known)
	}
}
