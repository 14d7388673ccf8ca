package objection

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	bolt "go.etcd.io/bbolt"
)

// shared is what a store with an order has asked for, and waits for the turn of.
type shared struct {
	store *Store
	order Order
	kick  chan struct{} // holds one where there may be something to tell

	untold *untold

	mu    sync.Mutex // guards what follows
	asked map[[16]byte]*request
}

// submit puts a request on the log, and waits until it was done here. Where that takes too long it is told later,
// or, if it is not kept for that, refused.
func (s *shared) submit(asked context.Context, r *request) error {
	var id [16]byte
	if _, err := io.ReadFull(s.store.opts.Rand, id[:]); err != nil {
		return err
	}
	act, err := r.actBytes()
	if errors.Is(err, ErrLong) && r.batch != nil && r.again && len(r.batch.Changes) > 1 {
		return s.submitParts(asked, r)
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.asked[id] = r
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.asked, id)
		s.mu.Unlock()
	}()
	kept := r.keptUntil()
	if kept {
		if err := s.keep(asked, newUntold(id, act, r.batch, s.store.opts.Now().UTC())); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(asked, s.store.opts.Patience)
	defer cancel()
	if kept {
		s.tell()
	} else {
		err = s.order.Append(ctx, id, act)
	}
	if err == nil {
		select {
		case <-r.done:
			return nil
		case <-ctx.Done():
			err = ctx.Err()
		case <-s.store.stop:
			err = ErrClosed
		}
	}
	switch {
	case !r.begun.CompareAndSwap(requestWaits, requestLeft): // it is being answered
		<-r.done
		return nil
	case kept:
		return s.answerUntold(r)
	}
	if part := r.objecting(); part != nil && !errors.Is(err, ErrClosed) {
		return s.keepObjecting(asked, r, part)
	}
	return fmt.Errorf("%w: %w", ErrUntold, err)
}

// keepObjecting keeps what a request objects to that takes something back as well and could not be told in time. The
// whole of it may be on the log all the same, before that part.
func (s *shared) keepObjecting(ctx context.Context, r *request, part *Batch) error {
	var id [16]byte
	if _, err := io.ReadFull(s.store.opts.Rand, id[:]); err != nil {
		return err
	}
	act, err := (&request{batch: part}).actBytes()
	if err != nil {
		return err
	}
	if err := s.keep(ctx, newUntold(id, act, part, s.store.opts.Now().UTC())); err != nil {
		return err
	}
	s.tell()
	return s.answerUntold(r)
}

// submitParts puts a part of an import on the log that is too long for one act: in two, of which the second one says
// how far it is. Where that fails, the first is done, and comes again with the import.
func (s *shared) submitParts(ctx context.Context, r *request) error {
	half := len(r.batch.Changes) / 2
	first, second := *r.batch, *r.batch
	first.Changes, second.Changes = r.batch.Changes[:half], r.batch.Changes[half:]
	first.Tallies = nil
	for _, batch := range []*Batch{&first, &second} {
		if batch == &first {
			batch.Key, batch.Progress = "", nil
		}
		part := &request{batch: batch, again: true, done: make(chan struct{})}
		if err := s.submit(ctx, part); err != nil {
			return err
		}
		if part.err != nil {
			return part.err
		}
		r.receipts = append(r.receipts, part.receipts...)
	}
	return nil
}

// keep puts an act on this store's disk, and what it objects to in force.
func (s *shared) keep(ctx context.Context, one *untoldAct) error {
	r := &request{untold: one, done: make(chan struct{})}
	if err := s.store.queue.put(r); err != nil {
		return err
	}
	if err := r.wait(ctx); err != nil {
		return err
	}
	return r.err
}

// tell has what is to be told looked at.
func (s *shared) tell() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// answerUntold answers a batch of which the others do not know yet, or whose turn has not come.
func (s *shared) answerUntold(r *request) error {
	receipts := make([]Receipt, len(r.batch.Changes))
	for i := range receipts {
		inForce, err := s.store.Standing(r.batch.Changes[i].Subjects)
		if err != nil {
			return err
		}
		receipts[i] = Receipt{ // whether the holder has an act still is not known yet: it keeps its proof
			Recorded: s.store.opts.Now().UTC(), New: true, Own: true, InForce: inForce, Untold: true,
		}
	}
	r.receipts = receipts
	return nil
}

// tellAll puts acts on the log that are kept here, until the store is closed. Acts of one subject come there in the
// order in which they were asked for.
func (s *shared) tellAll(stop <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { <-stop; cancel() }()
	for {
		select {
		case <-stop:
			return
		case <-s.kick:
		}
		for list := s.untold.next(); len(list) > 0 && ctx.Err() == nil; list = s.untold.next() {
			var telling sync.WaitGroup
			var failed atomic.Bool
			for _, one := range list {
				telling.Go(func() {
					act, err := s.actOf(one.id)
					if err == nil && act != nil {
						err = s.order.Append(ctx, one.id, act)
					}
					s.untold.came(one, err == nil)
					if err != nil {
						failed.Store(true)
					}
				})
			}
			if telling.Wait(); failed.Load() {
				break // until somebody says that it is worth it
			}
		}
	}
}

// actOf reads an act that is kept; nil where its turn has come.
func (s *shared) actOf(id [16]byte) (act []byte, err error) {
	err = s.store.file.read(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketUntold)
		if b == nil {
			return nil
		}
		value := b.Get(id[:])
		if value == nil {
			return nil
		}
		kept, err := parseUntold(id[:], value)
		act = bytes.Clone(kept.act)
		return err
	})
	return act, err
}

// published adds and removes what was kept until its turn came, once the rest of a commit can be seen.
func (s *shared) published(g *group) {
	var came [][16]byte
	for _, r := range g.requests {
		switch {
		case r.untold != nil:
			s.untold.add(r.untold, g.writer.scopes.numbers)
		case r.order != nil:
			came = append(came, r.order.id)
		}
	}
	s.untold.remove(came)
}

// keepUntold puts an act on disk that is to be told, behind those before it.
func (g ordering) keepUntold(one *untoldAct) error {
	b, err := g.tx.CreateBucketIfNotExists(bucketUntold)
	if err != nil {
		return err
	}
	number, err := b.NextSequence()
	if err != nil {
		return err
	}
	g.wrote = true
	value := append(binary.AppendUvarint(make([]byte, 4, 16+len(one.text)), number), one.text...)
	return b.Put(one.id[:], sealed(one.id[:], value))
}

// takeUntold gives a request whose turn has come the messages that were kept with it, and forgets these.
func (g ordering) takeUntold(r *request) error {
	s := g.writer.store.shared
	if r.order == nil || !s.untold.has(r.order.id) {
		return nil
	}
	b := g.tx.Bucket(bucketUntold)
	kept, err := parseUntold(r.order.id[:], b.Get(r.order.id[:]))
	if err != nil {
		return err
	}
	if r.batch != nil && len(kept.messages) == len(r.batch.Changes) {
		for i := range kept.messages {
			r.batch.Changes[i].Outbox = kept.messages[i]
		}
	}
	g.wrote = true
	return b.Delete(r.order.id[:])
}
