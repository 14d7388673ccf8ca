package queue

import (
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestManyAtOnce: whoever adds, takes, ends, parks and looks after files at the same time, every event ends once.
func TestManyAtOnce(t *testing.T) {
	const writers, each = 8, 200
	dir, d := t.TempDir(), &diary{}
	o := options(dir, d, newClock())
	o.Now, o.File, o.Seal, o.Settle = time.Now, 8<<10, time.Nanosecond, time.Nanosecond
	q := opened(t, o)
	var work, helpers sync.WaitGroup
	var number atomic.Uint64
	var ended sync.Map
	var n atomic.Int64
	for range writers {
		work.Go(func() {
			for range each {
				e := event(int(number.Add(1)))
				e.Order = e.Name.Hit % 5
				if err := added1(q, e); err != nil {
					t.Error(err)
				}
			}
		})
		work.Go(func() {
			var e Event
			for i := 0; n.Load() < writers*each && !t.Failed(); i++ {
				it, ok := q.Next(vendorOf(i), Due)
				if !ok {
					runtime.Gosched()
					continue
				}
				if err := q.Read(it, &e); err != nil {
					t.Error(err)
				}
				switch {
				case i%5 == 0 && it.Attempts == 0:
					q.Later(it, 0)
				case i%7 == 0:
					if err := q.Park(it, "refused"); err != nil {
						t.Error(err)
						continue
					}
					for _, it := range q.Parked("", "", 1) {
						if err := q.Unpark(it, time.Hour); err != nil {
							t.Error(err)
						}
					}
				default:
					if _, again := ended.LoadOrStore(it.Name, true); again {
						t.Errorf("%v ended twice", it.Name)
					}
					n.Add(1)
					if err := q.End(d.say(Ended, it.Name), it); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	over := make(chan struct{})
	helpers.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
			}
			if err := errors.Join(q.Tend(), q.Checkpoint(d.next)); err != nil {
				t.Error(err)
			}
			for _, it := range q.Parked("", "", 100) {
				if err := q.Unpark(it, time.Hour); err != nil {
					t.Error(err)
				}
			}
		}
	})
	work.Wait()
	close(over)
	helpers.Wait()
	waiting, parked := pendingNames(t, q)
	if len(waiting)+len(parked) != 0 || n.Load() != writers*each {
		t.Errorf("%d ended, waiting: %v, parked: %v", n.Load(), waiting, parked)
	}
	if err := q.Tend(); err != nil {
		t.Error(err)
	}
	if s := q.Stats(); s.Files > 4 {
		t.Errorf("%+v", s)
	}
	_ = q.Close()
	q = opened(t, o)
	if waiting, parked := pendingNames(t, q); len(waiting)+len(parked) != 0 {
		t.Errorf("after a start waiting: %v, parked: %v", waiting, parked)
	}
}

// TestMemoryOfAnEvent: what waits costs little memory, whatever its size, and each with an order of its own.
func TestMemoryOfAnEvent(t *testing.T) {
	const many, most = 100_000, 210
	dir, d := t.TempDir(), &diary{}
	o := options(dir, d, newClock())
	q := opened(t, o)
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	events := make([]Event, 1000)
	for n := 0; n < many; n += len(events) {
		for i := range events {
			hit := uint64(n + i)
			events[i] = Event{Name: Name{Hit: hit}, Vendor: "ga4", TTL: time.Hour, Order: hit + 1, Body: []byte("body")}
		}
		add(t, q, events...)
	}
	clear(events)
	if each := (heap() - before) / many; each > most {
		t.Errorf("an event takes %d bytes", each)
	} else {
		t.Logf("an event takes %d bytes", each)
	}
	runtime.KeepAlive(q)
	items := make([]Item, 0, many)
	for it, ok := q.Next("ga4", Due); ok; it, ok = q.Next("ga4", Due) {
		items = append(items, it)
	}
	if !slices.IsSortedFunc(items, func(a, b Item) int { return a.Name.Compare(b.Name) }) || len(items) != many {
		t.Errorf("%d came, not all in order", len(items))
	}
}
