package webhook

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"time"
)

// line is what waits for one receiver, and how that does.
type line struct {
	name string
	kick chan struct{} // there may be something to do

	mu       sync.Mutex
	receiver *Receiver // nil: there is none of that name
	leave    context.CancelFunc
	index    index
	under    int  // messages that are under way
	retried  int  // of these, those that failed before
	turn     bool // such a one is handed out first
	breaker  breaker
	paused   bool      // it said that it is gone
	failing  time.Time // since when nothing was taken; zero: what was tried last was
	why      string    // what became of the last attempt that failed

	done    []uint64  // messages that are over and not acknowledged
	since   time.Time // of done
	acking  bool
	stuck   time.Time // the store failed: nothing is sent, or acknowledged, until then
	unacked bool      // it failed to acknowledge, and did not succeed since
}

// meet takes notice of the receiver in force; nil: there is none any more. Where there was none, begin says that it has
// to be worked for, until the context that is returned ends. One that is another than it was gets a fresh start.
func (l *line) meet(ctx context.Context, r *Receiver) (within context.Context, begin bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.receiver
	l.receiver = r
	switch {
	case r == nil && before != nil:
		l.leave()
	case r == nil:
	case before == nil:
		within, l.leave = context.WithCancel(ctx)
		begin = true
	case !same(before, r):
		l.breaker, l.paused, l.failing = breaker{}, false, time.Time{}
		l.index.hurry()
		kicked(l.kick)
	}
	return within, begin
}

func (l *line) add(m *message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.index.add(m)
	kicked(l.kick)
}

// giveUp notes that a message is over that was never added.
func (l *line) giveUp(id uint64, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settle(id, now)
	kicked(l.kick)
}

// settle has a message acknowledged, when the time comes.
func (l *line) settle(id uint64, now time.Time) {
	if len(l.done) == 0 {
		l.since = now
	}
	l.done = append(l.done, id)
}

// drop gives a message up that is not under way.
func (l *line) drop(m *message, now time.Time) {
	l.index.end(m)
	l.settle(m.id, now)
	kicked(l.kick)
}

// dropOldest gives the oldest message up that is not under way; false: there is none.
func (l *line) dropOldest(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.index.oldest(false)
	if m != nil {
		l.drop(m, now)
	}
	return m != nil
}

// expire gives those up that waited too long, and returns how many.
func (l *line) expire(now time.Time) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for first := l.index.oldest(true); first != nil && first.age(now) > patience; first = l.index.oldest(true) {
		m := l.index.oldest(false)
		if m == nil || m.age(now) <= patience {
			break
		}
		l.drop(m, now)
		n++
	}
	return n
}

// longest is how long is waited where nothing but a kick is waited for.
const longest = time.Hour

// next hands out a message that may be sent now, and to whom, or says for how long
// there is none unless there is a kick.
func (l *line) next(now time.Time, random float64) (*message, *Receiver, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := &l.breaker
	switch {
	case l.receiver == nil, l.paused, b.probe != nil, l.under >= l.receiver.concurrency():
		return nil, nil, longest
	case now.Before(l.stuck):
		return nil, nil, l.stuck.Sub(now)
	case len(l.done) >= ackedAtOnce, l.unacked:
		return nil, nil, longest // an acknowledgement is under way
	case now.Before(b.until):
		return nil, nil, b.until.Sub(now)
	}
	l.index.wake(now)
	m := l.take(random)
	switch due := l.index.due(); {
	case m != nil:
		if l.turn = !l.turn; m.failures > 0 {
			l.retried++
		}
		l.under++
		return m, l.receiver, 0
	case due.IsZero():
		return nil, nil, longest
	default:
		return nil, nil, max(due.Sub(now), 0)
	}
}

// take hands out a message: in turn one that failed before, as far as these take no more than half of what may be under
// way, and one that did not. While the receiver is let be it is any of them.
func (l *line) take(random float64) *message {
	order := []*queue{&l.index.ready, &l.index.again}
	if l.turn {
		slices.Reverse(order)
	}
	if l.breaker.open() {
		l.breaker.probe = l.index.take(func(n int) int { return int(random * float64(n)) }, order...)
		return l.breaker.probe
	}
	if l.retried >= max(l.receiver.concurrency()/2, 1) {
		order = []*queue{&l.index.ready}
	}
	return l.index.take(nil, order...)
}

// toAck returns what is to be acknowledged now: as many as make a write worth while, or all where nothing is ready, or
// where they wait for long; with all whatever there is. Otherwise it says when to ask again, unless there is a kick.
func (l *line) toAck(now time.Time, all bool) ([]uint64, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch waited := now.Sub(l.since); {
	case len(l.done) == 0 || l.acking:
		return nil, longest
	case !all && now.Before(l.stuck):
		return nil, l.stuck.Sub(now)
	case !all && len(l.done) < ackedAtOnce && len(l.index.ready)+len(l.index.again) > 0 && waited < time.Second:
		return nil, time.Second - waited
	}
	ids := l.done
	l.done, l.acking = nil, true
	return ids, 0
}

// unserved returns what is to be acknowledged of a receiver whom nobody works for.
func (l *line) unserved(now time.Time) []uint64 {
	l.mu.Lock()
	served := l.receiver != nil
	l.mu.Unlock()
	if served {
		return nil
	}
	ids, _ := l.toAck(now, true)
	return ids
}

// acked notes that messages were acknowledged, or not. As long as they cannot be nothing is sent: it would be sent
// again and again, and after a crash there would be ever more of it.
func (l *line) acked(ids []uint64, err error, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acking, l.unacked = false, err != nil
	if err != nil {
		l.done, l.stuck = append(ids, l.done...), now.Add(time.Minute)
	}
	kicked(l.kick)
}

// outcome is what became of an attempt.
type outcome struct {
	receiver *Receiver     // that was tried
	why      string        // "": the message was taken
	after    time.Duration // how long the receiver asked to be let be
}

// ended notes what became of an attempt to tell of a message.
func (l *line) ended(m *message, out outcome, now time.Time, random float64) {
	why, after := out.why, out.after
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.under--; m.failures > 0 {
		l.retried--
	}
	b := &l.breaker
	defer kicked(l.kick)
	defer func() {
		if b.probe == m {
			b.probe = nil
		}
	}()
	if why == "" {
		b.taken()
		l.failing = time.Time{}
	} else if !last(why) && why != whyEnded && why != whyStore {
		if l.why = why; l.failing.IsZero() {
			l.failing = now
		}
	}
	switch {
	case why == "", last(why):
		l.index.end(m)
		l.settle(m.id, now)
	case why == whyEnded, !same(l.receiver, out.receiver):
		l.index.giveBack(m)
	case why == whyStore:
		l.index.giveBack(m)
		l.stuck = now.Add(time.Minute)
	case why == WhyGone:
		l.paused = true
		l.index.giveBack(m)
	case ofItself(why):
		b.failed(m, true, after, now, random)
		l.index.giveBack(m)
	case b.failed(m, why == WhyLimited, after, now, random):
		m.failures++
		l.index.delay(m, now.Add(ofMessage.Delay(m.failures, after, random)))
	default: // others are tried first
		l.index.delay(m, later(b.until.Add(1), now.Add(after)))
	}
}

// same tells whether two receivers are one, as far as the server file says.
func same(a, b *Receiver) bool {
	return a == b || a != nil && b != nil && reflect.DeepEqual(a.opts, b.opts)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// State is how a receiver does.
type State struct {
	Name    string
	Room    Room      // what waits for it
	Oldest  time.Time // when the one began to wait that waits longest; zero: none does
	Failing time.Time // since when it took nothing of what was tried; zero: it took what was tried last
	Why     string    // the last attempt came to nothing, where it is failing
	Paused  bool      // it said that it is gone, and nothing is tried
	Known   bool      // it is one of those in force
	Ends    time.Time // when its certificate ends, as far as this process saw it; zero: it saw none
}

func (l *line) state() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := State{
		Name: l.name, Room: l.index.room, Failing: l.failing, Why: l.why, Paused: l.paused, Known: l.receiver != nil,
	}
	if m := l.index.oldest(true); m != nil {
		s.Oldest = time.Unix(0, m.since)
	}
	return s
}
