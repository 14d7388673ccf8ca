package cluster

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestNodesThatAreApart: where a log was begun by a node that knew of none, and another node has acts of
// one before, the first is stale until that one is brought to it, or for a day. Where somebody began it
// anew it goes on without, and says so.
func TestNodesThatAreApart(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	op := newOperator(t, c)
	had := join(t, c, "had", nil)
	appendActs(t, had, 2)
	until(t, "two acts", had.has(2))
	_, at := had.applied()
	if err := had.Close(); err != nil { // it is away, and all is lost
		t.Fatal(err)
	}
	if err := op.js.DeleteStream(t.Context(), had.names.stream); err != nil {
		t.Fatal(err)
	}
	var later atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	began := join(t, c, "began", func(o *Options) { o.Now = now })
	caughtUp(t, began)
	beside := join(t, c, "beside", nil)
	caughtUp(t, beside)

	back, err := tryJoin(t, c, "had", func(o *Options) { o.At = at })
	if !errors.Is(err, ErrOtherLog) || !strings.Contains(err.Error(), "this node has done 2 acts in "+at.Stream) ||
		!strings.Contains(err.Error(), "begin it anew from this node (`tagwarden cluster restore --yes`)") {
		t.Fatalf("%v", err)
	}
	_ = back
	for _, m := range []*member{began, beside} {
		until(t, "it is stale", func() bool { return m.Stale(m.o.Now()) })
		if of := m.Apart(); of["had"].At.Seq != 2 || len(of) != 1 {
			t.Errorf("%+v", of)
		}
		until(t, "it says so", m.says(OthersApart))
	}
	joined := join(t, c, "had", nil) // with what it alone had, as others bring it there
	caughtUp(t, joined)
	for _, m := range []*member{began, beside} {
		until(t, "it is fresh", func() bool { return !m.Stale(m.o.Now()) && len(m.Apart()) == 0 })
	}
	_ = joined.Close()
	if _, err := tryJoin(t, c, "lost", func(o *Options) { o.At = at }); !errors.Is(err, ErrOtherLog) {
		t.Fatal(err)
	}
	until(t, "it is stale", func() bool { return began.Stale(now()) })
	later.Store(int64(apartLasts) + int64(time.Second))
	until(t, "it is forgotten", func() bool { return !began.Stale(now()) && len(began.Apart()) == 0 })

	// Begun anew by somebody: without whom was his to say.
	appendActs(t, beside, 1)
	until(t, "both", func() bool { return began.has(1)() && beside.has(1)() })
	op.lose(began, beside)
	if _, err := Restore(t.Context(), began.Log, ""); err != nil {
		t.Fatal(err)
	}
	until(t, "they go on", func() bool { return !began.Stale(now()) && began.says(BegunAnew)() })
	if _, err := tryJoin(t, c, "had", func(o *Options) { o.At = at }); !errors.Is(err, ErrBegunAnew) {
		t.Fatal(err)
	}
	until(t, "it is told of", func() bool { return len(began.Apart()) == 1 })
	caughtUp(t, began)
	if began.Stale(now()) {
		t.Error("it is stale")
	}
}
