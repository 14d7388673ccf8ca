package objection

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/proxy/order"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// Order is a log that several stores take their acts from, each of them all acts, in one order. What a store with an
// order is asked for it does not do: it puts that on the log, and does it when its turn has come there, as all others
// do. What every one of them then holds is the same, to the root of the change log.
//
// Not shared is what a store tells other systems: messages are kept by the one that was asked.
type Order = order.Log

// Ordered is an act as its turn has come.
type Ordered = order.Act

// Position is how far a store has come in an order.
type Position struct {
	Mark string    // what the log calls the place at which it is to go on; "": at its beginning
	Seq  uint64    // of the last act, which may come behind the mark
	At   time.Time // of that act
}

// Tell says that the log may be reached: what is kept to be told is told. It is to be called where that is likely, and
// now and then.
func (r Replica) Tell() { r.store.shared.tell() }

// Untold is how many acts are kept until their turn has come, and since when the first of them is.
func (r Replica) Untold() (n int, since time.Time) {
	u := r.store.shared.untold
	u.mu.RLock()
	defer u.mu.RUnlock()
	if n = len(u.acts); n > 0 {
		since = u.acts[0].at
	}
	return n, since
}

// ErrUntold says that the other stores of an order could not be told in time: an act may be on the log all the same.
var ErrUntold = order.ErrUntold

// Replica is a store as one of those that take acts from an order.
type Replica struct{ store *Store }

// ReplicaOf returns the replica that a store with Options.Order is.
func ReplicaOf(s *Store) Replica { return Replica{s} }

// Position is how far the store has come: it is on disk.
func (r Replica) Position() Position { return r.store.state.Load().position }

// Stands is how far the store has come, and what it holds there.
func (r Replica) Stands() (Position, Head) {
	state := r.store.state.Load()
	return state.position, state.head
}

// TellAnew says that the log was begun anew: what is kept here is told again, whether or not it was on the one before.
func (r Replica) TellAnew() {
	r.store.shared.untold.anew()
	r.Tell()
}

// Lacks tells whether the store is an older copy than the ledger remembers (Options.Past): it is to take what it lacks
// from the log before anything is decided by it.
func (r Replica) Lacks() bool {
	past := r.store.opts.Past
	return !r.store.restored && r.store.Head().Size < past.Size
}

// Reached compares a store that lacked something, and has taken all that the log holds, with what the ledger remembers.
// What is missing then, or is another history, is an [ErrOlder].
func (r Replica) Reached() error {
	s := r.store
	if past, head := s.opts.Past, s.Head(); head.Size < past.Size {
		return fmt.Errorf("%w: with all that the nodes' log holds it comes to %s, and the ledger remembers %d (%s): %s",
			ErrOlder, plural.Of(head.Size, "change"), past.Size, s.file.path, olderAdvice)
	}
	_, err := againstPast(&s.opts, s.Head(), s.HeadAt, s.file.path)
	return err
}

// Take does acts whose turn has come, in their order, and keeps with the last of them what the log calls the place
// behind it. Those that were done before are passed over. It returns when all of them are on disk and found by
// look-ups; those who asked for them are answered when they are in force. An act that is refused for what it says is
// refused in every store: that is no error. Where there is an error acts up to the position were done, and Take is to
// be called with the others again; see [ErrFull], [ErrPoisoned], [ErrGone] and [ErrNewer].
func (r Replica) Take(acts []Ordered, mark string) error {
	s, done := r.store, r.Position()
	var group []*request
	for i := range acts {
		if acts[i].Seq <= done.Seq {
			continue
		}
		one, err := s.shared.requestOf(&acts[i])
		if err != nil {
			return errors.Join(r.do(group), err)
		}
		if i == len(acts)-1 {
			one.order.mark = mark
		}
		if one.expire { // what is over is looked for before a group is done: it would not see the acts before it
			if err := r.do(group); err != nil {
				return err
			}
			group = nil
		}
		if group = append(group, one); one.expire {
			if err := r.do(group); err != nil {
				return err
			}
			group = nil
		}
	}
	return r.do(group)
}

// do puts requests before the writer, all at once, and waits until they are done.
func (r Replica) do(group []*request) error {
	if len(group) == 0 {
		return nil
	}
	if err := ready(r.store); err != nil {
		return err
	}
	if err := r.store.queue.put(group...); err != nil {
		return err
	}
	for _, one := range group {
		if err := <-one.order.done; err != nil {
			return err
		}
	}
	return nil
}

// ErrNewer says that an act was written by a later version.
var ErrNewer = order.ErrNewer

// ordering is what a group does for an order.
type ordering struct{ *group }

// passed moves a position behind a turn.
func (p *Position) passed(of *turn) {
	if p.Seq, p.At = of.seq, of.at; of.mark != "" {
		p.Mark = of.mark
	}
}

// turn is the place in an order that a request has.
type turn struct {
	id   [16]byte // of the act
	seq  uint64
	at   time.Time
	mark string     // of the place behind it; "": the log has no name for that
	done chan error // says that it is on disk and found by look-ups, or why not
}

// requestOf makes a request of an act: that of the one who waits for it, if that was here. What is done is what the log
// says in any case.
func (s *shared) requestOf(act *Ordered) (*request, error) {
	read, err := parseAct(act)
	if err != nil {
		return nil, fmt.Errorf("act %d of the log: %w", act.Seq, err)
	}
	read.order = &turn{id: act.ID, seq: act.Seq, at: act.At.UTC(), done: make(chan error, 1)}
	s.mu.Lock()
	asked := s.asked[act.ID]
	s.mu.Unlock()
	read.asked = asked
	return read, nil
}

var keyPosition = []byte("position")

// putPosition keeps how far a store has come in an order. One that is alone, and does something, has left it.
func (g ordering) putPosition() error {
	p, meta := &g.state.position, g.tx.Bucket(bucketMeta)
	if *p == (Position{}) {
		return nil
	}
	if g.writer.store.shared == nil {
		if g.tree.size == g.state.head.Size {
			return nil
		}
		*p = Position{}
		return errors.Join(meta.Delete(keyPosition), meta.Put(keyFormat, []byte(fileFormat)))
	}
	b := appendText(make([]byte, 4, 256), p.Mark)
	b = appendTime(binary.AppendUvarint(b, p.Seq), p.At)
	return errors.Join(
		meta.Put(keyPosition, sealed(keyPosition, b)), meta.Put(keyFormat, []byte(fileFormatOrdered)),
	)
}

// loadPosition reads it; the zero Position where the store never had an order.
func loadPosition(tx *bolt.Tx) (p Position, err error) {
	value := tx.Bucket(bucketMeta).Get(keyPosition)
	if value == nil {
		return Position{}, nil
	}
	b, err := unseal(keyPosition, value, "the place in the order of acts")
	if err != nil {
		return Position{}, err
	}
	d := decoder{rest: b}
	p.Mark, p.Seq = d.text(), d.uvarint()
	if p.At = d.time(); d.bad || len(d.rest) > 0 {
		return Position{}, fmt.Errorf("%w: the place in the order of acts cannot be read", ErrDamaged)
	}
	return p, nil
}
