package cluster

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// load appends acts from a node until it is told to stop, and counts what was acknowledged.
type load struct {
	stop  atomic.Bool
	acked atomic.Int64
	ids   sync.Map // of what was acknowledged
	last  atomic.Int64
	all   sync.WaitGroup
}

func startLoad(t *testing.T, base int, to *member) *load {
	l := &load{}
	for w := range 8 {
		l.all.Go(func() {
			for i := 0; !l.stop.Load(); i++ {
				n := id(base + w*1_000_000 + i)
				if _, err := to.Append(t.Context(), n, []byte("act")); err != nil {
					t.Error(err)
					return
				}
				l.ids.Store(n, true)
				l.acked.Add(1)
				l.last.Store(time.Now().UnixNano())
			}
		})
	}
	return l
}

func TestALeaderThatDiesLosesNothing(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	a, b := join(t, c, "a", nil), join(t, c, "b", nil)
	caughtUp(t, a, b)
	x, y := startLoad(t, 0, a), startLoad(t, 100_000_000, b)
	until(t, "some acts", func() bool { return x.acked.Load() > 100 && y.acked.Load() > 100 })
	leader := c.leader(a.names.stream)
	killed := time.Now()
	c.kill(leader)
	n, m := x.acked.Load()+50, y.acked.Load()+50
	until(t, "more acts", func() bool { return x.acked.Load() > n && y.acked.Load() > m })
	t.Logf("appends went on %v after the leader was killed", time.Since(killed))
	until(t, "fresh nodes", func() bool { return a.isFresh() && b.isFresh() })
	c.start(leader)
	n, m = x.acked.Load()+50, y.acked.Load()+50
	until(t, "more acts with three", func() bool { return x.acked.Load() > n && y.acked.Load() > m })
	x.stop.Store(true)
	y.stop.Store(true)
	x.all.Wait()
	y.all.Wait()
	total := int(x.acked.Load() + y.acked.Load())
	until(t, "all acts on both", func() bool { return a.has(total)() && b.has(total)() })
	sameActs(t, a, b)
	acts, _ := a.applied()
	if len(acts) != total {
		t.Errorf("%d acts are in the log, %d were acknowledged", len(acts), total)
	}
	for _, act := range acts {
		x.ids.Delete(act.ID)
		y.ids.Delete(act.ID)
	}
	for _, l := range []*load{x, y} {
		l.ids.Range(func(id, _ any) bool {
			t.Errorf("%s was acknowledged and lost", id)
			return true
		})
	}
}

func TestWithoutAQuorumNothingIsAcknowledgedAndTheNodeIsStale(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	a := join(t, c, "a", nil)
	caughtUp(t, a)
	if _, err := a.Append(t.Context(), id(1), nil); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		c.isolate(i, true)
	}
	cut := time.Now()
	_, err := a.Append(within(t, time.Second), id(2), nil)
	if !errors.Is(err, ErrUnknown) && !errors.Is(err, ErrNotAppended) {
		t.Errorf("an append without a quorum: %v", err)
	}
	until(t, "a stale node", func() bool { return !a.isFresh() })
	if took := time.Since(cut); took > a.o.Stale+time.Second {
		t.Errorf("stale %v after the cut, want %v", took, a.o.Stale)
	}
	if acts, _ := a.applied(); len(acts) != 1 {
		t.Errorf("%d acts were applied without a quorum", len(acts)-1)
	}
	for i := range 3 {
		c.isolate(i, false)
	}
	healed := time.Now()
	until(t, "a fresh node", a.isFresh)
	t.Logf("fresh %v after three servers found one another again", time.Since(healed))
	if _, err := a.Append(t.Context(), id(3), nil); err != nil {
		t.Error(err)
	}
}

// A node that reaches one server alone, which the others do not reach, is stale, whoever led the stream
// before; one that reaches others moves there.
func TestAServerThatIsCutOffMakesNobodyFresh(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	a := join(t, c, "a", nil)
	caughtUp(t, a)
	old := c.leader(a.names.stream)
	only := join(t, c, "only", func(o *Options) { o.URLs, _ = c.relays(t, old) })
	moves := join(t, c, "moves", func(o *Options) { o.URLs, _ = c.relays(t, old, (old+1)%3, (old+2)%3) })
	caughtUp(t, only, moves)
	c.isolate(old, true)
	n := 0
	until(t, "the others to go on", func() bool {
		n++
		_, err := moves.Append(within(t, 10*time.Second), id(n), nil)
		return err == nil
	})
	// It is connected as well: a node without a connection would show nothing here.
	until(t, "stale where it is connected and cut off with its server, fresh elsewhere", func() bool {
		return only.Status().Server != "" && only.Stale(time.Now()) && moves.isFresh() && a.isFresh()
	})
	c.isolate(old, false)
	until(t, "all fresh, with all acts", func() bool {
		return only.isFresh() && only.Status().At.Seq == moves.Status().At.Seq
	})
	sameActs(t, a, only)
}

func TestANodeThatWasCutOffHasEverythingWithinASecond(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	a, b := join(t, c, "a", nil), join(t, c, "b", nil)
	caughtUp(t, a, b)
	for _, r := range b.relays {
		r.Cut(true)
	}
	for i := range 100 {
		if _, err := a.Append(t.Context(), id(i), fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "a stale node", func() bool { return !b.isFresh() })
	if _, err := b.Append(within(t, 50*time.Millisecond), id(1000), nil); !errors.Is(err, ErrNotAppended) {
		t.Errorf("an append without a connection: %v", err)
	}
	before := b.Status().Reconnects
	for _, r := range b.relays {
		r.Cut(false)
	}
	until(t, "a connection", func() bool { return b.Status().Reconnects > before })
	connected := time.Now()
	until(t, "a fresh node", b.isFresh)
	took := time.Since(connected)
	t.Logf("fresh %v after it was connected again", took)
	sameActs(t, a, b)
	if took > 5*time.Second { // a machine of its own needs milliseconds
		t.Errorf("fresh only %v after it was connected again", took)
	}
}

func TestANodeStartsWithoutTheCluster(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	var relays []*relay
	a := join(t, c, "a", func(o *Options) {
		o.Name, o.Wait = "down", time.Millisecond
		o.URLs, relays = c.relays(t)
		for _, r := range relays {
			r.Cut(true)
		}
	})
	if !a.Stale(time.Now()) || a.Err() != nil {
		t.Errorf("without a cluster: stale %v, %v", a.Stale(time.Now()), a.Err())
	}
	for _, r := range relays {
		r.Cut(false)
	}
	caughtUp(t, a)
}
