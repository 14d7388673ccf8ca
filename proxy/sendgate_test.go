package proxy

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

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

// TestAnActDuringTheLastLookUpWaits: whoever is looking objections up for the last time may not have seen an act, which is in force only when
// that one has left, or was held back.
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
