package proxy

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// steppedLookUp has something happen before and after each look-up.
type steppedLookUp struct {
	of   Objections
	step func()
}

func (l *steppedLookUp) Lookup(subject [16]byte) (rules.Objections, error) {
	l.step()
	defer l.step()
	return l.of.Lookup(subject)
}

// TestWhatIsUnchangedIsNotLookedAtAgain: of what was found to be permitted, nobody is asked again at the gate unless
// something can have changed, each thing by itself; and then it is.
func TestWhatIsUnchangedIsNotLookedAtAgain(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		change func(w *waitingRoom, version *uint64)
		again  bool
	}{
		"nothing":               {func(*waitingRoom, *uint64) {}, false},
		"the time, by little":   {func(w *waitingRoom, _ *uint64) { w.moment.Now = w.moment.Now.Add(1) }, false},
		"the second":            {func(w *waitingRoom, _ *uint64) { w.moment.Now = w.moment.Now.Add(time.Second) }, true},
		"the clock is set back": {func(w *waitingRoom, _ *uint64) { w.moment.Now = w.moment.Now.Add(-time.Second) }, true},
		"the latest time":       {func(w *waitingRoom, _ *uint64) { w.moment.Latest = w.moment.Now.Add(time.Hour) }, true},
		"an act":                {func(_ *waitingRoom, version *uint64) { *version++ }, true},
		"the policy": {func(w *waitingRoom, _ *uint64) {
			w.snapshot = &Snapshot{Policy: w.snapshot.Policy, objections: w.snapshot.objections}
		}, true},
		"objections cannot be taken": {func(w *waitingRoom, _ *uint64) { w.moment.ObjectionsUnavailable = true }, true},
		"a hit that was not looked at": {func(w *waitingRoom, _ *uint64) {
			w.kept.hits = append(w.kept.hits, keptHit{facts: w.kept.hits[0].facts, events: w.kept.hits[0].events})
		}, true},
		"nobody knows the version": {func(w *waitingRoom, _ *uint64) { w.kept.acts = nil }, true},
	} {
		w := newWaitingRoom(t)
		w.moment.Now = w.moment.Now.Add(time.Millisecond)
		version, asked := uint64(7), 0
		w.kept.acts = func() uint64 { return version }
		w.snapshot.objections = &steppedLookUp{&w.who, func() { asked++ }}
		w.wait("ann")
		w.check("it may leave")
		w.kept.hits[0].looked = w.kept.last
		w.kept.hits[0].looked.names = true
		c.change(w, &version)
		asked = 0
		if !w.kept.hold() || !w.kept.named() {
			t.Errorf("%s: it may not leave, or has no name", what)
		}
		if again := asked > 0; again != c.again {
			t.Errorf("%s changed: it was looked at again: %t", what, again)
		}
	}
	w := newWaitingRoom(t)
	w.kept.acts = func() uint64 { return 0 }
	w.wait("ann")
	w.check("it may leave")
	w.kept.hits[0].looked = w.kept.last
	if w.snapshot = (&Snapshot{Policy: policyWith(t, minimise.Drop), objections: &w.who}); w.kept.hold() {
		t.Error("it leaves though the policy is another")
	}
	w.kept.forget()
	if w.kept.hold() {
		t.Error("nothing may leave")
	}
}

// TestNoActIsMissedAtAnyStep: an act becomes visible, is told by the version, and is waited for, each before whichever
// step of a send: nothing is leaving once it is acknowledged that did not see it.
func TestNoActIsMissedAtAnyStep(t *testing.T) {
	const most = 64
	room := newWaitingRoom(t)
	room.moment.Now = room.moment.Now.Add(time.Millisecond)
	room.wait("ann", "bob")
	steps, skipped, held := 1, 0, 0
	for visible := 0; visible < steps; visible++ {
		for told := visible; told < steps; told++ {
			for waited := told; waited < steps; waited++ {
				synctest.Test(t, func(t *testing.T) {
					s := newSteppedSend(room, [3]int{visible, told, waited})
					s.run(t)
					steps = s.at
					if s.skipped {
						skipped++
					}
					if !s.left {
						held++
					}
				})
				if steps > most || t.Failed() {
					t.Fatalf("%d steps", steps)
				}
			}
		}
	}
	if steps < 10 || skipped == 0 || held == 0 {
		t.Errorf("%d steps, not looked at again %d times, held back %d times: it shows too little", steps, skipped, held)
	}
}

// steppedSend is a send in steps, and an act whose parts come before some of them.
type steppedSend struct {
	*waitingRoom
	in      *inflight
	at      int
	parts   [3]int
	version uint64
	looks   int

	acknowledged  atomic.Bool
	left, skipped bool
}

func newSteppedSend(room *waitingRoom, parts [3]int) *steppedSend {
	of := *room
	of.who.of = map[[16]byte]rules.Objections{}
	of.snapshot = &Snapshot{Policy: room.snapshot.Policy}
	of.kept = &keptEvents{log: room.kept.log, hits: slices.Clone(room.kept.hits)}
	s := &steppedSend{waitingRoom: &of, in: newInflight(), parts: parts}
	s.snapshot.objections = &steppedLookUp{&s.who, func() { s.looks++; s.step() }}
	s.kept.now = func() (*Snapshot, rules.Moment) { s.step(); return s.snapshot, s.moment }
	s.kept.acts = func() uint64 { s.step(); defer s.step(); return s.version }
	return s
}

// step has the parts of the act happen that come now.
func (s *steppedSend) step() {
	if s.parts[0] == s.at {
		s.objects("bob")
	}
	if s.parts[1] == s.at {
		s.version++
	}
	if s.parts[2] == s.at {
		go func() { s.in.WaitQuiescent(); s.acknowledged.Store(true) }()
	}
	s.at++
	synctest.Wait()
}

func (s *steppedSend) run(t *testing.T) {
	s.step()
	gate := s.kept.gate(s.in, &counters{metrics: metrics.New()})
	if len(s.found()) == 0 {
		s.kept.hits[0].looked = s.kept.last
		s.step()
		s.looks = 0
		if gate.BeforeFirstByte() {
			s.left, s.skipped = true, s.looks == 0
			s.step()
			if s.acknowledged.Load() {
				t.Errorf("an event leaves after an act was acknowledged: %s", fmt.Sprint(s.parts))
			}
			gate.AfterLastByte()
		}
	}
	for n := s.at; s.at <= max(n, s.parts[2]); {
		s.step()
	}
	if !s.acknowledged.Load() {
		t.Errorf("the act waits for ever: %v", s.parts)
	}
}
