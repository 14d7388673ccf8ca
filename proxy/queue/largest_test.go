package queue

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

// TestLargestEvent: an event of the largest size is kept, read, parked, copied and there at the next start, byte for
// byte; one byte more, or one thing more in a list, is refused, and nothing of it stays.
func TestLargestEvent(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	q := opened(t, o)
	largest := event(3)
	largest.Body = bytes.Repeat([]byte("0123456789abcdef"), (MaxEvent-int(largest.size()))/16)
	for largest.size() < MaxEvent {
		largest.Body = append(largest.Body, 'x')
	}
	if n := len(new(sealer).seal(nil, q.waiting.key.aead, &frameHead{}, &largest)); int64(n) > largest.size() {
		t.Errorf("a frame takes %d bytes, and was to take %d at most", n, largest.size())
	}
	listing := func(subjects, headers int) Event {
		e := event(6)
		e.Subjects, e.Headers = make([][16]byte, subjects), make([]Header, headers)
		return e
	}
	for _, e := range []Event{
		func() Event { e := largest; e.Body = append(bytes.Clone(e.Body), 'y'); return e }(),
		listing(mostList+1, 0), listing(0, mostList+1),
	} {
		if _, err := q.Add([]Event{event(9), e}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%d bytes: %v", e.size(), err)
		}
	}
	if s := q.Stats(); s.Bytes != 0 || len(s.Vendors) != 0 {
		t.Errorf("%+v", s)
	}
	add(t, q, largest, listing(mostList, mostList))
	check := func(it Item) {
		t.Helper()
		var e Event
		if err := q.Read(it, &e); err != nil {
			t.Fatal(err)
		}
		if it.Name == largest.Name && !bytes.Equal(e.Body, largest.Body) ||
			it.Name != largest.Name && len(e.Subjects)+len(e.Headers) != 2*mostList {
			t.Errorf("%v: another one was read", it.Name)
		}
	}
	all := func() {
		t.Helper()
		n := 0
		for it := range q.Pending("") {
			check(it)
			n++
		}
		if n != 2 {
			t.Errorf("%d are pending", n)
		}
	}
	all()
	it, _ := q.Next("ga4", Due)
	if err := q.Park(it, "refused_413"); err != nil {
		t.Fatal(err)
	}
	all()
	_ = q.Close()
	q = opened(t, o)
	all()
	if err := q.Unpark(q.Parked("", "", 1)[0], time.Hour); err != nil {
		t.Fatal(err)
	}
	for n := range 100 { // so that little is left of its file
		e := event(3 * (n + 10))
		e.Body = largest.Body[:1<<20]
		add(t, q, e)
	}
	for it, ok := q.Next("ga4", Due); ok; it, ok = q.Next("ga4", Due) {
		if it.Name.Hit <= 6 {
			q.Later(it, time.Minute)
			continue
		}
		_ = q.End(d.say(Ended, it.Name), it)
	}
	for range 4 {
		c.add(time.Hour)
		if err := q.Tend(); err != nil {
			t.Fatal(err)
		}
	}
	if s := q.Stats(); s.Bytes > 2*MaxEvent {
		t.Errorf("%d bytes of files are left", s.Bytes)
	}
	all()
	_ = q.Close()
	q = opened(t, o)
	all()
}
