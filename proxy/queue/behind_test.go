package queue

import (
	"runtime"
	"testing"
	"time"
)

// TestManyBehindOne: where 100,000 events of a visitor stand behind one that its vendor does not take, others leave,
// none of those is looked at meanwhile, and they take no more memory than any; then they come, in their order.
func TestManyBehindOne(t *testing.T) {
	const many, most = 100_000, 210
	c := newClock()
	q := opened(t, options(t.TempDir(), &diary{}, c))
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	of := func(hit, order int) Event {
		return Event{Name: Name{Hit: uint64(hit)}, Vendor: "matomo", TTL: time.Hour, Order: uint64(order),
			Body: []byte("body")}
	}
	add(t, q, of(1, 7))
	first, _ := q.Next("matomo", Due)
	before := heap()
	events := make([]Event, 1000)
	for n := 0; n < many; n += len(events) {
		for i := range events {
			events[i] = of(2+n+i, 7)
		}
		add(t, q, events...)
	}
	clear(events)
	if each := (heap() - before) / many; each > most {
		t.Errorf("an event takes %d bytes", each)
	}
	v := q.vendors["matomo"]
	q.Later(first, time.Minute)
	if len(v.later.all) != 1 || len(v.expiring.all) != 1 || v.ready != nil {
		t.Errorf("%d wait to be due, %d may expire", len(v.later.all), len(v.expiring.all))
	}
	for n := range 100 {
		add(t, q, of(many+10+n, 100+n))
	}
	for n := range 100 {
		it, ok := q.Next("matomo", Due)
		if !ok || it.Name.Hit != uint64(many+10+n) {
			t.Fatalf("%v came, want hit %d", it.Name, many+10+n)
		}
		if err := q.End(nil, it); err != nil {
			t.Fatal(err)
		}
	}
	if it, ok := q.Next("matomo", Due); ok {
		t.Fatalf("%v came before the one before it", it.Name)
	}
	c.add(time.Minute)
	for n := range many + 1 {
		it, ok := q.Next("matomo", Due)
		if !ok || it.Name.Hit != uint64(1+n) {
			t.Fatalf("%v came, want hit %d", it.Name, 1+n)
		}
		if n%1000 == 0 {
			if other, ok := q.Next("matomo", Due); ok {
				t.Fatalf("%v came beside it", other.Name)
			}
		}
		if err := q.End(nil, it); err != nil {
			t.Fatal(err)
		}
	}
	if s := q.Stats(); s.Vendors[0].Events != 0 {
		t.Errorf("%+v", s)
	}
}
