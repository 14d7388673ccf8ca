package cluster

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy/natslink"
)

// How the stream is read.
const (
	pullBytes     = 4 << 20 // read ahead
	pullExpiry    = 5 * time.Second
	pullHeartbeat = 500 * time.Millisecond // the least there is; two missing: a new consumer is made
	consumerLives = 30 * time.Second       // without anybody who reads
	leastReread   = 50 * time.Millisecond
	mostReread    = 250 * time.Millisecond
	refusedReread = 2 * time.Second
)

// reading is what was read: acts, or that the node was fresh.
type reading struct {
	acts  []Act
	to    Position
	fresh time.Time // when this node sent what came back; zero: nothing of its own
}

var errMissed = errors.New("the server left a message out")

// receiving is a log as what reads its stream.
type receiving struct{ *Log }

// readAlways reads the stream until the log is closed, over every reconnect.
func (l receiving) readAlways() {
	for failed := 0; l.ctx.Err() == nil; {
		if !l.nc.IsConnected() {
			l.pause(time.Second, l.link.up)
			continue
		}
		ctx, cancel := l.link.session(l.ctx)
		delivered, err := l.read(ctx)
		broken := ctx.Err() != nil
		cancel()
		l.pulse.active.Store(false)
		if delivered {
			failed = 0
		}
		switch {
		case l.ctx.Err() != nil:
		case isRefusal(err):
			l.refuse(err)
			l.tellApart(err)
			if waitingIsVain(err) {
				select {
				case l.link.wrong <- err:
				default:
				}
			}
			l.pause(l.jitter(refusedReread), l.link.up)
		case broken: // it comes back, and readAlways with it
		default:
			if natslink.Code(err) == errCodeNoQuorum {
				l.link.hasNobody()
			}
			l.o.Note(Event{What: Interrupted, Server: l.server(), Err: err})
			l.pause(l.backoff(failed, leastReread, mostReread), l.link.up)
			failed++
		}
	}
}

// waitingIsVain says whether a refusal is about what a stream is, and not about what it holds just now.
func waitingIsVain(err error) bool {
	for _, e := range []error{ErrMissing, ErrBegunAnew, ErrOtherLog, ErrOtherCluster, ErrOtherIdentity, ErrOtherBase,
		ErrNotOurs, ErrNewer} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// read reads the stream until something fails. It says whether anything was delivered.
func (l receiving) read(ctx context.Context) (delivered bool, err error) {
	s, err := finding(l).stream(ctx)
	if err != nil {
		return false, err
	}
	if err := l.fetch(ctx, s); err != nil {
		return false, err
	}
	l.sessions++
	config := jetstream.ConsumerConfig{ // it has a name: to make it twice makes one
		Name:          "tagwarden-" + hex.EncodeToString(l.run[:]) + "-" + strconv.FormatUint(l.sessions, 10),
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: l.start(), AckPolicy: jetstream.AckNonePolicy,
		ReplayPolicy: jetstream.ReplayInstantPolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: consumerLives,
	}
	consumer, err := natslink.Insist(ctx, func(ctx context.Context) (jetstream.Consumer, error) {
		return s.CreateConsumer(ctx, config)
	})
	if err != nil {
		return false, cannot("read the stream "+l.names.stream, err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxBytes(pullBytes), jetstream.PullExpiry(pullExpiry),
		jetstream.PullHeartbeat(pullHeartbeat), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return false, cannot("read the stream "+l.names.stream, err)
	}
	defer messages.Stop()
	l.pulse.active.Store(true)
	l.pulse.kick()
	l.appender.kick()
	l.link.once.Do(func() { close(l.link.reading) })
	l.o.Note(Event{What: Reading, Server: l.server()})
	for n := uint64(1); ; n++ {
		msg, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return delivered, cannot("read the stream "+l.names.stream, err)
		}
		meta, err := msg.Metadata()
		if err != nil {
			return delivered, cannot("read the stream "+l.names.stream, err)
		}
		if meta.Sequence.Consumer != n {
			return delivered, cannot("read the stream "+l.names.stream, errMissed)
		}
		r, note, err := l.take(message{subject: msg.Subject(), data: msg.Data(), seq: meta.Sequence.Stream,
			at:      meta.Timestamp,
			pending: meta.NumPending, first: n == 1})
		if note.What != "" {
			l.o.Note(note)
		}
		if err != nil {
			return delivered, err
		}
		delivered = true
		if len(r.acts) > 0 && !r.fresh.IsZero() { // this node's own
			l.announce(meta.Sequence.Stream)
		}
		if err := l.hand(r); err != nil {
			return delivered, err
		}
	}
}

// hand gives what was read to who applies it.
func (l receiving) hand(r reading) error {
	if len(r.acts) == 0 && r.fresh.IsZero() {
		return nil
	}
	select {
	case l.queue <- r:
		return nil
	case <-l.ctx.Done(): // not when the connection breaks: what was read stays read
		return l.ctx.Err()
	}
}

func (l receiving) start() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head.start()
}

// message is one message of the stream.
type message struct {
	subject string
	data    []byte
	seq     uint64
	at      time.Time
	pending uint64 // messages after it
	first   bool   // of a new consumer
}

// take reads one message and moves the head. It returns what there is to apply, and what there is to note.
func (l receiving) take(m message) (r reading, note Event, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var e *entry
	err = ErrNotOurs
	if m.subject == l.names.acts {
		e, err = parseEntry(m.data)
	}
	if m.first {
		if err := l.head.again(m.seq, e, err); err != nil {
			return reading{}, Event{}, err
		}
	}
	l.last = max(l.last, m.seq+m.pending)
	if m.seq <= l.head.read {
		return reading{}, Event{}, nil // once is enough
	}
	switch node, isBeat := strings.CutPrefix(m.subject, l.names.beats); {
	case isBeat:
		r, note, err = l.takeBeat(node, m)
	case m.subject == l.names.acts && err == nil:
		r, err = l.takeEntry(m, e)
	}
	switch {
	case errors.Is(err, ErrNotOurs): // the chain says whether it stands where an act should
		if m.subject == l.names.acts {
			l.head.subject = m.seq
		}
		note = Event{What: Skipped, Err: fmt.Errorf("sequence %d, subject %s: %w: permit publishing on %s to tagwarden alone",
			m.seq, m.subject, err, l.names.all)}
	case err != nil:
		return reading{}, Event{}, fmt.Errorf("sequence %d of the stream %s: %w", m.seq, l.names.stream, err)
	}
	if l.head.read = m.seq; l.atEnd() && len(l.appender.queue) > 0 {
		l.appender.kick()
	}
	return r, note, nil
}

// atEnd says whether everything was read that is known to be in the stream. l.mu is held.
func (l receiving) atEnd() bool { return l.head.read >= l.last }

// takeEntry continues the chain. l.mu is held.
func (l receiving) takeEntry(m message, e *entry) (reading, error) {
	before := l.head.at.Seq
	acts, err := l.head.extend(m.seq, m.at, e)
	if err != nil {
		return reading{}, err
	}
	r := reading{acts: acts, to: l.head.at}
	if l.head.at.Seq > before {
		r.fresh = l.appender.settle(e)
	}
	return r, nil
}

// takeBeat reads a heartbeat. l.mu is held.
func (l receiving) takeBeat(node string, m message) (reading, Event, error) {
	b, err := parseBeat(m.data)
	if err != nil {
		return reading{}, Event{}, err
	}
	if err := l.head.compare(b); err != nil {
		return reading{}, Event{}, err
	}
	if b.by.run != l.run {
		l.heard.from(node, b.seq, l.o.Now())
		if node == l.o.Node && l.pulse.stranger() {
			return reading{}, Event{What: SameName,
				Err: fmt.Errorf("another process beats as the node %s: give each node a name of its own", node)}, nil
		}
		return reading{}, Event{}, nil
	}
	sent, known := l.pulse.back(b.by.n)
	if !known {
		return reading{}, Event{}, nil
	}
	if err := l.head.whole(); err != nil {
		return reading{}, Event{}, err
	}
	l.err = nil
	l.pulse.refused.Store(false)
	return reading{fresh: sent}, Event{}, nil
}
