package proxy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/queue"
)

// How long what is said of periods waits before it counts, how often windows are applied, and how
// often it is looked whether they are to be.
const (
	announcedFor = 24 * time.Hour
	betweenRuns  = 24 * time.Hour
	lookAtTimes  = 10 * time.Minute
)

// retention has records go that are older than the configuration keeps them. What it goes by was recorded a day before.
type retention struct {
	opts retentionOptions

	mu      sync.Mutex
	periods ledger.Periods             // as the log says them last
	ran     time.Time                  // when windows were applied last; zero: not since the start
	done    map[string]map[uint64]bool // by window: segments, by their first record, in which nothing is left of it
}

// retentionOptions are what it needs.
type retentionOptions struct {
	Log     *zap.Logger
	Now     func() time.Time
	InForce func() *Snapshot
	Ledger  *ledger.Ledger
	Pending func() *queue.Queue // what waits for vendors
	Again   func() time.Time    // when what a start must know was recorded again last
}

func openRetention(s *Server) error {
	s.retention.opts.Pending = func() *queue.Queue { return s.dispatch.queue }
	return nil
}

// newRetention goes on with what the log says.
func newRetention(o retentionOptions, said ledger.Periods) *retention {
	return &retention{opts: o, periods: said, done: map[string]map[uint64]bool{}}
}

// periodsIn says for how long a configuration keeps records; "": for good.
func periodsIn(l *config.Ledger) string {
	var all []string
	if l.Retain > 0 {
		all = append(all, "retain "+l.Retain.String())
	}
	for i := range l.Windows {
		w := &l.Windows[i]
		all = append(all, w.Name()+": "+w.Retain.String())
	}
	return strings.Join(all, "; ")
}

// announce records for how long records are kept, where that is news.
func (r *retention) announce() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := periodsIn(&r.opts.InForce().Loaded.Server.Ledger)
	if text == r.periods.Text {
		return nil
	}
	said, err := r.opts.Ledger.Eraser.Keeps(text)
	if err != nil {
		return fmt.Errorf("it cannot be recorded for how long records are kept, and none goes until it is: %w", err)
	}
	r.periods = said
	clear(r.done)
	if text != "" {
		r.opts.Log.Info("records of the ledger that are older than the configuration keeps them go from that time on; "+
			"`tagwarden logs retention` says which", zap.String("kept", text), zap.Time("from", said.Since.Add(announcedFor)))
	}
	return nil
}

// before is a time before which segments go, where they are older than the configuration says records are kept; zero:
// none goes. Those stay whose records may hold what was not recorded again since.
func (r *retention) before(now time.Time) time.Time {
	kept := r.opts.InForce().Loaded.Server.Ledger.Retain.Duration()
	if kept <= 0 {
		return time.Time{}
	}
	before := now.Add(-kept)
	if again := r.opts.Again(); before.After(again) {
		return again
	}
	return before
}

// from is when what the configuration says counts; false where it was not recorded yet.
func (r *retention) from() (at time.Time, recorded bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.periods.Text != periodsIn(&r.opts.InForce().Loaded.Server.Ledger) {
		return time.Time{}, false
	}
	return r.periods.Since.Add(announcedFor), true
}

// counts tells whether what the configuration says counts.
func (r *retention) counts(now time.Time) bool {
	from, recorded := r.from()
	return recorded && !now.Before(from)
}

// keepPeriods brings to its end what an earlier process was kept from, and applies
// windows once a day, until the context ends.
func keepPeriods(ctx context.Context, s *Server) {
	tick, end := s.opts.Every(lookAtTimes)
	defer end()
	for {
		s.retention.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
	}
}

// look does what is to be done now.
func (r *retention) look(ctx context.Context) {
	if err := r.opts.Ledger.Eraser.Finish(); err != nil && !errors.Is(err, ledger.ErrClosed) {
		fault(r.opts.Log, "lines of the ledger that are to go cannot be erased", err)
	}
	now := r.opts.Now()
	r.mu.Lock()
	due := r.ran.IsZero() || now.Sub(r.ran) >= betweenRuns
	r.mu.Unlock()
	if !due || !r.counts(now) || ctx.Err() != nil {
		return
	}
	gone, err := r.apply(ctx, false)
	n := uint64(0)
	for _, of := range gone {
		n += of.Records
	}
	if n > 0 {
		r.opts.Log.Info("records of the ledger were erased, as ledger.windows says", zap.Uint64("records", n))
	}
	if err != nil && !errors.Is(err, ledger.ErrClosed) && !errors.Is(err, context.Canceled) {
		fault(r.opts.Log, "records of the ledger that ledger.windows says go cannot be erased", err)
		return
	}
	if err == nil {
		r.mu.Lock()
		r.ran = now
		r.mu.Unlock()
	}
}

// windowRun is what was done by a window, or would be.
type windowRun struct {
	Window   *config.Window
	Before   time.Time // what is older goes
	Records  uint64    // gone, or to go
	Segments int
	Kept     uint64 // older as well, and not ended
	Left     int    // segments that wait for a copy under way
}

// apply has records go that are older than their window, one segment after the other; with trial it says what would.
func (r *retention) apply(ctx context.Context, trial bool) (all []windowRun, err error) {
	loaded := r.opts.InForce().Loaded
	windows := loaded.Server.Ledger.Windows
	if len(windows) == 0 {
		return nil, nil
	}
	pending := pendingNames(r.opts.Pending())
	policies := newPoliciesThen(loaded)
	for i := range windows {
		w := &windows[i]
		picks := newWindowPicks(w, policies)
		run := windowRun{Window: w, Before: r.opts.Now().Add(-w.Retain.Duration())}
		done, err := r.opts.Ledger.Eraser.Erase(ctx, ledger.Erasing{
			Why: []ledger.Erasure{{Window: w.Name()}}, Before: run.Before, Trial: trial,
			Picks: picks.picks, Others: picks.others,
			Skip: func(first uint64) bool {
				r.mu.Lock()
				defer r.mu.Unlock()
				return r.done[w.Name()][first]
			},
			Ended: func(p ledger.Picked) bool { return !p.Permit || !pending.hold(p.Hit, p.Event) },
		})
		run.Records, run.Segments, run.Kept, run.Left = done.Records[0], done.Segments, done.Kept, done.Left
		all = append(all, run)
		if !trial {
			r.note(w.Name(), &done)
		}
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// note notes what a window is done with.
func (r *retention) note(window string, done *ledger.ErasedNow) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done[window] == nil {
		r.done[window] = map[uint64]bool{}
	}
	for _, first := range done.Whole {
		r.done[window][first] = true
	}
}

// names are those of events, in order.
type names []queue.Name

// pendingNames are those of all that wait, or are parked.
func pendingNames(q *queue.Queue) (all names) {
	for it := range q.Pending("") {
		all = append(all, it.Name)
	}
	slices.SortFunc(all, queue.Name.Compare)
	return all
}

// hold tells whether an event is among them.
func (n names) hold(hit uint64, event int) bool {
	_, there := slices.BinarySearchFunc(n, queue.Name{Hit: hit, Event: uint32(event)}, queue.Name.Compare)
	return there
}
