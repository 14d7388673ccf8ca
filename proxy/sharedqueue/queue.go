package sharedqueue

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Queue is one node's end of a cluster's queue. Its methods are safe for concurrent use.
type Queue struct {
	o       Options
	names   names
	run     [16]byte // of this run of the program, in marks
	sealing [32]byte // what messages are sealed below
	marking []byte   // what marks are vouched for with
	nc      *nats.Conn
	js      jetstream.JetStream

	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup
	soon   chan struct{}

	streams atomic.Pointer[streams] // nil: they were not found yet
	state   atomic.Pointer[State]
	failed  atomic.Int64 // when the quorum was last not reached, in Unix nanoseconds; 0: since it was, never
	refused atomic.Pointer[error]

	hearing  sync.Mutex // held by who reads what nodes say to all
	told     told
	erasures atomic.Pointer[[]*Erasure]
	news     chan struct{} // said when there is another one
	madeAt   atomic.Int64  // when the stream of messages was made, in Unix nanoseconds

	takings atomic.Uint64 // how many messages were taken
	saying  chan struct{} // said when there is something to be said

	mu     sync.Mutex
	held   map[id]*Message   // that were taken, and have not gone yet
	unsaid map[*Message]bool // of which something is to be said
}

// streams are those of the queue, once they were found or made.
type streams struct{ events, marks jetstream.Stream }

// State is how the stream stands, as it was seen last.
type State struct {
	Messages uint64
	Bytes    uint64
	Size     int64
	Vendors  map[string]uint64 // messages of each
	Seen     time.Time
}

// Open opens a queue. It needs no server for that: it waits for them a while, and goes on trying. An error is about the
// options, or says that a stream which was found is not this cluster's; with [Options].Find, [ErrNone] says that the
// servers were asked, and there is no stream.
func Open(ctx context.Context, o Options) (*Queue, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	q := &Queue{o: o, names: namesOf(o.Cluster), soon: make(chan struct{}, 1), held: map[id]*Message{},
		saying: make(chan struct{}, 1), unsaid: map[*Message]bool{}, news: make(chan struct{}, 1)}
	q.erasures.Store(new([]*Erasure))
	q.state.Store(&State{Size: o.Size})
	if _, err := io.ReadFull(o.Rand, q.run[:]); err != nil {
		return nil, err
	}
	sealing, err := hkdf.Key(sha256.New, o.Key[:], nil, "tagwarden/1/shared queue messages", 32)
	if err != nil {
		return nil, err
	}
	q.sealing = [32]byte(sealing)
	if q.marking, err = marking(q).macKey(); err != nil {
		return nil, err
	}
	q.ctx, q.cancel = context.WithCancel(context.Background())
	if err := q.connect(); err != nil {
		q.cancel()
		return nil, err
	}
	wait, end := context.WithTimeout(ctx, q.o.Come)
	defer end()
	for {
		err := q.look(wait)
		if errors.Is(err, ErrOther) || errors.Is(err, ErrNone) {
			return nil, errors.Join(err, q.Close())
		}
		if err == nil || !pause(wait, retryMark) {
			break
		}
	}
	q.tasks.Go(q.lookAlways)
	q.tasks.Go(q.keepAlways)
	q.tasks.Go(q.sayAlways)
	return q, nil
}

// Close ends it. What was taken and not given back is handed to others after a while.
func (q *Queue) Close() error {
	q.cancel()
	q.nc.Close()
	q.tasks.Wait()
	return nil
}

// State is how the stream stands, as it was seen last.
func (q *Queue) State() State { return *q.state.Load() }

// Ready tells why nothing can be put; nil: as far as is known it can. The error is [ErrFull], or wraps [ErrNotPut].
func (q *Queue) Ready() error {
	state := q.state.Load()
	switch {
	case q.refused.Load() != nil:
		return fmt.Errorf("%w: %w", ErrNotPut, *q.refused.Load())
	case q.streams.Load() == nil:
		return fmt.Errorf("%w: its streams were not found yet", ErrNotPut)
	case !q.nc.IsConnected():
		return fmt.Errorf("%w: there is no connection to a server", ErrNotPut)
	case q.failed.Load() != 0 && q.o.Now().UnixNano()-q.failed.Load() < int64(quietAfter):
		return fmt.Errorf("%w: its servers have no quorum", ErrNotPut)
	case int64(state.Bytes) > state.Size-state.Size/64: // before servers refuse what was judged already
		return ErrFull
	}
	return nil
}

// Healthy is as Ready, for whoever asks seldom: it goes by what was found last, however long ago.
func (q *Queue) Healthy() error {
	if err := q.Ready(); err != nil {
		return err
	}
	if q.failed.Load() != 0 {
		return fmt.Errorf("%w: its servers have no quorum", ErrNotPut)
	}
	return nil
}

func (q *Queue) lookSoon() {
	select {
	case q.soon <- struct{}{}:
	default:
	}
}

// lookAlways looks at the stream again and again.
func (q *Queue) lookAlways() {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for said := ""; ; {
		select {
		case <-q.ctx.Done():
			return
		case <-t.C:
		case <-q.soon:
		}
		err := q.look(q.ctx)
		switch {
		case q.ctx.Err() != nil:
			return
		case errors.Is(err, ErrOther):
			q.refused.Store(&err)
		case err != nil:
			q.failed.Store(q.o.Now().UnixNano())
		}
		says := ""
		if err != nil {
			says = err.Error()
		}
		if says != said && err != nil {
			q.o.Note("it cannot be used", err)
		}
		said = says
	}
}

// look finds the streams, or makes them, and sees how they stand.
func (q *Queue) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askLasts)
	defer cancel()
	s := q.streams.Load()
	if s == nil {
		events, err := q.find(ctx, q.eventsConfig())
		if err != nil {
			return err
		}
		marks, err := q.find(ctx, q.marksConfig())
		if err != nil {
			return err
		}
		s = &streams{events, marks}
		q.streams.Store(s)
		q.refused.Store(nil)
	}
	info, err := s.events.Info(ctx, jetstream.WithSubjectFilter(q.names.events+">"))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		// it was deleted behind our back: it is made anew, and what was in it is gone
		q.streams.Store(nil)
		q.o.Note("the stream of what waits is gone, and what was in it: it is made anew", err)
		return err
	}
	if err != nil {
		return err
	}
	if err := stillFits(q, info.Config, q.eventsConfig()); err != nil {
		return err
	}
	q.madeAt.Store(info.Created.UnixNano())
	for _, err := range []error{telling(q).saysItTakes(ctx), telling(q).hear(ctx), telling(q).forgetErased(ctx)} {
		if errors.Is(err, jetstream.ErrStreamNotFound) { // likewise
			q.streams.Store(nil)
			q.o.Note("the stream of marks is gone: it is made anew", err)
		}
		if err != nil {
			return err
		}
	}
	state := &State{
		Messages: info.State.Msgs, Bytes: info.State.Bytes, Size: info.Config.MaxBytes, Vendors: map[string]uint64{},
		Seen: q.o.Now(),
	}
	for subject, n := range info.State.Subjects {
		state.Vendors[vendorOf(strings.TrimPrefix(subject, q.names.events))] = n
	}
	q.state.Store(state)
	if info.Cluster == nil || info.Cluster.Leader != "" {
		if at := q.failed.Load(); at != 0 && q.o.Now().UnixNano()-at >= int64(quietAfter) {
			q.failed.CompareAndSwap(at, 0)
		}
	}
	return nil
}

// pause waits a while; false: the context has ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
