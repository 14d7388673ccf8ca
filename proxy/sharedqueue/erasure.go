package sharedqueue

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Erasure says of whom nothing that waits is to leave any more, nor to be kept: in messages that were there when it was
// asked for. What that means each node knows.
type Erasure struct {
	Name  string // drawn by who asked for it, in letters and digits
	Whose []byte // of whom; up to some hundred KiB

	upTo  uint64 // the last message that it is about
	since int64  // when the stream was made whose message that is, in Unix nanoseconds
	nodes []string
}

// A node keeps on the cluster that it takes messages, so that it is known who may hold some, and what it said of
// erasures. These are sealed as messages are, each under an id of its own; their vendor is none.
const (
	toldErase  = "erase"
	toldErased = "erased"
	toldTaker  = "taker"

	takerAgain  = 24 * time.Hour // how often a node says again that it takes messages
	longestDeaf = 5 * time.Second
)

// ErrDeaf says that it is not known what was asked to be erased.
var ErrDeaf = errors.New("it is not known what other nodes had erased")

// told is what nodes said to all, as it was read last.
type told struct {
	at       time.Time           // when
	texts    map[string][][]byte // what was read, by its subject
	erasures []*Erasure
	erased   map[string]map[string]bool // by the erasure's name: nodes that have done it
	takers   map[string]bool            // nodes that take messages, or did and may have some
	said     time.Time                  // when this node last said that it does
}

// teller is a queue as what tells all nodes, and hears them.
type teller struct{ *Queue }

func telling(q *Queue) teller { return teller{q} }

// Erase has all nodes end what waits of somebody: in messages that are there when it is called. It returns when the
// quorum has that; nodes are told within a second or two of reaching it.
func (q *Queue) Erase(ctx context.Context, name string, whose []byte) error {
	if err := q.look(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrNotPut, err)
	}
	info, err := q.streams.Load().events.Info(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotPut, err)
	}
	items := [][]byte{
		[]byte(name), binary.BigEndian.AppendUint64(nil, info.State.LastSeq),
		binary.BigEndian.AppendUint64(nil, uint64(info.Created.UnixNano())), whose,
	}
	q.hearing.Lock()
	for node := range q.told.takers {
		if len(items) < MaxItems {
			items = append(items, []byte(node))
		}
	}
	q.hearing.Unlock()
	if err := telling(q).tell(ctx, toldErase+"."+name, toldErase, items); err != nil {
		return err
	}
	return telling(q).hear(ctx)
}

// Erasures are those that this node is to heed, as far as it knows.
func (q *Queue) Erasures() []*Erasure { return *q.erasures.Load() }

// Covers tells whether an erasure is about what a message holds.
func (e *Erasure) Covers(m *Message) bool {
	return m.made == 0 || e.since == m.made && m.place <= e.upTo // in doubt it is
}

// SayErased says that this node has ended what waits of whom an erasure is about, and keeps to it.
func (q *Queue) SayErased(ctx context.Context, e *Erasure) error {
	subject := toldErased + "." + e.Name + "." + hex.EncodeToString([]byte(q.o.Node))
	if err := telling(q).tell(ctx, subject, toldErased, [][]byte{[]byte(e.Name), []byte(q.o.Node)}); err != nil {
		return err
	}
	return telling(q).hear(ctx)
}

// Erased tells how far an erasure has come: which nodes may have something of whom it is about, and how many messages
// that it is about are there still, whatever they hold: nothing of it leaves from them.
func (q *Queue) Erased(ctx context.Context, name string) (left []string, messages uint64, err error) {
	if err := q.look(ctx); err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrNotPut, err)
	}
	for _, e := range q.Erasures() {
		if e.Name != name {
			continue
		}
		q.hearing.Lock()
		for _, node := range e.nodes {
			if !q.told.erased[name][node] {
				left = append(left, node)
			}
		}
		q.hearing.Unlock()
		if messages, err = telling(q).upTo(ctx, e); err != nil {
			return nil, 0, fmt.Errorf("%w: %w", ErrNotPut, err)
		}
	}
	slices.Sort(left)
	return left, messages, nil
}

// upTo is how many messages are there that an erasure is about, or a bound of it where others came behind.
func (q teller) upTo(ctx context.Context, e *Erasure) (uint64, error) {
	s := q.streams.Load()
	if s == nil {
		return 0, ErrNotPut
	}
	info, err := s.events.Info(ctx)
	if err != nil {
		return 0, err
	}
	if info.Created.UnixNano() != e.since || info.State.Msgs == 0 || info.State.FirstSeq > e.upTo {
		return 0, nil
	}
	return min(info.State.Msgs, e.upTo-info.State.FirstSeq+1), nil
}

// News says that there is an erasure which this node did not know.
func (q *Queue) News() <-chan struct{} { return q.news }

// tell keeps on the cluster what this node says to all.
func (q teller) tell(ctx context.Context, subject, kind string, items [][]byte) error {
	of, err := drawID(q.o.Rand)
	if err != nil {
		return err
	}
	text, err := seal(&q.sealing, of, kind, q.o.Node, items)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, q.o.Wait)
	defer cancel()
	for {
		_, err = q.js.PublishMsg(ctx, &nats.Msg{Subject: q.names.told + subject, Data: text},
			jetstream.WithExpectStream(q.names.markStream), jetstream.WithRetryAttempts(0))
		if err == nil {
			return nil
		}
		if !pause(ctx, retryMark) {
			return fmt.Errorf("%w: %w", ErrNotPut, err)
		}
	}
}

// hear reads what nodes say to all. Where that fails, this node takes no message from a while later on.
func (q teller) hear(ctx context.Context) error {
	q.hearing.Lock()
	defer q.hearing.Unlock()
	s := q.streams.Load()
	if s == nil {
		return ErrNotPut
	}
	ctx, cancel := context.WithTimeout(ctx, askLasts)
	defer cancel()
	info, err := s.marks.Info(ctx, jetstream.WithSubjectFilter(q.names.told+">"))
	if err != nil {
		return err
	}
	if err := stillFits(q.Queue, info.Config, q.marksConfig()); err != nil {
		return err
	}
	next := told{texts: map[string][][]byte{}, erased: map[string]map[string]bool{}, takers: map[string]bool{},
		said: q.told.said}
	for subject := range info.State.Subjects {
		name := strings.TrimPrefix(subject, q.names.told)
		text, known := q.told.texts[name]
		if !known {
			if text, err = q.readTold(ctx, s, name); err != nil {
				return err
			}
		}
		if text != nil { // else it has gone meanwhile, or nobody wrote it who has the keys
			next.add(name, text)
		}
	}
	old := q.Erasures()
	next.at = time.Now()
	q.told = next
	q.erasures.Store(&next.erasures)
	if slices.ContainsFunc(next.erasures, func(e *Erasure) bool {
		return !slices.ContainsFunc(old, func(o *Erasure) bool { return o.Name == e.Name })
	}) {
		select {
		case q.news <- struct{}{}:
		default:
		}
	}
	return nil
}

func (q teller) readTold(ctx context.Context, s *streams, name string) ([][]byte, error) {
	raw, err := s.marks.GetLastMsgForSubject(ctx, q.names.told+name)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	kind, _, _ := strings.Cut(name, ".")
	_, _, items, err := unseal(&q.sealing, kind, raw.Data)
	if err != nil {
		q.o.Note("what a node says to all cannot be read", err)
		return nil, nil
	}
	return items, nil
}

// add takes up what was read of a subject.
func (t *told) add(subject string, items [][]byte) {
	t.texts[subject] = items
	kind, rest, _ := strings.Cut(subject, ".")
	switch {
	case kind == toldTaker && len(items) == 1:
		t.takers[string(items[0])] = true
	case kind == toldErased && len(items) == 2 && strings.HasPrefix(rest, string(items[0])+"."):
		name := string(items[0])
		if t.erased[name] == nil {
			t.erased[name] = map[string]bool{}
		}
		t.erased[name][string(items[1])] = true
	case kind == toldErase && len(items) >= 4 && rest == string(items[0]) && len(items[1]) == 8 && len(items[2]) == 8:
		e := &Erasure{
			Name: rest, Whose: items[3], upTo: binary.BigEndian.Uint64(items[1]),
			since: int64(binary.BigEndian.Uint64(items[2])),
		}
		for _, node := range items[4:] {
			e.nodes = append(e.nodes, string(node))
		}
		t.erasures = append(t.erasures, e)
	}
}

// deaf tells whether it was not heard for a while what nodes say.
func (q teller) deaf() bool {
	q.hearing.Lock()
	defer q.hearing.Unlock()
	return time.Since(q.told.at) > longestDeaf
}

// saysItTakes says that this node takes messages, and may hold some.
func (q teller) saysItTakes(ctx context.Context) error {
	q.hearing.Lock()
	said := !q.told.said.IsZero() && time.Since(q.told.said) < takerAgain
	q.hearing.Unlock()
	if said {
		return nil
	}
	err := q.tell(ctx, toldTaker+"."+hex.EncodeToString([]byte(q.o.Node)), toldTaker, [][]byte{[]byte(q.o.Node)})
	if err == nil {
		q.hearing.Lock()
		q.told.said = time.Now()
		q.hearing.Unlock()
	}
	return err
}

// forgetErased has erasures go that are done: no message is there any more that they are about, and every node that may
// have had some has said so.
func (q teller) forgetErased(ctx context.Context) error {
	s := q.streams.Load()
	for _, e := range q.Erasures() {
		q.hearing.Lock()
		done, all := q.told.erased[e.Name], []string{toldErase + "." + e.Name}
		left := slices.ContainsFunc(e.nodes, func(node string) bool { return !done[node] })
		for node := range done {
			all = append(all, toldErased+"."+e.Name+"."+hex.EncodeToString([]byte(node)))
		}
		q.hearing.Unlock()
		if left {
			continue
		}
		if n, err := q.upTo(ctx, e); err != nil || n > 0 {
			return err
		}
		for _, name := range slices.Backward(all) { // whom it is about goes last: until then it is heeded
			raw, err := s.marks.GetLastMsgForSubject(ctx, q.names.told+name)
			if err == nil {
				err = s.marks.SecureDeleteMsg(ctx, raw.Sequence)
			}
			if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
				return err
			}
		}
	}
	return nil
}
