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

// leaving is a passage that was judged, and is about to leave.
func leaving(of Objections) *passage {
	p := &passage{server: &Server{departing: newDepartures(), opts: Options{Log: zap.NewNop()}}, snapshot: &Snapshot{objections: of}}
	p.snapshot.figures.metrics = metrics.New()
	p.j.Subjects = make([]rules.Subject, 1)
	p.j.Objections = make([]rules.Objections, 1)
	p.j.Verdicts = make([]rules.Verdict, 1)
	return p
}

// TestAnActDuringTheLastLookUpWaits: whoever is looking objections up for the last time may not have seen an act, which is in force only when
// that one has left, or was held back.
func TestAnActDuringTheLastLookUpWaits(t *testing.T) {
	for what, fails := range map[string]error{"it leaves": nil, "it is held back": errors.New("the disk is gone")} {
		synctest.Test(t, func(t *testing.T) {
			var p *passage
			var inForce atomic.Bool
			p = leaving(lookUp(func() (rules.Objections, error) {
				go func() { p.server.departing.wait(); inForce.Store(true) }()
				synctest.Wait()
				if inForce.Load() {
					t.Errorf("%s: an act is in force that this look-up does not see", what)
				}
				return rules.Objections{}, fails
			}))
			left := p.Depart()
			synctest.Wait()
			if left != (fails == nil) || inForce.Load() == left {
				t.Errorf("%s: it left: %v, and the act is in force: %v", what, left, inForce.Load())
			}
			if left {
				p.Departed()
				synctest.Wait()
			}
			if !inForce.Load() {
				t.Errorf("%s: the act waits for ever", what)
			}
		})
	}
}
