package sharedqueue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy/cluster/natstest"
)

// open opens a node's end of a queue.
func open(t testing.TB, urls []string, node string, change func(*Options)) *Queue {
	t.Helper()
	o := Options{
		Cluster: "eu1", Node: node, URLs: urls, Identity: "keys-1", Key: [32]byte{1}, Size: 4 << 20, Wait: 10 * time.Second,
		Ack: time.Second, Note: func(what string, err error) { t.Logf("%s: %s: %v", node, what, err) },
	}
	if change != nil {
		change(&o)
	}
	q, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	return q
}

// items are some, each with its number.
func items(of string, n int) (all [][]byte) {
	for i := range n {
		all = append(all, fmt.Appendf(nil, "%s-%d", of, i))
	}
	return all
}

// takeOne takes a message of GA4.
func takeOne(t testing.TB, q *Queue) *Message {
	t.Helper()
	var got *Message
	from := q.Taker("ga4")
	natstest.Until(t, "a message comes", func() bool {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := from.Take(ctx, 1, func(all []*Message) {
			got = all[0]
			cancel()
		})
		if err != nil && got == nil {
			t.Log(err)
		}
		return got != nil
	})
	return got
}

// TestQueue goes through what three servers are needed for. They are started once: that takes longest.
func TestQueue(t *testing.T) {
	servers := natstest.Start(t)
	for _, one := range []struct {
		name string
		run  func(*testing.T, *natstest.Servers)
	}{
		{"what is put is taken once, by whichever node", testTakenOnce},
		{"a node that stops in good order says how far it has come", testGiveBack},
		{"a node that falls silent is fenced off", testFence},
		{"no stream is made before it may be", testMayMake},
		{"what did not count is taken back, and what has ended is said", testTakeBack},
		{"a mark whose answer did not come is made good", testUnanswered},
		{"a node that is silent too long, and alone, goes on", testAlone},
		{"another cluster's keys, or stream, are refused", testRefused},
		{"streams of another version lose nothing, and get what is lacking", testOtherVersions},
		{"a full stream takes nothing more", testFull},
		{"without a quorum nothing is put", testNoQuorum}, // the last one: it stops servers
	} {
		t.Run(one.name, func(t *testing.T) { one.run(t, servers) })
	}
}

func testTakenOnce(t *testing.T, s *natstest.Servers) {
	named := func(o *Options) { o.Cluster = "once" }
	a, b := open(t, s.URLs(), "a", named), open(t, s.URLs(), "b", named)
	var want []string
	for n := range 40 {
		some := items(fmt.Sprint("m", n), 1+n%5)
		for _, item := range some {
			want = append(want, string(item))
		}
		if err := a.Put(t.Context(), []string{"ga4", "a.b"}[n%2], some); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	var got []string
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var taking sync.WaitGroup
	for _, q := range []*Queue{a, b} {
		for _, vendor := range []string{"ga4", "a.b"} {
			taking.Go(func() {
				for from := q.Taker(vendor); ctx.Err() == nil; {
					_ = from.Take(ctx, 4, func(all []*Message) {
						for _, m := range all {
							if m.Node != "a" || m.Again {
								t.Errorf("%q, again %v", m.Node, m.Again)
							}
							if err := m.Done(t.Context(), false); err != nil {
								t.Error(err)
							}
							mu.Lock()
							for _, item := range m.Items {
								got = append(got, string(item))
							}
							mu.Unlock()
						}
					})
				}
			})
		}
	}
	natstest.Until(t, "all are taken", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(got) >= len(want)
	})
	natstest.Until(t, "nothing waits", func() bool {
		state := a.State()
		return state.Messages == 0 && !state.Seen.IsZero()
	})
	cancel()
	taking.Wait()
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func testGiveBack(t *testing.T, s *natstest.Servers) {
	named := func(o *Options) { o.Cluster = "back" }
	a, b := open(t, s.URLs(), "a", named), open(t, s.URLs(), "b", named)
	if err := a.Put(t.Context(), "ga4", items("m", 9)); err != nil {
		t.Fatal(err)
	}
	m := takeOne(t, a)
	if err := m.Begin(t.Context(), 1, 2, 7); err != nil {
		t.Fatal(err)
	}
	var ended, begun Set
	ended.Add(1)
	ended.Add(8)
	begun.Add(2)
	if err := m.GiveBack(t.Context(), ended, begun); err != nil {
		t.Fatal(err)
	}
	again := takeOne(t, b)
	if !again.Again || again.Silent || again.Begun != begun || again.Ended != ended || len(again.Items) != 9 {
		t.Errorf("%+v", again)
	}
	if err := m.Begin(t.Context(), 3); !errors.Is(err, ErrLost) {
		t.Errorf("who gave it back marks it: %v", err)
	}
	if err := again.Begin(t.Context(), 3); err != nil {
		t.Error(err)
	}
	if err := again.Done(t.Context(), true); err != nil {
		t.Error(err)
	}
	natstest.Until(t, "nothing waits", func() bool { return b.State().Messages == 0 })
	if err := m.Begin(t.Context(), 4); !errors.Is(err, ErrLost) {
		t.Errorf("who gave it back marks it when it is gone: %v", err)
	}
	if err := a.Put(t.Context(), "ga4", items("n", 2)); err != nil {
		t.Fatal(err)
	}
	alone := takeOne(t, a)
	if err := errors.Join(alone.Begin(t.Context(), 0), alone.Done(t.Context(), false)); err != nil {
		t.Error(err)
	}
	natstest.Until(t, "the mark of what nobody else had goes with it", func() bool {
		info, err := b.streams.Load().marks.Info(t.Context(), jetstream.WithSubjectFilter(b.names.marks+"*"))
		return err == nil && len(info.State.Subjects) == 1
	})
}

func testFence(t *testing.T, s *natstest.Servers) {
	urls, cut := s.Relays(t)
	named := func(o *Options) { o.Cluster = "fence" }
	a, b := open(t, urls, "a", named), open(t, s.URLs(), "b", named)
	for range 3 {
		if err := b.Put(t.Context(), "ga4", items("m", 300-100)); err != nil {
			t.Fatal(err)
		}
	}
	marked, plain, unmarked := takeOne(t, a), takeOne(t, a), takeOne(t, a)
	if err := marked.Begin(t.Context(), 0, 199); err != nil {
		t.Fatal(err)
	}
	cut(true)
	seen := map[id]*Message{}
	for range 3 {
		m := takeOne(t, b)
		seen[m.id] = m
	}
	cut(false)
	natstest.Until(t, "it is found out that another node has them", func() bool {
		return marked.Lost() && plain.Lost() && unmarked.Lost()
	})
	for n, m := range []*Message{marked, plain} {
		got := seen[m.id]
		if got == nil || !got.Again || !got.Silent || got.Begun.Len() != 2*(1-n) || got.Ended.Len() != 0 {
			t.Errorf("%d: %+v", n, got)
			continue
		}
		if n == 0 && (!got.Begun.Has(0) || !got.Begun.Has(199)) {
			t.Errorf("%v", got.Begun)
		}
		if err := m.Begin(t.Context(), 5); !errors.Is(err, ErrLost) || !m.Lost() {
			t.Errorf("%d: whoever had it before marks it: %v", n, err)
		}
		if err := got.Begin(t.Context(), 5); err != nil {
			t.Error(err)
		}
	}
	if err := seen[unmarked.id].Done(t.Context(), false); err != nil {
		t.Error(err)
	}
	if err := unmarked.Begin(t.Context(), 5); !errors.Is(err, ErrLost) {
		t.Errorf("whoever had it before marks it when it is gone: %v", err)
	}
	if err := marked.Begin(t.Context(), 0); !errors.Is(err, ErrLost) {
		t.Errorf("what was marked before is to be sent: %v", err)
	}
}

func testAlone(t *testing.T, s *natstest.Servers) {
	urls, cut := s.Relays(t)
	a := open(t, urls, "a", func(o *Options) { o.Cluster = "alone" })
	if err := a.Put(t.Context(), "ga4", items("m", 3)); err != nil {
		t.Fatal(err)
	}
	m := takeOne(t, a)
	cut(true)
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	<-ctx.Done() // longer than the servers wait for it
	cut(false)
	natstest.Until(t, "it is connected again", a.nc.IsConnected)
	taking, end := context.WithTimeout(t.Context(), 3*time.Second)
	defer end()
	for from := a.Taker("ga4"); taking.Err() == nil; {
		_ = from.Take(taking, 1, func(all []*Message) { t.Errorf("it is taken once more: %+v", all[0]) })
	}
	if err := m.Begin(t.Context(), 1); err != nil {
		t.Error(err)
	}
	if err := m.Done(t.Context(), false); err != nil {
		t.Error(err)
	}
}

func testRefused(t *testing.T, s *natstest.Servers) {
	of := Options{Cluster: "other", Node: "a", URLs: s.URLs(), Identity: "keys-1", Key: [32]byte{1}, Size: 1 << 20,
		Wait: 10 * time.Second}
	find := of
	find.Find = true
	if _, err := Open(t.Context(), find); !errors.Is(err, ErrNone) {
		t.Errorf("%v, and there is no stream", err)
	}
	q, err := Open(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Put(t.Context(), "ga4", items("m", 1)); err != nil {
		t.Error(err)
	}
	_ = q.Close()
	other := of
	other.Identity = "keys-2"
	if _, err := Open(t.Context(), other); !errors.Is(err, ErrOther) {
		t.Errorf("%v, and the keys are others", err)
	}
	other = of
	other.Key[0]++
	if q, err = Open(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = q.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	err = q.Taker("ga4").Take(ctx, 1, func([]*Message) { t.Error("it is read under another key") })
	if !errors.Is(err, errSealed) {
		t.Errorf("%v", err)
	}
}

func testFull(t *testing.T, s *natstest.Servers) {
	q := open(t, s.URLs(), "a", func(o *Options) { o.Cluster, o.Size = "full", 1<<20 })
	item := [][]byte{bytes.Repeat([]byte{7}, 100<<10)}
	var err error
	for n := 0; err == nil && n < 20; n++ {
		err = q.Put(t.Context(), "ga4", item)
	}
	if !errors.Is(err, ErrFull) {
		t.Fatalf("%v", err)
	}
	natstest.Until(t, "it says so early", func() bool { return errors.Is(q.Ready(), ErrFull) || q.State().Bytes > 0 })
	m := takeOne(t, q)
	if err := m.Done(t.Context(), false); err != nil {
		t.Error(err)
	}
	natstest.Until(t, "there is room again", func() bool { return q.Put(t.Context(), "ga4", item) == nil })
}

func testNoQuorum(t *testing.T, s *natstest.Servers) {
	q := open(t, s.URLs(), "a", func(o *Options) { o.Cluster, o.Wait = "minority", 2*time.Second })
	natstest.Until(t, "it can be used", func() bool { return q.Put(t.Context(), "ga4", items("m", 1)) == nil })
	s.Stop(0)
	s.Stop(1)
	for range 2 {
		if err := q.Put(t.Context(), "ga4", items("m", 1)); !errors.Is(err, ErrNotPut) && !errors.Is(err, ErrUnknown) {
			t.Errorf("%v", err)
		}
	}
	if err := q.Healthy(); !errors.Is(err, ErrNotPut) {
		t.Errorf("%v", err)
	}
	if err := s.Again(0); err != nil {
		t.Fatal(err)
	}
	natstest.Until(t, "it is put again", func() bool {
		return q.Put(t.Context(), "ga4", items("m", 1)) == nil && q.Healthy() == nil
	})
}
