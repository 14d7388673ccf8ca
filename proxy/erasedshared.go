package proxy

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/proxy/sharedqueue"
)

// What is erased of a person waits in the queue that nodes share, too. The asked node says on the cluster whose it is;
// each node ends what waits with it, and from then on what it takes of messages that were there when that was asked
// for, before it waits here and before it is sent. It says so when nothing is left with it.

// waitErased is how long whoever asks waits for other nodes: they look every second.
const waitErased = 4 * time.Second

// eraseShared has what waits of a person on the cluster's queue end, on whichever
// node. It returns when the quorum has that.
func (d *eraserDesk) eraseShared(ctx context.Context, request string, hashes [][16]byte) error {
	if d.taken == nil {
		return nil
	}
	d.adding.Lock()   // what is recorded by now is there when this returns, or never is
	d.adding.Unlock() //nolint:staticcheck // waiting for those inside is all
	var whose []byte
	for i := range hashes {
		whose = append(whose, hashes[i][:]...)
	}
	return d.taken.shared.Erase(ctx, request, whose)
}

// erasedShared tells how far that has come. It waits a moment for nodes that are reached.
func (d *eraserDesk) erasedShared(ctx context.Context, request string) (*api.ErasedQueue, error) {
	if d.taken == nil {
		if d.opts.InForce().Loaded.Server.Delivery.Queue.On == onCluster {
			return &api.ErasedQueue{Unasked: true, Nodes: []string{}}, nil
		}
		return nil, nil //nolint:nilnil // there is none
	}
	waiting, cancel := context.WithTimeout(ctx, waitErased)
	defer cancel()
	for {
		left, messages, err := d.taken.shared.Erased(ctx, request)
		if err != nil {
			return nil, err
		}
		if len(left) == 0 {
			return &api.ErasedQueue{Nodes: []string{}, Messages: messages}, nil
		}
		if pauseFor(waiting, nil, againAfter/4); waiting.Err() != nil {
			return &api.ErasedQueue{Nodes: left, Messages: messages}, nil
		}
	}
}

// hashesIn are those that an erasure names.
func hashesIn(e *sharedqueue.Erasure) (all [][16]byte) {
	for b := e.Whose; len(b) >= 16; b = b[16:] {
		all = append(all, [16]byte(b))
	}
	return all
}

// isErased tells whether an event of a message is of somebody who was erased.
func (t *takers) isErased(m *sharedqueue.Message, subjects [][16]byte) bool {
	for _, e := range t.shared.Erasures() {
		if e.Covers(m) && isAnyOf(subjects, hashesIn(e)) {
			return true
		}
	}
	return false
}

// erases tells whether an event that was taken is of somebody who was erased meanwhile.
func (t *takers) erases(it *queue.Item, subjects [][16]byte) bool {
	if t == nil || !it.Taken || len(t.shared.Erasures()) == 0 {
		return false
	}
	t.mu.Lock()
	of, known := t.leases[it.Name]
	t.mu.Unlock()
	return known && t.isErased(of.Message, subjects)
}

// covers tells whether an erasure is about an event that was taken.
func (t *takers) covers(e *sharedqueue.Erasure, it *queue.Item) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	of, known := t.leases[it.Name]
	return !known || e.Covers(of.Message)
}

// recordGone records that events of somebody who was erased were taken, and ended by
// that. Whose they were is not recorded.
func (t *takers) recordGone(vendor string, all []ledger.Event) error {
	if len(all) == 0 {
		return nil
	}
	lines, err := t.ledger.Write(all)
	if err != nil {
		return err
	}
	defer t.ledger.GiveBack(lines)
	written, err := t.ledger.AddLines(lines, all, nil)
	if err != nil {
		return err
	}
	if err := written.Synced(); err != nil {
		return err
	}
	for i := range all {
		of := ledger.Outcome{
			Hit: all[i].Hit, Events: []int{all[i].Index}, Vendor: vendor, Outcome: ledger.Dropped, Why: whyErased,
		}
		if err := t.opts.Outcome(of); err != nil {
			return err
		}
		t.opts.InForce().counters.outcome(vendor, ledger.Dropped)
	}
	return nil
}

// erase ends what waits here of people who were erased, and says so, until the context ends.
func (t *takers) erase(ctx context.Context) {
	done := map[string]bool{}
	for ctx.Err() == nil {
		pauseFor(ctx, t.shared.News(), lookAtTaken)
		there := map[string]bool{}
		for _, e := range t.shared.Erasures() {
			if there[e.Name] = true; done[e.Name] {
				continue
			}
			switch err := t.eraseOne(ctx, e); {
			case err == nil:
				done[e.Name] = true
			case ctx.Err() == nil && !errors.Is(err, errUnderWay):
				fault(t.opts.Log, "what waits of somebody who was erased cannot be ended yet: it is tried again", err)
			}
		}
		for name := range done {
			if !there[name] {
				delete(done, name)
			}
		}
	}
}

// errUnderWay says that events are being sent which are to end.
var errUnderWay = errors.New("it is under way")

func (t *takers) eraseOne(ctx context.Context, e *sharedqueue.Erasure) error {
	items, err := t.waitingOf(hashesIn(e))
	if err != nil {
		return err
	}
	items = slices.DeleteFunc(items, func(it queue.Item) bool { return it.Taken && !t.covers(e, &it) }) // it came later
	_, busy, err := t.endErased(items)
	if err != nil {
		return err
	}
	if len(busy) > 0 {
		return errUnderWay
	}
	if err := t.ledger.Sync(); err != nil {
		return err
	}
	return t.shared.SayErased(ctx, e)
}
