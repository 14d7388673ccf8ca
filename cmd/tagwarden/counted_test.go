package main

import "testing"

// TestCounted: one thing is no things.
func TestCounted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n           int
		thing, want string
	}{
		{0, "warning", "0 warnings"}, {1, "warning", "1 warning"}, {2, "warning", "2 warnings"}, {1, "activity", "1 activity"},
		{11, "activity", "11 activities"},
	} {
		if got := counted(c.n, c.thing); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
