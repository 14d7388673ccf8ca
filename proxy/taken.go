package proxy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/proxy/sharedqueue"
)

// shares tells whether hits put their events where all nodes of a cluster can take them.
func (d *dispatcher) shares() bool {
	_, own := d.room.(ownRoom)
	return !own
}

// begin marks events that were taken of the cluster's queue, and are about to be sent, and must not be sent twice:
// before their first byte leaves, any node that may be handed them knows that. The error is [sharedqueue.ErrLost] where
// one has been handed some of them: they do not leave from here.
func (t *takers) begin(items []queue.Item) error {
	if t == nil {
		return nil
	}
	of := map[*lease][]int{}
	t.mu.Lock()
	for i := range items {
		if it := &items[i]; it.Taken {
			one, known := t.leases[it.Name]
			if !known {
				t.mu.Unlock()
				return fmt.Errorf("%w: it is not held any more", sharedqueue.ErrLost)
			}
			of[one.lease] = append(of[one.lease], one.item)
		}
	}
	t.mu.Unlock()
	var mu sync.Mutex
	var wrong error
	var marking sync.WaitGroup
	for one, some := range of {
		marking.Go(func() {
			if err := one.Begin(context.Background(), some...); err != nil {
				mu.Lock()
				wrong = errors.Join(wrong, err)
				mu.Unlock()
			}
		})
	}
	marking.Wait()
	return wrong
}

// takeBack says of an event that was to be sent, or was, that this certainly did not count: should this node die now,
// another one may send it.
func (t *takers) takeBack(it *queue.Item) {
	if t == nil || !it.Taken {
		return
	}
	t.mu.Lock()
	of, known := t.leases[it.Name]
	t.mu.Unlock()
	if known {
		of.TakeBack(of.item)
	}
}

// mayPark marks an event that is about to be parked here, so that nobody else sends it from then on. False where that
// cannot be: it is tried again, or another node has it by now.
func (t *takers) mayPark(it *queue.Item) bool {
	return t.begin([]queue.Item{*it}) == nil
}

// sayEnded says on the cluster what has ended of messages that stay for what has not: should this node die, nobody else
// asks what became of it. It is said once that is on disk, and of messages of which nothing else has ended since it was
// looked the last time: of most nothing is, since they go before that.
func (t *takers) sayEnded() {
	if t == nil {
		return
	}
	due, all := map[*lease]sharedqueue.Set{}, map[*lease]bool{}
	t.mu.Lock()
	for _, of := range t.leases {
		all[of.lease] = true
	}
	for one := range all {
		if one.done != one.told && one.done == one.seen {
			due[one] = one.done
		}
		one.seen = one.done
	}
	t.mu.Unlock()
	if len(due) == 0 || t.ledger.Sync() != nil {
		return
	}
	for one, done := range due {
		one.SayEnded(done)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for one, done := range due {
		one.told = done
	}
}

// status tells how the cluster's queue stands; nil: there is none.
func (t *takers) status() *api.QueueShared {
	if t == nil {
		return nil
	}
	state := t.shared.State()
	out := &api.QueueShared{Messages: state.Messages, Bytes: state.Bytes, Size: state.Size,
		Vendors: []api.QueueSharedMessages{}}
	for _, vendor := range slices.Sorted(maps.Keys(state.Vendors)) {
		out.Vendors = append(out.Vendors, api.QueueSharedMessages{Vendor: vendor, Messages: state.Vendors[vendor]})
	}
	if err := t.shared.Healthy(); err != nil {
		out.Why = err.Error()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	out.Taken = len(t.leases)
	return out
}

// secret has the bytes of messages be overwritten on the servers that events are of, once those messages end.
func (t *takers) secret(items ...queue.Item) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range items {
		if of, known := t.leases[items[i].Name]; known {
			of.secret = true
		}
	}
}

// endLost ends what this node has of messages that another node was handed: it goes on there.
func (t *takers) endLost() {
	if t == nil {
		return
	}
	var names map[queue.Name]bool
	t.mu.Lock()
	lost := map[*lease]bool{}
	for name, of := range t.leases {
		is, asked := lost[of.lease]
		if !asked {
			is = of.Lost()
			lost[of.lease] = is
		}
		if is {
			if names == nil {
				names = map[queue.Name]bool{}
			}
			names[name] = true
		}
	}
	t.mu.Unlock()
	if len(names) == 0 {
		return
	}
	var items []queue.Item
	for it := range t.queue.Pending("") {
		if it.Taken && names[it.Name] {
			items = append(items, it)
		}
	}
	taken, _ := queue.Take(t.queue, items)
	t.finishGivenBack(taken)
}

// finishGivenBack ends events with which another node goes on.
func (d *dispatcher) finishGivenBack(items []queue.Item) bool {
	e := newEndings(d)
	for _, it := range items {
		outcome, why := givenBack(&it)
		e.add(it, outcome, why, 0)
	}
	return e.finish()
}

// givenBack is how an event ends here with which another node goes on.
func givenBack(it *queue.Item) (outcome, why string) {
	if it.Attempted {
		return ledger.Unknown, whyStopped
	}
	return ledger.HandedOver, whyGivenBack
}

// giveBack ends what this node has of the cluster's queue, says there how far it has come, and has others take it.
func (t *takers) giveBack() error {
	if t == nil {
		return nil
	}
	var items []queue.Item
	for it := range t.queue.Pending("") {
		if it.Taken {
			items = append(items, it)
		}
	}
	items, busy := queue.Take(t.queue, items)
	begun := map[*lease]*sharedqueue.Set{}
	t.mu.Lock()
	for i := range items {
		if of, known := t.leases[items[i].Name]; known {
			if begun[of.lease] == nil {
				begun[of.lease] = new(sharedqueue.Set)
			}
			if items[i].Attempted {
				begun[of.lease].Add(of.item)
			}
		}
	}
	ended := map[*lease]sharedqueue.Set{}
	for one := range begun {
		ended[one] = one.done
	}
	t.mu.Unlock()
	if busy > 0 { // of which nobody knows how they end: whoever takes them is told what was marked before
		return nil
	}
	for len(items) > 0 {
		n := min(len(items), mostPurged)
		if !t.finishGivenBack(items[:n:n]) {
			return errors.New("it cannot be recorded that events go back to the cluster's queue")
		}
		items = items[n:]
	}
	if err := t.ledger.Sync(); err != nil {
		return err
	}
	t.mu.Lock()
	over := t.over
	t.over = nil
	t.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	var whole []*lease
	for _, one := range over {
		if begun[one] == nil {
			whole = append(whole, one)
		}
	}
	t.done(ctx, whole)
	t.giveBackAll(ctx, begun, ended)
	return nil
}

// lastWords is how long a process that ends waits for the cluster to hear what it says of what it had taken.
const lastWords = time.Second

func (t *takers) giveBackAll(ctx context.Context, begun map[*lease]*sharedqueue.Set, ended map[*lease]sharedqueue.Set) {
	var telling sync.WaitGroup
	places := make(chan struct{}, mostAcknowledged)
	for one, some := range begun {
		places <- struct{}{}
		telling.Go(func() {
			defer func() { <-places }()
			if err := one.GiveBack(ctx, ended[one], *some); err != nil && !errors.Is(err, sharedqueue.ErrLost) {
				t.opts.Log.Warn("the cluster does not hear how far this node has come: another one takes it after a while",
					zap.String("vendor", one.vendor), zap.Error(err))
			}
		})
	}
	telling.Wait()
}
