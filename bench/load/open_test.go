package load

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// open sends hits of two kinds at a rate.
func open(t *testing.T, address string, conns int, rate float64, each uint64) (*Open, []*Books) {
	t.Helper()
	a, b := NewBooks(1000, each), NewBooks(5000, each)
	return &Open{
		Address: address, Conns: conns, Rate: rate, Seed: 1,
		Streams: []Stream{{a, ga4.Append}, {b, ga4.Append}},
	}, []*Books{a, b}
}

// TestOpenSendsEveryHitOnce at a rate, and as fast as it can: each stream's own.
func TestOpenSendsEveryHitOnce(t *testing.T) {
	for _, rate := range []float64{0, 20_000} {
		s := newSink(t)
		o, books := open(t, s.Address(), 4, rate, 200)
		all := NewBooks(1000, 4200)
		for i := range uint64(200) {
			all.Sent(1000 + i)
			all.Sent(5000 + i)
		}
		s.Open(all)
		got, err := o.Do(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if n := got.Answered.TotalCount(); n != 400 || got.Late.TotalCount() != 400 || all.HaveArrived() != 400 ||
			all.twice.Load()+all.strange.Load() != 0 {
			t.Errorf("%d answered, %d arrived, %d twice", n, all.HaveArrived(), all.twice.Load())
		}
		for _, b := range books {
			if err := b.Balance(None); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestMomentsAreRandomAndTheSame for a seed, on average so many a second, in order.
func TestMomentsAreRandomAndTheSame(t *testing.T) {
	o, _ := open(t, "", 1, 1000, 5000)
	all := o.moments()
	if len(all) != 10_000 || !slices.IsSorted(all) || !slices.Equal(all, o.moments()) {
		t.Fatal("they are others each time, or in no order")
	}
	if last := all[len(all)-1]; last < 9*time.Second || last > 11*time.Second {
		t.Errorf("10,000 hits at 1,000 a second take %v", last)
	}
	alike := 0
	for i := 1; i < len(all); i++ {
		if all[i]-all[i-1] == all[1]-all[0] {
			alike++
		}
	}
	if o.Seed = 2; alike > 100 || slices.Equal(all, o.moments()) {
		t.Errorf("%d pauses are alike, or another seed changes nothing", alike)
	}
}

// TestWhatWaitsForAConnectionCounts: a server that is slow over one hit makes those slow that were due meanwhile,
// though each of them is answered at once when it is sent (no coordinated omission).
func TestWhatWaitsForAConnectionCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := open(t, "", 1, 100, 50) // 100 hits in a second
		books := o.Streams[0].Books
		c := openConnection{open: o, from: time.Now(), answered: newHistogram(), late: newHistogram()}
		client, server := net.Pipe()
		c.take(client)
		defer c.close()
		var slow atomic.Bool
		slow.Store(true)
		go func() {
			room := make([]byte, 1<<16)
			for {
				if _, err := server.Read(room); err != nil {
					return
				}
				if slow.Swap(false) {
					<-time.After(500 * time.Millisecond)
				}
				if _, err := server.Write(noContent); err != nil {
					return
				}
			}
		}()
		c.due = []time.Duration{0, 10 * time.Millisecond, 20 * time.Millisecond, time.Second}
		c.next = new(atomic.Uint64)
		if err := c.send(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := c.answered.TotalCount(); n != 4 {
			t.Fatalf("%d answers", n)
		}
		ms := func(percent float64) int64 { return c.answered.ValueAtQuantile(percent) / 1000 }
		if c.answered.Min() > 1000 || ms(50) < 479 || ms(50) > 481 || ms(75) < 489 || ms(75) > 491 ||
			ms(100) < 499 || ms(100) > 501 {
			t.Errorf("they took %d to %d ms, half of them %d: the two that were due while one was slow took 480 and 490",
				c.answered.Min()/1000, ms(100), ms(50))
		}
		if late := c.late.Max() / 1000; late < 489 || late > 491 {
			t.Errorf("sent %d ms late, 490 are right", late)
		}
		if books.nAnswered.Load() != 2 {
			t.Errorf("%d answers in the books of one of two streams", books.nAnswered.Load())
		}
	})
}

func TestOpenEndsWithARefusal(t *testing.T) {
	s := newSink(t)
	s.Behave(Fails)
	o, _ := open(t, s.Address(), 2, 0, 10)
	if _, err := o.Do(context.Background()); err == nil || !strings.Contains(err.Error(), "500") {
		t.Errorf("%v, wanted the status in it", err)
	}
}
