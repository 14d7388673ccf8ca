package cluster

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestActsReachEveryNodeInOneOrder(t *testing.T) {
	c := startServers(t)
	a, b := join(t, c, "a", nil), join(t, c, "b", nil)
	caughtUp(t, a, b)
	var all sync.WaitGroup
	const writers, each = 20, 25
	for w := range writers {
		all.Go(func() {
			to := []*member{a, b}[w%2]
			for i := range each {
				if _, err := to.Append(t.Context(), id(w*each+i), fmt.Append(nil, "act ", w, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	until(t, "all acts on both", func() bool { return a.has(writers*each)() && b.has(writers*each)() })
	sameActs(t, a, b)
	acts, _ := a.applied()
	seen := map[[16]byte]bool{}
	for i, act := range acts {
		if seen[act.ID] {
			t.Errorf("%s comes twice", act.ID)
		}
		if seen[act.ID] = true; i > 0 && act.At.Before(acts[i-1].At) {
			t.Errorf("act %d is of %v, before the one before", act.Seq, act.At)
		}
	}
	if len(seen) != writers*each {
		t.Errorf("%d acts, want %d", len(seen), writers*each)
	}
}

func sameActs(t *testing.T, a, b *member) {
	t.Helper()
	x, at := a.applied()
	y, to := b.applied()
	if !slices.EqualFunc(x, y, func(x, y Act) bool {
		return x.Seq == y.Seq && x.At.Equal(y.At) && x.Node == y.Node && x.ID == y.ID && string(x.Body) == string(y.Body)
	}) {
		t.Errorf("two nodes have other acts: %d and %d", len(x), len(y))
	}
	if at.String() != to.String() {
		t.Errorf("two nodes are at %s and %s", at, to)
	}
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func caughtUp(t testing.TB, nodes ...*member) {
	t.Helper()
	for _, m := range nodes {
		select {
		case <-m.CaughtUp():
		case <-within(t, 20*time.Second).Done():
			t.Fatal("a node does not catch up")
		}
	}
}
