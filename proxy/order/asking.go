package order

import (
	"context"
	"fmt"
	"io"
	"slices"
)

// Ask puts an act on the log and waits until it was done here. The error is why it was refused, or wraps [ErrUntold]:
// then it was not done, and may be all the same.
func (r *Replica) Ask(ctx context.Context, kind string, body any) error {
	text, err := actText(kind, body)
	if err != nil {
		return err
	}
	if !r.o.Shared {
		return r.alone(text)
	}
	id, err := r.newID()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.o.Patience)
	defer cancel()
	done := r.wait(id)
	defer r.waitNoMore(id)
	r.mu.Lock()
	log := r.log
	r.mu.Unlock()
	if log == nil {
		return fmt.Errorf("%w: there is no log yet", ErrUntold)
	}
	if err := log.Append(ctx, id, text); err != nil {
		return fmt.Errorf("%w: %w", ErrUntold, err)
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUntold, ctx.Err())
	}
}

// Keeping is an act that is kept until its turn has come.
type Keeping struct {
	id   [16]byte
	done chan error
	r    *Replica
}

// Tell keeps an act on this node's disk and tells the others of it as soon as they can be reached, if need be in the
// next process. It returns when that is certain. Acts come to the log in the order in which they were told.
func (r *Replica) Tell(kind string, body any) (Keeping, error) {
	text, err := actText(kind, body)
	if err != nil {
		return Keeping{}, err
	}
	if !r.o.Shared {
		k := Keeping{done: make(chan error, 1), r: r}
		k.done <- r.alone(text)
		return k, nil
	}
	id, err := r.newID()
	if err != nil {
		return Keeping{}, err
	}
	act, err := parseAct(text)
	if err != nil {
		return Keeping{}, err
	}
	k := Keeping{id: id, done: r.wait(id), r: r}
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.kept
	next.Untold = append(slices.Clone(next.Untold), untold{ID: id[:], At: r.o.Now().UTC(), Kind: act.Kind, Body: act.Body})
	if err := r.write(next); err != nil {
		delete(r.asked, id)
		return Keeping{}, err
	}
	r.TellAgain()
	return k, nil
}

// Wait waits until the act was done here, for as long as who asks waits for the others. An error
// wraps [ErrUntold] where it is told later.
func (k Keeping) Wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, k.r.o.Patience)
	defer cancel()
	defer k.r.waitNoMore(k.id)
	select {
	case err := <-k.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUntold, ctx.Err())
	}
}

func (r *Replica) newID() (id [16]byte, err error) {
	if _, err = io.ReadFull(r.o.Rand, id[:]); err != nil {
		return id, fmt.Errorf("cannot make an id: %w", err)
	}
	return id, nil
}

func (r *Replica) wait(id [16]byte) chan error {
	done := make(chan error, 1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[id] = done
	return done
}

func (r *Replica) waitNoMore(id [16]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.asked, id)
}

// TellAgain says that the log may be reached: what is kept to be told is told. It is to be called where that is likely,
// and now and then.
func (r *Replica) TellAgain() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// TellAnew says that the log was begun anew: what is kept here is told again, whether or not it was on the one before.
func (r *Replica) TellAnew() {
	r.anew.Store(true)
	r.TellAgain()
}

// TellAlways puts acts on the log that are kept here, until the context ends.
func (r *Replica) TellAlways(ctx context.Context) {
	told := map[[16]byte]bool{} // on the log, and their turn has not come
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.kick:
		}
		for ctx.Err() == nil {
			if r.anew.CompareAndSwap(true, false) {
				clear(told)
			}
			id, text, log := r.next(told)
			if text == nil || log == nil {
				break
			}
			if log.Append(ctx, id, text) != nil {
				break // until somebody says that it is worth it
			}
			told[id] = true
		}
	}
}

// next is the first act that is to be told.
func (r *Replica) next(told map[[16]byte]bool) (id [16]byte, text []byte, log Log) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.kept.Untold {
		u := &r.kept.Untold[i]
		if id = [16]byte(u.ID); told[id] {
			continue
		}
		text, err := actText(u.Kind, u.Body)
		if err != nil {
			return id, nil, nil // it was read as one
		}
		return id, text, r.log
	}
	clear(told) // of those whose turn has come
	for i := range r.kept.Untold {
		told[[16]byte(r.kept.Untold[i].ID)] = true
	}
	return id, nil, nil
}
