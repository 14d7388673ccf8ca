package catalog_test

import "testing"

// TestMayBeIsFoundOnce: whoever asks again is told the same, and nothing is gone over anew.
func TestMayBeIsFoundOnce(t *testing.T) {
	v := vendor(t, "ga4")
	first := v.MayBe()
	if cost := testing.AllocsPerRun(10, func() { v.MayBe() }); cost > 0 {
		t.Errorf("%.0f allocations to be told again", cost)
	}
	if len(first) != len(v.Fields) || &first[0] != &v.MayBe()[0] {
		t.Error("it was found twice")
	}
}
