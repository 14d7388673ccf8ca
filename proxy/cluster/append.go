package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy/natslink"
)

// How acts are appended.
const (
	maxWaiting    = 64 << 20 // bytes of acts that wait, each counted with what it costs beside its body
	actCost       = 64
	attemptLasts  = 500 * time.Millisecond // the first ones: a leader that died does not answer, and the next one takes it
	patientLasts  = 2 * time.Second        // later ones: an entry is large, or the servers' disks are slow
	patientAfter  = 16                     // attempts
	leastResend   = 20 * time.Millisecond
	mostResend    = 100 * time.Millisecond
	leastPayload  = 4 << 10 // of what a server takes, kept for headers and the entry's own fields
	seenBackAfter = time.Second

	refusedTooOften = 8 // attempts at one entry, after which the end of the chain is read again
)

// appender holds what waits to be appended. Its fields are guarded by [Log].mu.
type appender struct {
	wake   chan struct{}
	queue  []*waiter
	bytes  int
	flight *flight // the entry that is on its way; nil: none
	n      uint64  // entries written
	closed bool
}

// waiter is somebody who waits in [Log.Append].
type waiter struct {
	act  carried
	gone bool // nobody waits any more
	done chan appended
}

type appended struct {
	seq uint64
	err error
}

// flight is an entry on its way.
type flight struct {
	entry   *entry
	payload []byte
	who     []*waiter
	sent    time.Time     // before the first attempt
	settled chan struct{} // closed when it is known whether it is in the log
	last    error         // of the last attempt
}

func (a *appender) init() { a.wake = make(chan struct{}, 1) }

func (a *appender) kick() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// waiting counts the acts that wait. l.mu is held.
func (a *appender) waiting() int {
	n := len(a.queue)
	if a.flight != nil {
		n += len(a.flight.who)
	}
	return n
}

// Append appends an act under an id that its caller made for it, and returns its number when the quorum has it. It
// tries again, over reconnects and changes of leader, until the context ends. An error is [ErrNotAppended] where it is
// certain that the act is not and will not be in the log, or [ErrUnknown]: then whoever appends it again does so under
// the same id, and who applies acts tells by the id that it came twice. The body must not change meanwhile.
func (l *Log) Append(ctx context.Context, id [16]byte, body []byte) (uint64, error) {
	if most := (appending{l}).mostBody(); len(body) > most {
		return 0, fmt.Errorf("%w: the act has %d bytes: at most %d", ErrNotAppended, len(body), most)
	}
	w := &waiter{act: carried{id: id, body: body}, done: make(chan appended, 1)}
	if err := (appending{l}).enqueue(w); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrNotAppended, err)
	}
	select {
	case r := <-w.done:
		return r.seq, r.err
	case <-ctx.Done():
		return appending{l}.giveUp(w, context.Cause(ctx))
	}
}

// appending is a log as what writes entries.
type appending struct{ *Log }

// mostBody is how long a body may be.
func (l appending) mostBody() int {
	if most := l.nc.MaxPayload(); most > 0 { // 0: never connected yet
		return min(MaxBody, int(most)-leastPayload)
	}
	return MaxBody
}

var errFull = errors.New("too many acts wait for the cluster")

func (l appending) enqueue(w *waiter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &l.appender
	switch cost := len(w.act.body) + actCost; {
	case a.closed:
		return ErrClosed
	case a.bytes+cost > maxWaiting:
		return errFull
	default:
		a.bytes += cost
	}
	a.queue = append(a.queue, w)
	a.kick()
	return nil
}

// giveUp ends a wait.
func (l appending) giveUp(w *waiter, why error) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case r := <-w.done: // in the last moment
		return r.seq, r.err
	default:
	}
	w.gone = true
	a := &l.appender
	if i := slices.Index(a.queue, w); i >= 0 {
		a.queue = slices.Delete(a.queue, i, i+1)
		a.bytes -= len(w.act.body) + actCost
		return 0, fmt.Errorf("%w: %w", ErrNotAppended, why)
	}
	switch {
	case l.err != nil:
		why = fmt.Errorf("%w (%w)", why, l.err)
	case a.flight != nil && a.flight.last != nil:
		why = fmt.Errorf("%w (%w)", why, a.flight.last)
	}
	return 0, fmt.Errorf("%w: %w", ErrUnknown, why)
}

// appendAlways writes entries, one after the other, until the log is closed.
func (l appending) appendAlways() {
	for l.ctx.Err() == nil {
		f := l.depart()
		if f == nil {
			l.pause(time.Second, l.appender.wake)
			continue
		}
		for attempt := 0; l.ctx.Err() == nil && !f.isSettled(); attempt++ {
			l.pauseFlight(f, l.attempt(f, attempt))
		}
	}
}

// depart makes an entry of what waits; nil: there is nothing to do, or the end of the chain is not known.
func (l appending) depart() *flight {
	room := min(maxBytes, int(l.nc.MaxPayload())-leastPayload)
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &l.appender
	if len(a.queue) == 0 || !l.known || !l.pulse.active.Load() || !receiving(l).atEnd() {
		return nil
	}
	n, bytes := 0, 0
	for n < len(a.queue) && n < maxActs {
		if bytes += len(a.queue[n].act.body) + 20; n > 0 && bytes > room {
			break
		}
		n++
	}
	a.n++
	e := &entry{by: writing{run: l.run, n: a.n}, node: l.o.Node, first: l.head.at.Seq + 1, parent: l.head.at.Sum}
	f := &flight{entry: e, who: slices.Clone(a.queue[:n]), settled: make(chan struct{})}
	a.queue = slices.Delete(a.queue, 0, n)
	for _, w := range f.who {
		e.acts = append(e.acts, w.act)
	}
	f.payload = marshalEntry(e)
	a.flight = f
	return f
}

// attempt sends an entry, and returns how long to wait for it to come back before the next attempt.
func (l appending) attempt(f *flight, attempt int) time.Duration {
	l.mu.Lock()
	if l.err != nil && !errors.Is(l.err, ErrUnauthorized) { // it would stand in a log that this node is not in
		l.mu.Unlock()
		return mostResend
	}
	after := l.head.subject
	if f.sent.IsZero() {
		f.sent = l.o.Now()
	}
	l.mu.Unlock()
	lasts := attemptLasts
	if attempt >= patientAfter {
		lasts = patientLasts
	}
	ctx, cancel := context.WithTimeout(l.ctx, lasts)
	defer cancel()
	go f.cancelWhenSettled(ctx, cancel)
	msg := &nats.Msg{Subject: l.names.acts, Header: nats.Header{}, Data: f.payload}
	ack, err := l.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(after),
		jetstream.WithExpectStream(l.names.stream), jetstream.WithRetryAttempts(0))
	if err == nil {
		receiving(l).watch(ack.Sequence)
		return seenBackAfter
	}
	switch c := natslink.Code(err); {
	case f.isSettled() || l.ctx.Err() != nil:
	case c == errCodeLastSeq || c == errCodeLastSeqBusy: // another entry was first, and is about to be read
		if attempt%refusedTooOften == refusedTooOften-1 { // or the last one that was read is not there any more
			l.link.broken()
		}
	default:
		l.mu.Lock()
		f.last = err
		l.mu.Unlock()
		l.o.Note(Event{What: AppendFailed, Server: l.server(), Err: err})
	}
	return l.backoff(attempt, leastResend, mostResend)
}

func (f *flight) cancelWhenSettled(ctx context.Context, cancel context.CancelFunc) {
	select {
	case <-f.settled:
		cancel()
	case <-ctx.Done():
	}
}

func (f *flight) isSettled() bool {
	select {
	case <-f.settled:
		return true
	default:
		return false
	}
}

func (l appending) pauseFlight(f *flight, d time.Duration) {
	if !f.isSettled() {
		l.pause(d, f.settled)
	}
}

// settle is told which entry continued the chain. Is it the one on its way, then its acts are appended, and it returns
// when that was sent; is it another one, then the one on its way is not in the log and never will be, and its acts wait
// again, before all others. l.mu is held.
func (a *appender) settle(e *entry) time.Time {
	f := a.flight
	if f == nil {
		return time.Time{}
	}
	if f.entry.by != e.by {
		a.turnBack()
		return time.Time{}
	}
	a.flight = nil
	close(f.settled)
	for i, w := range f.who {
		a.bytes -= len(w.act.body) + actCost
		w.done <- appended{seq: e.first + uint64(i)}
	}
	return f.sent
}

// moved is told where the chain goes on that is another one from now on. l.mu is held.
func (a *appender) moved(at Position) {
	if f := a.flight; f != nil && (f.entry.first != at.Seq+1 || f.entry.parent != at.Sum) {
		a.turnBack()
	}
}

// turnBack has the acts of the entry on its way wait again, before all others: it continues
// nothing, and never will. l.mu is held.
func (a *appender) turnBack() {
	f := a.flight
	a.flight = nil
	defer close(f.settled)
	again := slices.DeleteFunc(f.who, func(w *waiter) bool {
		if w.gone {
			a.bytes -= len(w.act.body) + actCost
		}
		return w.gone
	})
	a.queue = slices.Concat(again, a.queue)
}

// end tells everybody who waits that the log is closed.
func (a *appender) end(mu *sync.Mutex) {
	mu.Lock()
	defer mu.Unlock()
	a.closed = true
	for _, w := range a.queue {
		w.done <- appended{err: fmt.Errorf("%w: %w", ErrNotAppended, ErrClosed)}
	}
	if a.flight != nil {
		for _, w := range a.flight.who {
			w.done <- appended{err: fmt.Errorf("%w: %w", ErrUnknown, ErrClosed)}
		}
	}
	a.queue, a.flight = nil, nil
}
