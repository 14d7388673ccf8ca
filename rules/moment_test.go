package rules_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
)

// alike judges at two moments of the same second as one, near it: what is found is the same, whatever is over at that
// second, or from it on.
func alike(t *testing.T, r *rand.Rand, k *rules.Kept, p *rules.Policy, event int, at rules.Moment) {
	t.Helper()
	within := func() time.Duration { return time.Duration(1 + r.IntN(int(time.Second)-1)) }
	second := at.Now.Truncate(time.Second).Add(time.Duration(r.IntN(3)-1) * time.Second)
	one, other := at, at
	one.Now, other.Now = second.Add(within()), second.Add(within())
	if !one.JudgesAs(other) {
		t.Fatalf("%v and %v are not alike", one, other)
	}
	if a, b := k.Judge(p, event, one), k.Judge(p, event, other); a != b {
		t.Fatalf("at %v it is %v, and at %v %v", one, a, other, b)
	}
}

// TestMomentsThatJudgeAlike: within a second, which itself is none of them; and nothing else is different.
func TestMomentsThatJudgeAlike(t *testing.T) {
	noon := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	first := rules.Moment{Now: noon.Add(time.Millisecond), Latest: noon}
	for what, c := range map[string]struct {
		other rules.Moment
		want  bool
	}{
		"itself":                    {first, true},
		"later in the second":       {rules.Moment{Now: noon.Add(time.Second - 1), Latest: noon}, true},
		"in another zone":           {rules.Moment{Now: first.Now.In(time.FixedZone("", 3600)), Latest: noon}, true},
		"the second itself":         {rules.Moment{Now: noon, Latest: noon}, false},
		"the next one":              {rules.Moment{Now: noon.Add(time.Second), Latest: noon}, false},
		"in the next one":           {rules.Moment{Now: first.Now.Add(time.Second), Latest: noon}, false},
		"in the one before":         {rules.Moment{Now: noon.Add(-1), Latest: noon}, false},
		"another latest time":       {rules.Moment{Now: first.Now, Latest: noon.Add(1)}, false},
		"nobody can object":         {rules.Moment{Now: first.Now, Latest: noon, ObjectionsUnavailable: true}, false},
		"who objected is not known": {rules.Moment{Now: first.Now, Latest: noon, ObjectionsStale: true}, false},
		"no moment":                 {rules.Moment{}, false},
	} {
		if got := first.JudgesAs(c.other); got != c.want || c.other.JudgesAs(first) != got {
			t.Errorf("%s: alike %t, want %t", what, got, c.want)
		}
	}
}
