package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Log is one node's end of a cluster's log. Its methods are safe for concurrent use.
type Log struct {
	o     Options
	names names
	run   [16]byte // of this run of the program, in what it writes
	nc    *nats.Conn
	js    jetstream.JetStream

	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	link  link         // the connection, as it is told of itself
	pulse pulse        // heartbeats and freshness
	queue chan reading // from who reads to who applies

	sessions uint64 // times that the stream was read anew; owned by who reads

	applied atomic.Pointer[Position]  // how far Apply has come
	ends    atomic.Pointer[time.Time] // when the certificate ends that a server showed last
	heard   heard                     // of other nodes

	mu       sync.Mutex
	known    bool     // head is that of a stream that was found or made
	head     head     // owned by who reads, who alone changes it
	origin   Position // where that stream begins
	last     uint64
	appender appender
	err      error // why nothing is applied

	jitterMu sync.Mutex
	random   *rand.Rand
}

// Open opens a log. It does not need the cluster: it waits for it for a while ([Options].Wait, or until the context
// ends), and returns a log that is stale and goes on trying. It does not wait where no server can be reached, or
// those that can have no quorum and say so. A stream that may not be applied is an error here where it is found in
// that time ([ErrMissing], [ErrBegunAnew], [ErrOtherLog], [ErrOtherCluster], [ErrOtherIdentity], [ErrNewer],
// [ErrBehind], [ErrDiverged], [ErrNotOurs]), and else what [Log.Err] returns. Where the stream is missing, and
// this node has come some way in it, that is no error: it can be begun anew from this node ([Restore]). It makes
// the stream if there is none and neither this node nor another that answers has come anywhere in one, nor
// anything else says so ([Options].First).
func Open(ctx context.Context, o Options) (*Log, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	l := &Log{o: o, names: namesOf(o.Name, o.Kind), queue: make(chan reading, maxQueued)}
	var seed [32]byte
	if _, err := io.ReadFull(o.Rand, seed[:]); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(o.Rand, l.run[:]); err != nil {
		return nil, err
	}
	l.random = rand.New(rand.NewChaCha8(seed)) //nolint:gosec // only spreads waits
	at := o.At
	l.applied.Store(&at)
	l.link.init()
	l.pulse.init()
	l.appender.init()
	l.ctx, l.cancel = context.WithCancel(context.Background())
	if err := l.connect(); err != nil {
		l.cancel()
		return nil, err
	}
	for _, task := range []func(){(receiving{l}).readAlways, l.applyAlways, l.beatAlways, (appending{l}).appendAlways} {
		l.tasks.Go(task)
	}
	if err := l.settle(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// settle waits until the log is read, or for as long as Open may. It returns why the log may not be applied.
func (l *Log) settle(ctx context.Context) error {
	timer := time.NewTimer(l.o.Wait)
	defer timer.Stop()
	select {
	case <-l.link.reading:
		return nil
	case err := <-l.link.wrong: // what does not become right by waiting
		return finding{l}.unlessMissing(err)
	case <-l.link.nobody:
	case <-ctx.Done():
	case <-timer.C:
	}
	if err := l.Err(); err != nil && !errors.Is(err, ErrUnauthorized) {
		return finding{l}.unlessMissing(err)
	}
	return nil
}

// unlessMissing is an error, or nil where the log can be begun anew from this node.
func (l finding) unlessMissing(err error) error {
	if errors.Is(err, ErrMissing) && (l.o.Missing || !l.o.At.IsZero()) {
		return nil
	}
	return err
}

// Close ends the log. Who waits in [Log.Append] is told. Apply is not called any more when it returns.
func (l *Log) Close() error {
	l.cancel()
	l.nc.Close()
	l.tasks.Wait()
	l.appender.end(&l.mu)
	return nil
}

// Err returns why nothing of the log is applied; nil: nothing forbids it. It says what to do.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// refuse notes why the log may not be applied.
func (l *Log) refuse(err error) {
	l.mu.Lock()
	news := l.err == nil || l.err.Error() != err.Error()
	l.err = err
	l.mu.Unlock()
	if !errors.Is(err, ErrUnauthorized) {
		l.pulse.refused.Store(true)
	}
	if news {
		l.o.Note(Event{What: Refused, Server: l.server(), Err: err})
	}
}

// Status says how a log is doing.
type Status struct {
	Server     string // that it is connected to; "": none
	At         Position
	Last       uint64    // sequence of the stream's last message, as far as the node knows
	Read       uint64    // sequence of the last message that was read
	Behind     uint64    // acts that were read and not yet applied
	Fresh      time.Time // when the node last lacked nothing, by its own clock; zero: never yet
	Stale      bool
	Waiting    int       // appends that wait
	Reconnects uint64    // since it was opened
	Err        error     // as [Log.Err]
	Ends       time.Time // when the certificate ends that a server showed last; zero: none did
}

// Status returns how the log is doing.
func (l *Log) Status() Status {
	now := l.o.Now()
	s := Status{Server: l.server(), At: *l.applied.Load(), Fresh: l.Fresh(), Stale: l.Stale(now),
		Reconnects: l.nc.Stats().Reconnects}
	if ends := l.ends.Load(); ends != nil {
		s.Ends = *ends
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.Last, s.Read, s.Err = max(l.last, l.head.read), l.head.read, l.err
	s.Waiting = l.appender.waiting()
	if l.head.at.Seq > s.At.Seq {
		s.Behind = l.head.at.Seq - s.At.Seq
	}
	return s
}

// server is the address of the server that the node is connected to; "": none.
func (l *Log) server() string {
	if l.nc == nil || !l.nc.IsConnected() {
		return ""
	}
	return l.nc.ConnectedAddr()
}

// jitter returns a time around the one given: from half of it to one and a half.
func (l *Log) jitter(d time.Duration) time.Duration {
	l.jitterMu.Lock()
	defer l.jitterMu.Unlock()
	return d/2 + time.Duration(l.random.Int64N(int64(d)+1))
}

// backoff returns how long to wait before the nth attempt after the first, jittered.
func (l *Log) backoff(n int, least, most time.Duration) time.Duration {
	return min(l.jitter(min(least<<max(0, min(n, 16)), most)), most)
}

// pause waits so long, or until the channel says something; false: the log is closed.
func (l *Log) pause(d time.Duration, sooner <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-sooner:
	case <-l.ctx.Done():
	}
	return l.ctx.Err() == nil
}

// cannot wraps an error of the cluster, which passes.
func cannot(do string, err error) error { return fmt.Errorf("cannot %s: %w", do, err) }

// Known says whether the log's stream was found, or made, since it was opened, and is one that this node may apply.
func (l *Log) Known() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known
}
