package cluster

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// How a node shows that it lacks nothing.
const (
	beatsPerStale = 5
	hurry         = 200 * time.Millisecond // between heartbeats of a node that is not fresh
	maxBeatsOut   = 256                    // that are remembered
	beatLives     = time.Minute            // in the stream
)

// pulse is a node's heartbeats, and when it was fresh.
type pulse struct {
	fresh   atomic.Pointer[time.Time] // when the node last lacked nothing
	refused atomic.Bool               // the log may not be applied: stale at once
	apart   atomic.Bool               // another node has acts of another log: likewise
	active  atomic.Bool               // the stream is read
	caught  chan struct{}             // closed when the node was first fresh
	soon    chan struct{}

	mu        sync.Mutex
	n         uint64
	out       map[uint64]time.Time // when each was sent that is not back
	came      bool                 // one of this run is back
	newest    time.Time            // when the newest was sent that is back, applied or not
	strangers int                  // heartbeats of others under this node's name since then
}

func (p *pulse) init() {
	p.caught, p.soon, p.out = make(chan struct{}), make(chan struct{}, 1), map[uint64]time.Time{}
}

// kick has a heartbeat sent at once.
func (p *pulse) kick() {
	select {
	case p.soon <- struct{}{}:
	default:
	}
}

// send counts a heartbeat that is being sent.
func (p *pulse) send(now time.Time) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	p.out[p.n] = now
	delete(p.out, p.n-maxBeatsOut)
	return p.n
}

// back returns when a heartbeat that came back was sent.
func (p *pulse) back(n uint64) (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sent, known := p.out[n]
	delete(p.out, n)
	p.came = p.came || known
	if sent.After(p.newest) {
		p.newest = sent
	}
	return sent, known
}

// stranger counts a heartbeat of another run under this node's name. It says true once, when it is not one of a run
// that ended.
func (p *pulse) stranger() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.came {
		p.strangers++
	}
	return p.strangers == 3
}

// set notes that the node lacked nothing at that time. It says whether that is news.
func (p *pulse) set(at, now time.Time, stale time.Duration) bool {
	before := p.fresh.Load()
	if before != nil && !at.After(*before) {
		return false
	}
	p.fresh.Store(&at)
	if before == nil {
		close(p.caught)
		return true
	}
	return older(*before, now, stale)
}

// older says whether a time is longer ago than that, by the monotonic clock or by the wall clock: the one stands still
// while a machine sleeps, the other may be set back.
func older(at, now time.Time, than time.Duration) bool {
	return now.Sub(at) > than || now.Round(0).Sub(at.Round(0)) > than
}

// Fresh returns the newest time, by this node's clock, at which it lacked nothing that had been acknowledged by then
// anywhere, and has applied all of it; zero: never yet.
func (l *Log) Fresh() time.Time {
	if at := l.pulse.fresh.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// Stale says whether the node may lack acts that were acknowledged [Options].Stale before now, or earlier: it was never
// fresh, not for too long, the log may not be applied, or another node has done acts of another one ([Log.Apart]). now
// is of the clock of [Options].Now. It takes no lock and allocates nothing.
func (l *Log) Stale(now time.Time) bool {
	at := l.pulse.fresh.Load()
	return at == nil || l.pulse.refused.Load() || l.pulse.apart.Load() || older(*at, now, l.o.Stale)
}

// CaughtUp is closed when the node has been fresh for the first time since [Open].
func (l *Log) CaughtUp() <-chan struct{} { return l.pulse.caught }

// beatAlways sends heartbeats until the log is closed.
func (l *Log) beatAlways() {
	every := l.o.Stale / beatsPerStale
	wait, stale := every, true
	for l.pause(wait, l.pulse.soon) {
		if l.pulse.active.Load() {
			l.beat()
		}
		asking{l}.countApart()
		now := l.o.Now()
		was := stale
		if stale = l.Stale(now); stale && !was {
			l.o.Note(Event{What: WentStale, Server: l.server(), Err: l.Err()})
		}
		wait = every
		if at := l.pulse.fresh.Load(); at == nil || older(*at, now, 2*every) {
			wait = l.jitter(min(every, hurry))
			l.move(now)
		}
	}
}

// beat sends a heartbeat.
func (l *Log) beat() {
	l.mu.Lock()
	b := beat{by: writing{run: l.run}, seq: l.head.at.Seq, sum: l.head.at.Sum}
	l.mu.Unlock()
	b.by.n = l.pulse.send(l.o.Now())
	if err := l.nc.PublishMsg(l.beatMessage(b)); err != nil {
		return // there is no connection: the next one is sent when there is
	}
}

func (l *Log) beatMessage(b beat) *nats.Msg {
	msg := nats.NewMsg(l.names.beats + l.o.Node)
	msg.Header.Set("Nats-TTL", max(beatLives, 4*l.o.Stale).Round(time.Second).String())
	msg.Data = marshalBeat(b)
	return msg
}

// move leaves a server through which heartbeats do not come back: another one may be with the quorum.
func (l *Log) move(now time.Time) {
	k := &l.link
	l.pulse.mu.Lock()
	if l.pulse.newest.After(k.moved) {
		k.moved = l.pulse.newest
	}
	l.pulse.mu.Unlock()
	patience := max(l.o.Stale*3/beatsPerStale, time.Second)
	switch {
	case !l.nc.IsConnected() || l.Err() != nil || k.moved.IsZero() || len(l.queue) == cap(l.queue): // it is not to blame
		k.moved = now
	case now.Sub(k.moved) > patience+k.spread:
		k.moved, k.spread = now, l.jitter(patience)
		l.o.Note(Event{What: Moving, Server: l.server()})
		_ = l.nc.ForceReconnect() // fails where there is no connection, and then it comes anyway
	}
}
