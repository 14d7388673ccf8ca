package proxy

import (
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
)

// TestLooks: hits that were judged alike have one number, and whatever can tell two apart gives them two; what has not
// been heard of for a while is forgotten, and found by no number.
func TestLooks(t *testing.T) {
	at := time.Date(2026, 11, 28, 12, 0, 0, 5, time.UTC)
	first := looked{snapshot: new(Snapshot), moment: rules.Moment{Now: at, Latest: at}, acts: 3, names: true}
	var l looks
	if l.of(0) != (looked{}) || l.of(l.number(&looked{})).snapshot != nil {
		t.Error("something is known before anything was judged")
	}
	number := l.number(&first)
	for what, change := range map[string]func(*looked){
		"the policy":                 func(of *looked) { of.snapshot = new(Snapshot) },
		"the second":                 func(of *looked) { of.moment.Now = at.Add(time.Second) },
		"the latest time":            func(of *looked) { of.moment.Latest = at.Add(time.Hour) },
		"objections cannot be taken": func(of *looked) { of.moment.ObjectionsUnavailable = true },
		"objections are stale":       func(of *looked) { of.moment.ObjectionsStale = true },
		"an act":                     func(of *looked) { of.acts++ },
		"no identifier":              func(of *looked) { of.names = false },
	} {
		other, same := first, first
		change(&other)
		same.moment.Now = at.Add(time.Millisecond)
		if l.number(&other) == number || l.number(&same) != number || l.of(number) != first {
			t.Errorf("%s: number %d for both, or not that of the first any more", what, l.number(&other))
		}
		l = looks{}
		number = l.number(&first)
	}
	other := first
	for range len(l.all) {
		if l.of(number) != first {
			t.Error("it is forgotten too soon")
		}
		other.acts++
		l.number(&other)
	}
	if l.of(number) != (looked{}) || l.number(&first) == number {
		t.Error("what others have the place of is found")
	}
	if n := testing.AllocsPerRun(100, func() { l.of(l.number(&other)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
