package queue

import (
	"slices"
	"testing"
	"time"
)

// TestDoubtIsKept: that an event may have arrived is remembered over parking, waiting again, copying and starts,
// whatever of the log is read; of one that was refused behind the attempt that the log knows of, it is not said.
func TestDoubtIsKept(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	q := opened(t, o)
	for n := range 60 {
		add(t, q, event(3*n))
	}
	doubted := event(21).Name
	find := func() (it Item) {
		t.Helper()
		for one := range q.Pending("") {
			if one.Name == doubted {
				it = one
			} else if one.Attempted {
				t.Errorf("%v may have arrived", one.Name)
			}
		}
		return it
	}
	check := func(when string) {
		t.Helper()
		if it := find(); !it.Attempted {
			t.Errorf("%s: it is forgotten that it may have arrived", when)
		}
	}
	again := func(when string) {
		t.Helper()
		if err := q.Checkpoint(d.next); err != nil {
			t.Fatal(err)
		}
		_ = q.Close()
		q = opened(t, o)
		check(when)
	}
	take := func() (of Item) {
		t.Helper()
		var others []Item
		for it, ok := q.Next("ga4", Any); ok; it, ok = q.Next("ga4", Any) {
			if it.Name == doubted {
				of = it
			} else {
				others = append(others, it)
			}
		}
		for _, it := range others {
			q.Return(it)
		}
		return of
	}
	it := take()
	if err := d.say(Attempted, it.Name)(); err != nil {
		t.Fatal(err)
	}
	it.Attempted = true
	q.Later(it, 0)
	check("deferred")
	again("started")
	if err := q.Park(take(), "refused"); err != nil {
		t.Fatal(err)
	}
	check("parked")
	again("parked, and started")
	if err := q.Unpark(q.Parked("", "", 1)[0], time.Hour); err != nil {
		t.Fatal(err)
	}
	check("waits again")
	if err := q.Tend(); err != nil {
		t.Fatal(err)
	}
	q.Later(take(), 0)
	again("waits again, and started")
}

// TestDoubtIsCopied: it stands in the frame that is copied, whatever is noted behind that.
func TestDoubtIsCopied(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	q := opened(t, o)
	for n := range 60 {
		add(t, q, event(3*n))
	}
	var kept Item
	for n := range 60 {
		it, _ := q.Next("ga4", Due)
		if n == 7 {
			kept = it
			continue
		}
		_ = q.End(d.say(Ended, it.Name), it)
	}
	kept.Attempted = true
	q.Later(kept, 0)
	_ = d.say(Attempted, kept.Name)()
	if err := q.Checkpoint(d.next); err != nil {
		t.Fatal(err)
	}
	c.add(time.Hour)
	for range 3 {
		if err := q.Tend(); err != nil {
			t.Fatal(err)
		}
	}
	if f := files(t, o.Dir, framesSuffix); len(f) != 1 {
		t.Fatalf("files: %v", f)
	}
	_ = q.Close()
	q = opened(t, o)
	waiting, _ := pendingNames(t, q)
	if it, _ := q.Next("ga4", Due); !it.Attempted || !slices.Equal(waiting, names(21)) {
		t.Errorf("%+v of %v", it, waiting)
	}
}

// TestParkedAndNotSaid: a process that dies when an event is parked, and the log does not know it yet, leaves it to the
// next start to say so; nothing is in doubt by that.
func TestParkedAndNotSaid(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	q := opened(t, o)
	add(t, q, event(3), event(6))
	for _, attempted := range []bool{false, true} {
		it, _ := q.Next("ga4", Due)
		if err := q.Attempt(d.say(Attempted, it.Name), it); err != nil {
			t.Fatal(err)
		}
		it.Attempted = attempted
		if err := q.Park(it, "refused"); err != nil {
			t.Fatal(err)
		}
	}
	_ = q.Close()
	q = opened(t, o)
	unsaid := Unsaid(q)
	if len(unsaid) != 1 || unsaid[0].Name != event(3).Name {
		t.Errorf("%v are not said to be parked", unsaid)
	}
	for _, it := range q.Parked("", "", 9) {
		if it.Attempted != (it.Name == event(6).Name) {
			t.Errorf("%v may have arrived: %t", it.Name, it.Attempted)
		}
	}
}

// TestHandedOutOnce: of an event that was given back, and taken by somebody else, nobody is told that they have it.
func TestHandedOutOnce(t *testing.T) {
	q := opened(t, options(t.TempDir(), &diary{}, newClock()))
	add(t, q, event(3))
	first, _ := q.Next("ga4", Due)
	if !HandedOut(q, first) {
		t.Error("it is not known to be handed out")
	}
	first.Panics = 1
	q.Later(first, 0)
	second, _ := q.Next("ga4", Due)
	if HandedOut(q, first) || !HandedOut(q, second) || second.Panics != 1 {
		t.Errorf("%t, %t, %d panics", HandedOut(q, first), HandedOut(q, second), second.Panics)
	}
	if err := q.End(nil, second); err != nil || HandedOut(q, second) {
		t.Error(err, "an event that has ended is handed out")
	}
}

// TestHastened: what was put off is due at once, in its order; of other vendors nothing changes.
func TestHastened(t *testing.T) {
	c := newClock()
	q := opened(t, options(t.TempDir(), &diary{}, c))
	add(t, q, event(3), event(6), event(9), event(4))
	for n := range 3 {
		it, _ := q.Next("ga4", Due)
		q.Later(it, time.Duration(3-n)*time.Hour)
	}
	other, _ := q.Next("segment", Due)
	q.Later(other, time.Hour)
	if _, ok := q.Next("ga4", Due); ok {
		t.Fatal("one is due")
	}
	if n := Hasten(q, "ga4"); n != 3 || Hasten(q, "none") != 0 {
		t.Errorf("%d are put off", n)
	}
	for _, want := range []uint64{3, 6, 9, 0} {
		if it, _ := q.Next("ga4", Due); it.Name.Hit != want {
			t.Errorf("%v is due, want hit %d", it.Name, want)
		}
	}
	if _, ok := q.Next("segment", Due); ok {
		t.Error("that of another vendor is due")
	}
}
