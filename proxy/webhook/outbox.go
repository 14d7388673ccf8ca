package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/rules"
)

// Waiting is a message that waits to be sent.
type Waiting struct {
	ID    uint64 // goes up
	To    string // name of the receiver
	Body  []byte // sealed
	Since time.Time
}

// Store keeps messages until they are acknowledged. It is safe for concurrent use.
type Store interface {
	// Pending returns messages to a receiver, those that wait longest first; to "": to any.
	Pending(to string, limit int) ([]Waiting, error)
	// Ack forgets messages, durably. One that is not there is acknowledged.
	Ack(ids []uint64) error
}

// OutboxOptions are what an [Outbox] needs. Zero values take the defaults given.
type OutboxOptions struct {
	Store     Store
	Key       [32]byte                                              // that messages are sealed with
	Receivers func() []*Receiver                                    // in force now
	Client    *http.Client                                          // one that follows no redirect and waits 10 s
	Now       func() time.Time                                      // the clock; time.Now
	Fault     func(err error)                                       // the store does not do what it should
	After     func(d time.Duration) (<-chan time.Time, func() bool) // on the clock

	// OnDelivered is told that a message about an event was taken, so long after it began to wait.
	OnDelivered func(to, event string, taken time.Duration)
	// OnFailed is told that an attempt came to nothing; why is a word of a closed list. The event is "" where nobody
	// knows it.
	OnFailed func(to, event, why string, err error)
}

// Why an attempt came to nothing. Those that say "dropped" are the message's last.
const (
	WhyDown       = "down"               // nobody is there, or says that it is not the moment: all messages to it wait
	WhyRefused    = "refused"            // this message is refused: it waits, and with it later ones about the same person
	WhyGone       = "dropped_gone"       // 410
	WhyTooOld     = "dropped_too_old"    // patience is over
	WhyUnreadable = "dropped_unreadable" // it cannot be opened
	WhyUnsendable = "dropped_unsendable" // it cannot be written as a request
)

// patience is how long a message is tried.
const patience = rules.ToldWithin

// delays are waited for between attempts; the last one again and again.
var delays = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour}

func delay(failures int) time.Duration { return delays[min(failures, len(delays))-1] }

const (
	atOnce      = 500 // messages that are read at once
	ackedAtOnce = 32  // messages that are acknowledged with one write: after a crash as many are sent again
	mostAside   = 100 // messages that a receiver may refuse before it is taken to be the receiver's fault
)

// Outbox sends what waits: to each receiver in order, whatever becomes of the others.
type Outbox struct {
	opts OutboxOptions

	mu    sync.Mutex
	kicks map[string]chan struct{} // by receiver that is being worked for
	again chan struct{}            // receivers may be others
}

// NewOutbox makes an outbox, which sends nothing before Deliver.
func NewOutbox(o OutboxOptions) *Outbox {
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = func(d time.Duration) (<-chan time.Time, func() bool) {
			t := time.NewTimer(d)
			return t.C, t.Stop
		}
	}
	if o.OnDelivered == nil {
		o.OnDelivered = func(string, string, time.Duration) {}
	}
	if o.OnFailed == nil {
		o.OnFailed = func(string, string, string, error) {}
	}
	if o.Fault == nil {
		o.Fault = func(error) {}
	}
	return &Outbox{opts: o, kicks: map[string]chan struct{}{}, again: make(chan struct{}, 1)}
}

// Kick says that there is something new to send, or that receivers are others. It does not wait.
func (o *Outbox) Kick() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, kick := range o.kicks {
		kicked(kick)
	}
	kicked(o.again)
}

func kicked(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Deliver sends until the context ends, and returns when nothing is under way any more.
func (o *Outbox) Deliver(ctx context.Context) {
	var workers sync.WaitGroup
	defer workers.Wait()
	stops := map[string]context.CancelFunc{}
	for ctx.Err() == nil {
		names := map[string]bool{}
		for _, r := range o.opts.Receivers() {
			names[r.Name()] = true
			if stops[r.Name()] == nil {
				within, stop := context.WithCancel(ctx)
				stops[r.Name()] = stop
				kick := o.working(r.Name())
				workers.Go(func() { o.work(within, r.Name(), kick) })
			}
		}
		for name, stop := range stops {
			if !names[name] { // its messages wait: perhaps it comes back
				stop()
				delete(stops, name)
			}
		}
		o.expire()
		o.wait(ctx, o.again, time.Hour)
	}
	for _, stop := range stops {
		stop()
	}
}

// working gives a receiver's worker what it is woken with.
func (o *Outbox) working(name string) chan struct{} {
	kick := make(chan struct{}, 1)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kicks[name] = kick
	return kick
}

// wait waits for a kick, or for a time, or for the context's end.
func (o *Outbox) wait(ctx context.Context, kick <-chan struct{}, d time.Duration) {
	due, stop := o.opts.After(d)
	defer stop()
	select {
	case <-ctx.Done():
	case <-kick:
	case <-due:
	}
}

// expire drops what waited too long for a receiver that nobody works for.
func (o *Outbox) expire() {
	oldest, err := o.opts.Store.Pending("", atOnce)
	if err != nil {
		o.opts.Fault(err)
		return
	}
	var drop []uint64
	for _, m := range oldest {
		if o.opts.Now().Sub(m.Since) > patience {
			o.opts.OnFailed(m.To, "", WhyTooOld, nil)
			drop = append(drop, m.ID)
		}
	}
	if err := o.ack(drop); err != nil {
		o.opts.Fault(err)
	}
}

func (o *Outbox) ack(ids []uint64) error {
	if len(ids) == 0 {
		return nil
	}
	if err := o.opts.Store.Ack(ids); err != nil {
		return fmt.Errorf("what was sent, or given up, cannot be settled: nothing more is sent, and after a restart it is sent again: %w", err)
	}
	return nil
}

// worker is what is known of one receiver while the process runs.
type worker struct {
	failures int                 // in a row, of the receiver as a whole
	until    time.Time           // it is let be until then
	aside    map[uint64]*refusal // messages that it refused
	done     []uint64            // messages that are to be acknowledged
}

// refusal is a message that a receiver does not take as it takes others.
type refusal struct {
	failures int
	until    time.Time
}

// work sends to one receiver.
func (o *Outbox) work(ctx context.Context, to string, kick <-chan struct{}) {
	w := worker{aside: map[uint64]*refusal{}}
	for ctx.Err() == nil {
		next := o.round(ctx, to, &w)
		o.wait(ctx, kick, next)
		for ctx.Err() == nil && o.opts.Now().Before(w.until) { // a kick does not hurry who is down
			o.wait(ctx, nil, w.until.Sub(o.opts.Now()))
		}
	}
}

// round sends what can be sent now, and returns after which time there may be more. As long as what was sent cannot be
// acknowledged nothing is sent: it would be sent again and again, and after a crash there would be ever more of it.
func (o *Outbox) round(ctx context.Context, to string, w *worker) time.Duration {
	var next time.Duration
	err := o.ackDone(w)
	if err == nil {
		next, err = o.send(ctx, to, w)
	}
	if err == nil {
		err = o.ackDone(w)
	}
	if err != nil {
		o.opts.Fault(err)
		return time.Minute
	}
	return next
}

// ackDone acknowledges what was sent, or given up.
func (o *Outbox) ackDone(w *worker) error {
	err := o.ack(w.done)
	if err == nil {
		w.done = w.done[:0]
	}
	return err
}

// send sends what can be sent now, and returns after which time there may be more. The error is the store's.
func (o *Outbox) send(ctx context.Context, to string, w *worker) (time.Duration, error) {
	all := o.opts.Receivers()
	at := slices.IndexFunc(all, func(r *Receiver) bool { return r.Name() == to })
	if at < 0 {
		return time.Hour, nil
	}
	limit := atOnce + len(w.aside)
	waiting, err := o.opts.Store.Pending(to, limit)
	if err != nil {
		return 0, err
	}
	next, blocked, moved := time.Hour, map[string]bool{}, false
	for i := range waiting {
		m := &waiting[i]
		if ctx.Err() != nil {
			return next, nil
		}
		act, why := o.open(m)
		if why == "" {
			why = o.tell(ctx, all[at], m, act, w, blocked, &next)
		}
		switch why {
		case WhyDown:
			return next, nil
		case WhyRefused:
			continue
		}
		delete(w.aside, m.ID)
		moved = true
		if w.done = append(w.done, m.ID); len(w.done) == ackedAtOnce {
			if err := o.ackDone(w); err != nil {
				return 0, err
			}
		}
	}
	if moved && len(waiting) == limit {
		return 0, nil // there may be more
	}
	return next, nil
}

// open reads a message, or says why it is dropped.
func (o *Outbox) open(m *Waiting) (*Act, string) {
	if o.opts.Now().Sub(m.Since) > patience {
		o.opts.OnFailed(m.To, "", WhyTooOld, nil)
		return nil, WhyTooOld
	}
	var act Act
	text, err := Unseal(&o.opts.Key, m.To, m.Body)
	if err == nil && json.Unmarshal(text, &act) != nil {
		err = ErrUnsealed
	}
	if err != nil {
		o.opts.OnFailed(m.To, "", WhyUnreadable, err)
		return nil, WhyUnreadable
	}
	return &act, ""
}

// tell sends a message, unless it has to wait: for its own time, or because an earlier one about the same person waits. It returns "" where
// the message was taken. Next becomes the time after which there may be more to send, where that is sooner.
func (o *Outbox) tell(ctx context.Context, r *Receiver, m *Waiting, a *Act, w *worker, blocked map[string]bool, next *time.Duration) string {
	people := a.people()
	block := func(until time.Time) string {
		for _, who := range people {
			blocked[who] = true
		}
		if d := until.Sub(o.opts.Now()); !until.IsZero() && d < *next {
			*next = max(d, 0)
		}
		return WhyRefused
	}
	if slices.ContainsFunc(people, func(who string) bool { return blocked[who] }) {
		return block(time.Time{})
	}
	before := w.aside[m.ID]
	if before != nil && o.opts.Now().Before(before.until) {
		return block(before.until)
	}
	why, after, err := o.attempt(ctx, r, m, a)
	if why == WhyRefused && before == nil && len(w.aside) >= mostAside {
		why = WhyDown
	}
	switch why {
	case "":
		w.failures = 0
		o.opts.OnDelivered(m.To, a.Type, o.opts.Now().Sub(m.Since))
		return ""
	case WhyDown:
		if ctx.Err() != nil {
			return why
		}
		w.failures++
		w.until = o.opts.Now().Add(max(delay(w.failures), after))
		*next = w.until.Sub(o.opts.Now())
	case WhyRefused:
		w.failures = 0
		if before == nil {
			before = &refusal{}
			w.aside[m.ID] = before
		}
		before.failures++
		before.until = o.opts.Now().Add(max(delay(before.failures), after))
		block(before.until)
	}
	o.opts.OnFailed(m.To, a.Type, why, err)
	return why
}
