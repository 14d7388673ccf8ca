package sharedqueue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Message is one that this node took. Whoever took it ends it by [Message.Done] or [Message.GiveBack].
type Message struct {
	Node  string   // that put it
	Items [][]byte // what it holds
	Bytes int      // that it takes on the servers

	// Again says that it was handed to somebody before. Begun are items then that may have been sent by now, and Ended
	// such as are to be passed over. Silent says that whoever had it last did not say how far they had come: they may have
	// sent any item but those that they would have marked before.
	Again, Silent bool
	Begun, Ended  Set

	q     *Queue
	id    id
	place uint64 // in the stream
	made  int64  // when that was made, in Unix nanoseconds; 0: nobody knows

	mu   sync.Mutex
	msg  jetstream.Msg // as it was handed over last
	gone bool          // it is not kept any more
	want Set           // items that are to be marked as such that may have been sent
	over Set           // and as such that have ended

	marking sync.Mutex // held by who marks
	mark    mark       // that is there
	seq     uint64     // its number; 0: there is none
	doubt   bool       // whether what was written last is there, nobody knows
	lost    atomic.Bool
}

// Taker takes a vendor's messages.
type Taker struct {
	q        *Queue
	vendor   string
	consumer jetstream.Consumer
}

// Taker is what takes messages for a vendor.
func (q *Queue) Taker(vendor string) *Taker { return &Taker{q: q, vendor: vendor} }

// Take waits for messages and hands out up to so many, those together that are there together, until none came for a
// while or the context ends. One that cannot be read comes again later, to a node that can: the error says so.
func (t *Taker) Take(ctx context.Context, most int, hand func([]*Message)) error {
	if err := t.open(ctx); err != nil {
		return err
	}
	if telling(t.q).deaf() {
		return ErrDeaf
	}
	waiting, cancel := context.WithTimeout(ctx, fetchLasts)
	defer cancel()
	batch, err := t.consumer.Fetch(most, jetstream.FetchContext(waiting), jetstream.FetchHeartbeat(beatEvery))
	if err != nil {
		t.consumer = nil
		return fmt.Errorf("cannot take messages: %w", err)
	}
	var wrong error
	for msg := range batch.Messages() {
		var all []*Message
		for more := true; more; {
			m, err := t.q.read(t.vendor, msg)
			if err != nil {
				wrong = errors.Join(wrong, err)
				_ = msg.NakWithDelay(t.q.o.Ack)
			} else if m != nil {
				all = append(all, m)
			}
			select {
			case msg, more = <-batch.Messages():
			default:
				more = false
			}
		}
		if len(all) > 0 {
			hand(all)
		}
	}
	switch err := batch.Error(); {
	case err == nil || waiting.Err() != nil || errors.Is(err, jetstream.ErrNoMessages):
	case errors.Is(err, jetstream.ErrNoHeartbeat): // the server that was asked is gone: another one is asked
		t.consumer = nil
	default:
		t.consumer = nil
		wrong = errors.Join(wrong, err)
	}
	return wrong
}

// open finds the vendor's consumer, or makes it.
func (t *Taker) open(ctx context.Context) error {
	s := t.q.streams.Load()
	if t.consumer != nil || s == nil {
		if s == nil {
			return ErrNotPut
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askLasts)
	defer cancel()
	c, err := s.events.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: "v-" + token(t.vendor), FilterSubject: t.q.names.events + token(t.vendor),
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: t.q.o.Ack, MaxDeliver: -1, MaxAckPending: 1 << 16,
		DeliverPolicy: jetstream.DeliverAllPolicy,
	})
	if err != nil {
		return fmt.Errorf("cannot take messages: %w", err)
	}
	t.consumer = c
	return nil
}

// read reads a message, and claims one that was handed to somebody before; nil: this node has it already.
func (q *Queue) read(vendor string, msg jetstream.Msg) (*Message, error) {
	of, node, items, err := unseal(&q.sealing, vendor, msg.Data())
	if err != nil {
		return nil, fmt.Errorf("a message cannot be read: %w", err)
	}
	about, err := msg.Metadata()
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	m := q.held[of]
	q.mu.Unlock()
	if m != nil {
		if mine, err := m.comesAgain(q.ctx, msg); mine || err != nil {
			return nil, err
		}
	}
	m = &Message{Node: node, Items: items, Bytes: len(msg.Data()), q: q, id: of, msg: msg, Again: about.NumDelivered > 1,
		place: about.Sequence.Stream, made: q.madeAt.Load()}
	m.mark.by = q.taking()
	if m.Again {
		if err := m.claim(q.ctx); err != nil {
			return nil, err
		}
		if q.isGone(msg) { // whoever had it acknowledged it meanwhile, and its mark may have gone before the claim
			return nil, nil //nolint:nilnil // there is none any more
		}
	}
	q.mu.Lock()
	q.held[of] = m
	q.mu.Unlock()
	return m, nil
}

// comesAgain takes a message that this node has and that is handed to it again: it was silent for too long. False where
// another node had it meanwhile.
func (m *Message) comesAgain(ctx context.Context, msg jetstream.Msg) (mine bool, err error) {
	m.marking.Lock()
	defer m.marking.Unlock()
	if !m.lost.Load() {
		err = m.put(ctx, m.mark)
	}
	if m.lost.Load() {
		m.Forget()
		return false, nil
	}
	if err == nil {
		m.mu.Lock()
		m.msg = msg
		m.mu.Unlock()
	}
	return err == nil, err
}

// claim has whoever had the message before not mark it any more.
func (m *Message) claim(ctx context.Context) error {
	for {
		was, seq, err := marking(m.q).readMark(ctx, m.id)
		if err != nil {
			return err
		}
		m.Silent, m.Begun, m.Ended = !was.back, was.begun, was.ended
		m.mark = mark{by: m.mark.by, begun: was.begun, ended: was.ended}
		m.want, m.over = was.begun, was.ended
		m.seq, err = marking(m.q).writeMark(ctx, m.id, &m.mark, seq)
		if !errors.Is(err, ErrLost) {
			return err
		}
	}
}

// Lost tells whether another node has the message by now, as far as was seen.
func (m *Message) Lost() bool { return m.lost.Load() }

// Done acknowledges a message of which every item has ended: it is gone from the servers when it returns nil.
// Secret has its bytes be overwritten there.
func (m *Message) Done(ctx context.Context, secret bool) error {
	m.mu.Lock()
	msg := m.msg
	m.mu.Unlock()
	if secret {
		if about, err := msg.Metadata(); err == nil {
			if s := m.q.streams.Load(); s != nil {
				if err := s.events.SecureDeleteMsg(ctx, about.Sequence.Stream); err != nil &&
					!errors.Is(err, jetstream.ErrMsgNotFound) {
					return err
				}
			}
		}
	}
	if err := msg.DoubleAck(ctx); err != nil && !m.q.isGone(msg) {
		return err
	}
	m.Forget()
	if m.Again {
		return nil // its mark is what fences off whoever had it before, and goes by its age
	}
	m.marking.Lock()
	seq := m.seq
	m.marking.Unlock()
	if s := m.q.streams.Load(); s != nil && seq != 0 {
		_ = s.marks.DeleteMsg(ctx, seq) // else that goes by its age, too
	}
	return nil
}

// isGone tells whether a message is not on the servers any more: they answer nothing then to who acknowledges it.
func (q *Queue) isGone(msg jetstream.Msg) bool {
	about, err := msg.Metadata()
	s := q.streams.Load()
	if err != nil || s == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(q.ctx, askLasts)
	defer cancel()
	_, err = s.events.GetMsg(ctx, about.Sequence.Stream)
	return errors.Is(err, jetstream.ErrMsgNotFound)
}

// GiveBack has another node take a message, and says how far this one has come with it: what ended, and what
// may have been sent and has not ended.
func (m *Message) GiveBack(ctx context.Context, ended, begun Set) error {
	m.marking.Lock()
	defer m.marking.Unlock()
	defer m.Forget()
	if m.lost.Load() {
		return ErrLost
	}
	if err := m.put(ctx, mark{by: m.mark.by, back: true, begun: begun, ended: m.mark.ended.with(ended)}); err != nil {
		return err
	}
	m.mu.Lock()
	msg := m.msg
	m.mu.Unlock()
	return msg.Nak()
}

// Forget has a message be kept no more: it has ended, or another node has it.
func (m *Message) Forget() {
	m.mu.Lock()
	m.gone = true
	m.mu.Unlock()
	m.q.mu.Lock()
	if m.q.held[m.id] == m {
		delete(m.q.held, m.id)
	}
	m.q.mu.Unlock()
}

// keepAlways says of what was taken that this node has it still.
func (q *Queue) keepAlways() {
	t := time.NewTicker(q.o.Ack / 4)
	defer t.Stop()
	for said := time.Now(); ; {
		select {
		case <-q.ctx.Done():
			return
		case <-t.C:
		}
		if !q.nc.IsConnected() {
			continue
		}
		silent := time.Since(said)
		said = time.Now()
		q.mu.Lock()
		all := make([]*Message, 0, len(q.held))
		for _, m := range q.held {
			all = append(all, m)
		}
		q.mu.Unlock()
		if silent > q.o.Ack/2 {
			q.findLost(all)
		}
		for _, m := range all {
			m.mu.Lock()
			msg, gone := m.msg, m.gone
			m.mu.Unlock()
			if !gone {
				_ = msg.InProgress() // where it is not heard, the message goes to another node, which claims it
			}
		}
	}
}

// findLost finds out which messages another node was handed while this one was silent: that one claimed them.
func (q *Queue) findLost(all []*Message) {
	var asking sync.WaitGroup
	places := make(chan struct{}, mostSaid)
	for _, m := range all {
		places <- struct{}{}
		asking.Go(func() {
			defer func() { <-places }()
			there, _, err := marking(q).readMark(q.ctx, m.id)
			m.marking.Lock()
			defer m.marking.Unlock()
			if err == nil && there.by != m.mark.by && there.by != [16]byte{} {
				m.lost.Store(true)
			}
		})
	}
	asking.Wait()
}
