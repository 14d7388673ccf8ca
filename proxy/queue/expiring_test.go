package queue

import (
	"testing"
	"time"
)

// TestExpiredCostsWhatHasExpired: however many events wait for a vendor that is down, looking for those that waited for
// too long takes no step for one that did not.
func TestExpiredCostsWhatHasExpired(t *testing.T) {
	const many = 100_000
	c := newClock()
	q := opened(t, options(t.TempDir(), &diary{}, c))
	events := make([]Event, 1000)
	for n := 0; n < many; n += len(events) {
		for i := range events {
			events[i] = Event{Name: Name{Hit: uint64(n + i)}, Vendor: "ga4", TTL: time.Hour, Body: []byte("body")}
		}
		add(t, q, events...)
		c.add(time.Second)
	}
	v := q.vendors["ga4"]
	for range many / 2 { // half of them are ready, and half come again
		it, _ := q.Next("ga4", Due)
		q.Later(it, 2*time.Hour)
	}
	steps := 0
	for _, of := range []*timed{&v.later, &v.expiring} {
		before := of.before
		of.before = func(e, f *entry) bool {
			steps++
			return before(e, f)
		}
	}
	hidden := v.expiring.all[1:]
	v.expiring.all, v.waiting.newest = v.expiring.all[:1], nil // whoever goes over them finds none
	for range 100 {
		if _, ok := q.Next("ga4", Expired); ok {
			t.Fatal("none has expired")
		}
	}
	v.expiring.all = v.expiring.all[:1+len(hidden)]
	if steps != 0 {
		t.Errorf("%d steps for none", steps)
	}
	c.add(time.Hour - many/1000*time.Second)
	steps = 0
	got := 0
	for it, ok := q.Next("ga4", Expired); ok; it, ok = q.Next("ga4", Expired) {
		if got++; it.Name.Hit >= 1000 || !it.Expired {
			t.Fatalf("%v has not expired", it.Name)
		}
	}
	if most := 1000 * 2 * 2 * 17; got != 1000 || steps > most {
		t.Errorf("%d have expired, in %d steps, at most %d", got, steps, most)
	}
}

// TestExpiresBehindOthers: what may wait for a shorter time than those before it ends in its time, also where none of
// them is handed out, and is handed out once.
func TestExpiresBehindOthers(t *testing.T) {
	c := newClock()
	q := opened(t, options(t.TempDir(), &diary{}, c))
	for n, ttl := range []time.Duration{3 * time.Hour, time.Hour, 2 * time.Hour, time.Minute} {
		e := event(3 * (n + 1))
		e.TTL = ttl
		add(t, q, e)
	}
	it, _ := q.Next("ga4", Due)
	q.Later(it, 90*time.Minute)
	c.add(time.Hour)
	for _, want := range []uint64{12, 6} {
		if it, ok := q.Next("ga4", Expired); !ok || it.Name.Hit != want {
			t.Errorf("%v has expired, want hit %d", it.Name, want)
		}
	}
	if it, ok := q.Next("ga4", Expired); ok {
		t.Errorf("%v has expired", it.Name)
	}
	for _, want := range []uint64{9, 0} {
		if it, _ := q.Next("ga4", Due); it.Name.Hit != want {
			t.Errorf("%v is next, want hit %d", it.Name, want)
		}
	}
	c.add(30 * time.Minute)
	if it, _ := q.Next("ga4", Due); it.Name.Hit != 3 {
		t.Errorf("%v is due", it.Name)
	}
}
