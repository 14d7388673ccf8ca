package proxy

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/rules"

	"go.uber.org/zap"
)

// lookUp is asked who objected.
type lookUp func() (rules.Objections, error)

func (l lookUp) Lookup([16]byte) (rules.Objections, error) { return l() }

// gateOf is the gate of one event with one subject.
func gateOf(of Objections) *sendGate {
	return &sendGate{
		inflight: newInflight(), counters: &counters{metrics: metrics.New()}, leaving: 1,
		events: &judgedEvents{
			log: zap.NewNop(), objections: of,
			subjects: make([]rules.Subject, 1), known: make([]rules.Objections, 1),
			stands: func(int, rules.Objections) bool { return false },
		},
	}
}

// TestAnActDuringTheLastLookUpWaits: whoever is looking objections up for the last time may not have seen an act, which
// is in force only when that one has left, or was held back.
func TestAnActDuringTheLastLookUpWaits(t *testing.T) {
	for what, fails := range map[string]error{"it leaves": nil, "it is held back": errors.New("the disk is gone")} {
		synctest.Test(t, func(t *testing.T) {
			var gate *sendGate
			var inForce atomic.Bool
			gate = gateOf(lookUp(func() (rules.Objections, error) {
				go func() { gate.inflight.WaitQuiescent(); inForce.Store(true) }()
				synctest.Wait()
				if inForce.Load() {
					t.Errorf("%s: an act is in force that this look-up does not see", what)
				}
				return rules.Objections{}, fails
			}))
			left := gate.BeforeFirstByte()
			synctest.Wait()
			if left != (fails == nil) || inForce.Load() == left {
				t.Errorf("%s: it left: %v, and the act is in force: %v", what, left, inForce.Load())
			}
			if left {
				gate.AfterLastByte()
				synctest.Wait()
			}
			if !inForce.Load() {
				t.Errorf("%s: the act waits for ever", what)
			}
		})
	}
}

// versionIs is a store that has a version.
type versionIs uint64

func (n versionIs) Version() uint64 { return uint64(n) }

// TestTheVersionSavesASecondLook: where the store is as it was before the first look-up nobody is asked again; where it
// is not, or nobody knows, the look-up decides, and where others may know more nothing leaves, whatever the version is.
func TestTheVersionSavesASecondLook(t *testing.T) {
	objected := rules.Objections{Purposes: 1}
	for what, c := range map[string]struct {
		change        func(*judgedEvents)
		leaves, again bool
	}{
		"nothing":                  {func(*judgedEvents) {}, true, false},
		"an act":                   {func(g *judgedEvents) { g.store = versionIs(8) }, false, true},
		"nobody knows the version": {func(g *judgedEvents) { g.store = nil }, false, true},
		"others may know more":     {func(g *judgedEvents) { g.nodes = &nodes{config: new(config.Cluster)} }, false, false},
	} {
		asked := 0
		gate := gateOf(lookUp(func() (rules.Objections, error) { asked++; return objected, nil }))
		judged := gate.events.(*judgedEvents)
		judged.store, judged.acts = versionIs(7), 7
		c.change(judged)
		leaves := gate.BeforeFirstByte()
		if leaves != c.leaves || (asked > 0) != c.again {
			t.Errorf("%s: leaves %v, asked %d times", what, leaves, asked)
		}
		if leaves {
			gate.AfterLastByte()
		}
		gate.inflight.WaitQuiescent() // whatever came of it, nothing is under way
	}
}
