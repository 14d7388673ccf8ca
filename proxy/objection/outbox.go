package objection

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Waiting is a message that was not acknowledged yet.
type Waiting struct {
	ID    uint64
	To    string
	Body  []byte
	Since time.Time // when the change came into force that it tells of
}

// post keeps messages. What they tell of is nil where that is no change.
func (g *group) post(messages []Message, of *Recorded) error {
	outbox := g.tx.Bucket(bucketOutbox)
	outbox.FillPercent = 1
	for i := range messages {
		if messages[i].Ends && len(of.Withdrawn()) == 0 {
			continue
		}
		id, err := outbox.NextSequence()
		if err != nil {
			return err
		}
		body := messages[i].Body
		if tell := g.writer.store.opts.Tell; tell != nil {
			if body, err = tell(&messages[i], of); err != nil {
				return fmt.Errorf("cannot write a message: %w", err)
			}
		}
		key := g.arena.number(id)
		g.text = append(appendText(appendTime(append(g.text[:0], 0, 0, 0, 0), g.now), messages[i].To), body...)
		if err := outbox.Put(key, g.arena.keep(sealed(key, g.text))); err != nil {
			return err
		}
		g.state.waiting++
	}
	return nil
}

// ack forgets messages. Those that are not there any more are none of its faults.
func (g *group) ack(ids []uint64) error {
	outbox := g.tx.Bucket(bucketOutbox)
	for _, id := range ids {
		key := number(id)
		if outbox.Get(key) == nil {
			continue
		}
		if err := outbox.Delete(key); err != nil {
			return err
		}
		g.wrote = true
		g.state.waiting--
	}
	return nil
}

// Outbox is what waits in a store to be told to others.
type Outbox struct{ store *Store }

// Outbox returns it.
func (s *Store) Outbox() Outbox { return Outbox{s} }

// Next returns the messages with a greater number than after, limit at most, in the order in which they came. One that
// is damaged has its number alone: those behind it are none the worse.
func (o Outbox) Next(after uint64, limit int) (list []Waiting, err error) {
	err = o.store.file.read(func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketOutbox).Cursor()
		key, value := c.Seek(number(after + 1))
		for ; key != nil && len(list) < limit; key, value = c.Next() {
			w, err := parseWaiting(key, value)
			switch {
			case err == nil:
				w.Body = bytes.Clone(w.Body)
			case len(key) == 8:
				w = Waiting{ID: binary.BigEndian.Uint64(key)}
			default:
				return err
			}
			list = append(list, w)
		}
		return nil
	})
	return list, err
}

// Body returns what a message says; nil: it is not there any more. That of one that is damaged is empty.
func (o Outbox) Body(id uint64) (body []byte, err error) {
	err = o.store.file.read(func(tx *bolt.Tx) error {
		key := number(id)
		value := tx.Bucket(bucketOutbox).Get(key)
		if value == nil {
			return nil
		}
		body = []byte{}
		if w, err := parseWaiting(key, value); err == nil {
			body = append(body, w.Body...)
		}
		return nil
	})
	return body, err
}

// parseWaiting reads a stored message, whose body stays where it is. Every error is an ErrDamaged.
func parseWaiting(key, value []byte) (Waiting, error) {
	rest, err := unseal(key, value, "a message")
	if err != nil {
		return Waiting{}, err
	}
	d := decoder{rest: rest}
	w := Waiting{Since: d.time(), To: d.text()}
	if d.bad || len(key) != 8 {
		return Waiting{}, fmt.Errorf("%w: a message cannot be read", ErrDamaged)
	}
	w.ID, w.Body = binary.BigEndian.Uint64(key), d.rest
	return w, nil
}

// Ack forgets messages that were sent, or given up. It returns when that is on disk.
func (o Outbox) Ack(ids []uint64) error {
	r := &request{ack: ids, done: make(chan struct{})}
	if err := o.store.submit(context.Background(), r); err != nil {
		return err
	}
	return r.err
}
