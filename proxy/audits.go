package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
	"github.com/tagwarden/tagwarden/proxy/problem"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// notOnce is how much later than at once the server deletes what is old: it looks now and then, at whole segments.
const notOnce = 26 * time.Hour

// Auditing is how a ledger is audited by what a configuration says: how long events wait, and how long records are
// kept. Without one, nil, neither is known.
func Auditing(dir, policies string, loaded *config.Loaded) recompute.Options {
	kept := archivedPolicies{policies, map[string]recompute.Promises{}}
	o := recompute.Options{Dir: dir, Compile: kept.compile, Promises: kept.promises, Signed: audit.Signed(dir)}
	if loaded != nil {
		server := &loaded.Server
		o.Waits = time.Duration(server.Delivery.TTL) + time.Duration(server.Delivery.Park.For)
		o.Kept = keptBy(&server.Ledger, server.Delivery.Park.For)
	}
	return o
}

// keptBy is for how long a server file has records kept: the shortest of what it says of one. What is old goes with the
// segment that it is in, and those of windows are gone through once a day; one whose
// event is parked stays until that ends.
func keptBy(l *config.Ledger, parked config.Duration) func(kind, site string, purposes []string) time.Duration {
	late := func(kept config.Duration) time.Duration {
		if kept <= 0 {
			return 0
		}
		return time.Duration(kept) + time.Duration(l.Seal) + notOnce
	}
	return func(kind, site string, purposes []string) time.Duration {
		kept := late(l.Retain)
		if kind != ledger.KindEvent {
			return kept
		}
		for i := range l.Windows {
			w := &l.Windows[i]
			if w.Site != "" && w.Site != site || w.Purpose != "" && !slices.Contains(purposes, w.Purpose) {
				continue
			}
			if by := late(w.Retain) + time.Duration(parked); kept == 0 || by < kept {
				kept = by
			}
		}
		return kept
	}
}

// How long an audit goes on that nobody asks for, and the longest rest that it takes between two looks around: it works
// for half of the time at most, so that hits have the other half.
const (
	unaskedFor  = 30 * time.Second
	longestRest = 200 * time.Millisecond
)

// audits audits the ledger for those who may have that done, one audit at a time.
type audits struct {
	opts auditsOptions

	mu     sync.Mutex
	state  api.AuditState
	asked  time.Duration // when whoever began it asked for it last, by Elapsed
	cancel context.CancelCauseFunc
	ended  chan struct{} // closed when it has ended; nil: none was begun
	closed bool
}

type auditsOptions struct {
	Log     *zap.Logger
	Now     func() time.Time
	Elapsed func() time.Duration
	InForce func() *Snapshot
	Dir     string
	Version string
	Rest    func(context.Context, time.Duration) // waits for so long, or until the context ends
}

var _ api.Audits = (*audits)(nil)

func openAudits(s *Server) error {
	s.audits = &audits{
		opts: auditsOptions{s.opts.Log, s.opts.Now, s.opts.Elapsed, s.snapshot.Load, ledgerDir(s.loaded),
			s.opts.Version, rest},
		state: api.AuditState{State: api.AuditNone},
	}
	return nil
}

// rest waits.
func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// Why an audit ends before it is done.
var (
	errAuditStopped = errors.New("whoever began it stopped it")
	errAuditUnasked = fmt.Errorf("nobody asked how far it is for %v: whoever began it is gone", unaskedFor)
	errAuditEnd     = errors.New("the server stops")
)

// closeAudits ends the audit that is under way.
func closeAudits(s *Server) error {
	a := s.audits
	a.mu.Lock()
	a.closed = true
	ended := a.end(errAuditEnd)
	a.mu.Unlock()
	if ended != nil {
		<-ended
	}
	return nil
}

// end has the audit end that is under way, and returns what is closed then; nil: none is.
func (a *audits) end(why error) <-chan struct{} {
	if a.ended != nil {
		a.cancel(why)
	}
	return a.ended
}

// Start begins an audit.
func (a *audits) Start(who string, of api.AuditAsk) (api.AuditState, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.state.State == api.AuditRunning:
		return api.AuditState{}, a.busy()
	case a.closed:
		return api.AuditState{}, problem.New(http.StatusServiceUnavailable, "unavailable",
			"the server stops: nothing is begun")
	}
	now, loaded := a.opts.Now().UTC(), a.opts.InForce().Loaded
	o := Auditing(a.opts.Dir, PoliciesDir(loaded.Server.Data), loaded)
	o.Since, o.Until, o.Now, o.Version = of.Since, of.Until, now, a.opts.Version
	ctx, cancel := context.WithCancelCause(context.Background())
	a.state = api.AuditState{State: api.AuditRunning, By: who, Began: &now}
	a.asked, a.cancel, a.ended = a.opts.Elapsed(), cancel, make(chan struct{})
	o.Progress = a.progress(ctx)
	go a.run(ctx, o, a.ended)
	return a.state, nil
}

// busy says that one is under way.
func (a *audits) busy() *problem.Document {
	p := problem.New(http.StatusConflict, "busy", fmt.Sprintf("an audit is under way, which %s began at %s: it has read "+
		"%d of %s",
		a.state.By, a.state.Began.Format(time.RFC3339), a.state.Examined, plural.Of(a.state.Of, "record")))
	p.Retry = 10
	return p
}

// progress notes how far an audit is, lets others have the machine for as long as the audit had it, and ends it where
// nobody asks for it.
func (a *audits) progress(ctx context.Context) func(done, all uint64) {
	was := a.opts.Elapsed()
	return func(done, all uint64) {
		now := a.opts.Elapsed()
		a.mu.Lock()
		a.state.Examined, a.state.Of = done, all
		if now-a.asked > unaskedFor {
			a.cancel(errAuditUnasked)
		}
		a.mu.Unlock()
		a.opts.Rest(ctx, min(now-was, longestRest))
		was = a.opts.Elapsed()
	}
}

// run audits, and keeps what that came to.
func (a *audits) run(ctx context.Context, o recompute.Options, ended chan struct{}) {
	defer close(ended)
	report, text, err := audited(ctx, o)
	now := a.opts.Now().UTC()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cancel(nil)
	s := &a.state
	s.Ended = &now
	switch {
	case err == nil:
		s.State, s.Report, s.Findings = api.AuditDone, text, len(report.Findings)+int(report.More)
		s.Examined, s.Of = report.Records, report.Records
	case errors.Is(err, context.Canceled):
		s.State, s.Why = api.AuditStopped, context.Cause(ctx).Error()
	default:
		s.State, s.Why = api.AuditFailed, "the log cannot be read: the server's own log says why"
		fault(a.opts.Log, "the ledger cannot be audited", err)
	}
}

// audited audits, and writes the report. A panic is a bug, and ends the audit alone.
func audited(ctx context.Context, o recompute.Options) (report *recompute.Report, text []byte, err error) {
	defer func() {
		if recover() != nil { // what was caught may hold text of a record: only where it happened is said
			err = fmt.Errorf("this is a bug: %s", debug.Stack())
		}
	}()
	if report, err = recompute.Run(ctx, o); err == nil {
		text, err = json.Marshal(report)
	}
	return report, text, err
}

// State is how the audit stands that was begun last.
func (a *audits) State(who string) api.AuditState {
	a.mu.Lock()
	defer a.mu.Unlock()
	if who == a.state.By {
		a.asked = a.opts.Elapsed()
	}
	return a.state
}

// Stop ends one's audit.
func (a *audits) Stop(who string) (api.AuditState, error) {
	a.mu.Lock()
	running := a.state.State == api.AuditRunning
	if running && who != a.state.By {
		defer a.mu.Unlock()
		return api.AuditState{}, a.busy()
	}
	ended := a.ended
	if running {
		a.cancel(errAuditStopped)
	}
	a.mu.Unlock()
	if running {
		<-ended
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state, nil
}
