package proxy

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/rules"
)

// dispatchOptions are what a dispatcher needs.
type dispatchOptions struct {
	Log      *zap.Logger
	Metrics  *metrics.Metrics
	Now      func() time.Time
	InForce  func() *Snapshot
	Moment   func(*Snapshot) rules.Moment
	Acts     func() uint64 // the version of the objections; see [keptEvents]
	Inflight *inflight

	Outcome func(ledger.Outcome) error // puts on the ledger how it ended, and waits for nothing
	Random  func() float64             // from 0 up to 1, which is left out

	ForgetCopy func() error // removes what says that the data folder is a copy
}

// dispatcher has the events of the queue delivered: each vendor has a courier of its own, so that one that hangs slows
// no other.
type dispatcher struct {
	opts  dispatchOptions
	queue *queue.Queue
	room  eventRoom // where hits put their events
	taken *takers   // what takes events out of the cluster's queue; nil: there is none

	// adding is held for reading from where a hit is given its number until its decisions are recorded: a checkpoint,
	// which holds it, then has the decisions of all hits up to the highest number before it.
	adding sync.RWMutex

	commit   *commit  // of hits whose events wait
	attempts attempts // that the next one records
	looks    looks    // by which hits are judged whose events wait

	resting sync.Once
	rest    chan struct{} // closed when no attempt is to begin any more

	copied atomic.Pointer[copiedFrom] // nil: the data folder is no copy, or nothing waits any more of what was copied

	sealed uint64 // how much of the ledger was at the last checkpoint; the minute's own

	employing sync.Mutex
	couriers  map[string]*courier
	working   sync.WaitGroup
}

func newDispatcher(q *queue.Queue, o dispatchOptions) *dispatcher {
	return &dispatcher{opts: o, queue: q, room: ownRoom{q}, rest: make(chan struct{}), couriers: map[string]*courier{}}
}

// end has no attempt begin any more. Those under way go on.
func (d *dispatcher) end() { d.resting.Do(func() { close(d.rest) }) }

// run delivers until the context ends, or end is called, and returns when nothing is under way any more.
func (d *dispatcher) run(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for going := true; going; {
		d.employ(ctx)
		select {
		case <-ctx.Done():
			going = false
		case <-d.rest:
			going = false
		case <-t.C:
			d.endParked()
			d.forgetCopy()
			d.taken.endLost()
			d.taken.sayEnded()
			for _, c := range d.couriers {
				c.sweep()
			}
		}
	}
	stop()
	d.working.Wait()
}

// employ has a courier for each vendor that the policy has, or that something waits for.
func (d *dispatcher) employ(ctx context.Context) {
	d.employing.Lock()
	defer d.employing.Unlock()
	snapshot := d.opts.InForce()
	for _, r := range snapshot.Policy.Recipients() {
		d.courier(ctx, r.ID)
	}
	for _, v := range d.queue.Stats().Vendors {
		d.courier(ctx, v.Vendor)
	}
	for _, c := range d.couriers {
		c.follow(snapshot)
	}
}

func (d *dispatcher) courier(ctx context.Context, vendor string) {
	if d.couriers[vendor] != nil {
		return
	}
	c := newCourier(d, vendor)
	d.couriers[vendor] = c
	c.follow(d.opts.InForce())
	d.working.Go(func() { c.run(ctx) })
}

// mostOverdue is how many parked events are ended at once.
const mostOverdue = 256

// endParked ends what was parked for as long as events are.
func (d *dispatcher) endParked() {
	for {
		over := d.queue.Overdue(mostOverdue)
		if len(over) == 0 || !d.finish(over, whyParkOver) || len(over) < mostOverdue {
			return
		}
	}
}

// finish ends events that do not leave, as [endings.finish] does.
func (d *dispatcher) finish(items []queue.Item, why string) (recorded bool) {
	e := newEndings(d)
	for _, it := range items {
		e.add(it, ledger.Dropped, why, 0)
	}
	return e.finish()
}

// endsAs is what is said of an event that ends without leaving. Of one that may have left before nobody can say that it
// did not.
func (d *dispatcher) endsAs(it *queue.Item, outcome string) string {
	if outcome == ledger.Dropped && (it.Attempted || it.Reason == parkedRestored || d.copied.Load().holds(it)) {
		return ledger.Unknown
	}
	return outcome
}

// unrecorded says that an outcome could not be recorded.
func (d *dispatcher) unrecorded(err error) {
	fault(d.opts.Log, "what became of events that waited cannot be recorded: the next start asks for them again", err)
}

// outcomeOf is the record of what became of an event that waited, and waits still.
func outcomeOf(it *queue.Item, outcome, why string, status int) ledger.Outcome {
	return ledger.Outcome{
		Hit: it.Name.Hit, Events: []int{int(it.Name.Event)}, Vendor: it.Vendor, Outcome: outcome, Why: why, Status: status,
		InDoubt: it.Attempted,
	}
}

// Why events that waited ended, beside what their vendor did ([delivery.Why]) and why they may not leave
// ([rules.Reason]). They are read back for years: none is ever changed.
const (
	whyExpired   = "expired"   // they waited for longer than delivery.ttl
	whyDamaged   = "damaged"   // their bytes on disk are not those that were written
	whyStopped   = "stopped"   // an attempt was under way when the process ended, and nobody knows how it went
	whyPanic     = "panic"     // twice they came upon a fault of ours; parked for that
	whyForgotten = "forgotten" // they may have arrived, and by now their vendor would not know that they come again
	whyParkOver  = "park_over" // they were parked for as long as events are
	whyPurged    = "purged"    // somebody had them deleted
	whyErased    = "erased"    // what is recorded about their person was to go
	whyRetried   = "retried"   // they were parked, and somebody had them wait again
	// they came while the folder was copied that this one was begun with, and are not in it
	whyNotInBackup = "not_in_backup"
	whyNotAccepted = "not_accepted" // they never came to disk, and their sender was not told that they had
	// the cluster did not say whether it has them, and their sender was not told that it had
	whyUnconfirmed = "not_confirmed"
	whyGivenBack   = "given_back" // this node had taken them of the cluster's queue, and another takes them again
)
