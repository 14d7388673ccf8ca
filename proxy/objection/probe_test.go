package objection

import (
	"errors"
	"strings"
	"testing"
)

// TestAProbe: it is told of in every store, once it is in force there and no sooner, and is in no log, count, record or
// message.
func TestAProbe(t *testing.T) {
	l := newSharedLog()
	type probed struct {
		store int
		to    string
	}
	told, sending := make(chan probed, 8), make(chan struct{})
	stores := make([]*Store, 2)
	recorded := 0
	for i := range stores {
		inForce := func() {}
		if i == 1 {
			inForce = func() { <-sending }
		}
		stores[i] = opened(t, Options{
			Order: l, Probed: func(to string) { told <- probed{i, to} }, InForce: inForce,
			Record: func([]Recorded, Head) error { recorded++; return nil },
		})
	}
	l.feed(t, stores[0])
	if _, err := stores[0].Apply(t.Context(), Batch{Changes: []Change{objects(1, "ads")}}); err != nil {
		t.Fatal(err)
	}
	before, state, version := shown(t, stores[0]), *stores[0].state.Load(), recorded
	if err := ReplicaOf(stores[0]).Probe(t.Context(), "here"); err != nil {
		t.Fatal(err)
	}
	if got := <-told; got != (probed{0, "here"}) {
		t.Errorf("%+v", got)
	}
	after, now := shown(t, stores[0]), *stores[0].state.Load()
	for name, value := range after {
		if before[name] != value && !strings.HasPrefix(name, "meta ") {
			t.Errorf("%s is %q", name, value)
		}
	}
	if now.position.Seq != state.position.Seq+1 || recorded != version {
		t.Errorf("act %d, then %d; %d records", state.position.Seq, now.position.Seq, recorded-version)
	}
	if now.head != state.head || now.records != state.records || now.inForce != state.inForce ||
		now.waiting != state.waiting {
		t.Errorf("%+v, then %+v", state, now)
	}
	if err := ReplicaOf(stores[1]).Take(l.since(Position{}), "here"); err != nil {
		// done, and not in force: somebody is being sent to
		t.Fatal(err)
	}
	select {
	case got := <-told:
		t.Errorf("told before it was in force: %+v", got)
	default:
	}
	close(sending)
	if got := <-told; got != (probed{1, "here"}) {
		t.Errorf("%+v", got)
	}
	for i := range stores {
		if stores[i].Head() != now.head {
			t.Errorf("store %d: %+v", i, stores[i].Head())
		}
	}
	if err := ReplicaOf(opened(t, Options{})).Probe(t.Context(), "here"); !errors.Is(err, ErrAlone) {
		t.Errorf("alone: %v", err)
	}
	for _, to := range []string{"", strings.Repeat("x", mostProbe+1)} {
		if err := ReplicaOf(stores[0]).Probe(t.Context(), to); err == nil {
			t.Errorf("to %q", to)
		}
	}
	l.mu.Lock()
	l.fails = errors.New("no quorum")
	l.mu.Unlock()
	if err := ReplicaOf(stores[0]).Probe(t.Context(), "here"); !errors.Is(err, ErrUntold) || len(told) > 0 {
		t.Errorf("without the log: %v", err)
	}
	if n, _ := ReplicaOf(stores[0]).Untold(); n != 0 {
		t.Errorf("%d probes are kept to be told", n)
	}
}
