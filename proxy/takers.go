package proxy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/proxy/sharedqueue"
	"github.com/tagwarden/tagwarden/rules"
)

// takers take events out of the queue that the nodes of a cluster share, vendor by vendor, and put them into this
// node's own, where couriers find them like any other: judged again at the door, merged, tried again, parked. Each is
// this node's by a number of its own, and its decision is in this node's ledger, with the name of the node that took
// the hit. A message stays on the cluster until the outcomes of all of its events are on this node's disk; what this
// node has of it is void with the process.
type takers struct {
	*dispatcher
	shared *sharedqueue.Queue
	ledger *ledger.Ledger
	hits   *atomic.Uint64

	mu     sync.Mutex
	leases map[queue.Name]leased
	held   map[string]int // events, by vendor
	over   []*lease       // of which everything has ended
	ended  chan struct{}  // said when there are some
	freed  chan struct{}  // said when something of a vendor's ended; it has room for one
}

// lease is a message that this node has.
type lease struct {
	*sharedqueue.Message
	vendor string
	left   int             // events that have not ended
	done   sharedqueue.Set // those that have, or are parked
	seen   sharedqueue.Set // those that had, the last time it was looked
	told   sharedqueue.Set // those of which the cluster was told so
	secret bool            // its bytes are to be overwritten
}

// leased is an event of one.
type leased struct {
	*lease
	item int
}

func newTakers(d *dispatcher, q *sharedqueue.Queue, l *ledger.Ledger, hits *atomic.Uint64) *takers {
	return &takers{
		dispatcher: d, shared: q, ledger: l, hits: hits, leases: map[queue.Name]leased{}, held: map[string]int{},
		ended: make(chan struct{}, 1), freed: make(chan struct{}, 1),
	}
}

// How much of a vendor's a node takes before some of it has ended, and how much at once.
const (
	mostLeased  = 4096 // events
	mostAtOnce  = 16   // messages
	mostTogive  = 1024 // events, in one step
	lookAtTaken = time.Second
)

// run takes events until the context ends, or no attempt is to begin any more.
func (t *takers) run(ctx context.Context) {
	if t == nil {
		return
	}
	ctx, stop := context.WithCancel(ctx)
	var working sync.WaitGroup
	defer func() {
		stop()
		working.Wait()
	}()
	working.Go(func() { t.acknowledge(ctx) })
	working.Go(func() { t.erase(ctx) })
	taking := map[string]bool{}
	tick := time.NewTicker(lookAtTaken)
	defer tick.Stop()
	for {
		for _, vendor := range t.vendors() {
			if !taking[vendor] {
				taking[vendor] = true
				working.Go(func() { t.takeAll(ctx, vendor) })
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-t.rest:
			return
		case <-tick.C:
		}
	}
}

// vendors are those that the policy has, and those that something waits for.
func (t *takers) vendors() (all []string) {
	for _, r := range t.opts.InForce().Policy.Recipients() {
		all = append(all, r.ID)
	}
	state := t.shared.State()
	for vendor := range state.Vendors {
		all = append(all, vendor)
	}
	return all
}

// takeAll takes a vendor's messages.
func (t *takers) takeAll(ctx context.Context, vendor string) {
	from := t.shared.Taker(vendor)
	said := ""
	for ctx.Err() == nil {
		room := t.roomFor(vendor)
		if room == 0 {
			pauseFor(ctx, t.freed, leastPause)
			continue
		}
		err := from.Take(ctx, room, func(all []*sharedqueue.Message) { t.take(vendor, all) })
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			said = ""
			continue
		}
		if says := err.Error(); says != said {
			said = says
			t.opts.Log.Warn("events cannot be taken out of the cluster's queue: it is tried again",
				zap.String("vendor", vendor), zap.Error(err))
		}
		pauseFor(ctx, nil, againAfter)
	}
}

// pauseFor waits for a while, until something arrives, or until the end.
func pauseFor(ctx context.Context, arrived <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	pause(ctx, t, arrived, d)
}

// roomFor is how many messages of a vendor may be taken now.
func (t *takers) roomFor(vendor string) int {
	if t.queue.Full() != nil || t.ledger.Err() != nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch left := mostLeased - t.held[vendor]; {
	case left <= 0:
		return 0
	default:
		return min(max(left/sharedqueue.MaxItems, 1), mostAtOnce)
	}
}

// take takes messages. What cannot be taken now goes back.
func (t *takers) take(vendor string, all []*sharedqueue.Message) {
	for len(all) > 0 {
		n, events := 0, 0
		for n < len(all) && (n == 0 || events+len(all[n].Items) <= mostTogive) {
			events += len(all[n].Items)
			n++
		}
		if err := t.takeSome(vendor, all[:n]); err != nil {
			fault(t.opts.Log, "events were taken out of the cluster's queue, and cannot wait here: they go back", err)
			for _, m := range all {
				_ = m.GiveBack(context.Background(), m.Ended, doubted(m)) // else another node takes it after a while
			}
			return
		}
		all = all[n:]
	}
}

// doubted are the events of a message that may have been sent by whoever had it before.
func doubted(m *sharedqueue.Message) (all sharedqueue.Set) {
	var e queue.Event
	for i, item := range m.Items {
		if queue.Carried(item, &e) == nil && mayHaveLeft(m, i, &e) {
			all.Add(i)
		}
	}
	return all
}

// mayHaveLeft tells whether an event may have been sent by whoever had its message before: one that its vendor would
// count twice was marked before; of others nobody knows where that node fell silent.
func mayHaveLeft(m *sharedqueue.Message, item int, e *queue.Event) bool {
	return m.Begun.Has(item) || m.Again && m.Silent && len(e.Key) > 0
}

// taking is what is made of messages.
type taking struct {
	events  []queue.Event
	records []ledger.Event
	policy  []string
	leases  []leased

	gone []ledger.Event // of somebody who was erased: they do not wait
}

// takeSome records what was taken, and has it wait. It is this node's when that is on disk.
func (t *takers) takeSome(vendor string, all []*sharedqueue.Message) error {
	t.adding.RLock()
	defer t.adding.RUnlock()
	var of taking
	var empty []*lease
	for _, m := range all {
		one := &lease{Message: m, vendor: vendor}
		for i := range m.Items {
			if m.Ended.Has(i) {
				continue
			}
			waits, err := of.add(t, one, i)
			if err != nil {
				return err
			}
			if waits {
				one.left++
			} else {
				one.done.Add(i)
				one.secret = true
			}
		}
		if one.left == 0 {
			empty = append(empty, one)
		}
	}
	if err := t.recordGone(vendor, of.gone); err != nil {
		return err
	}
	if len(of.events) > 0 {
		if err := t.wait(&of); err != nil {
			return err
		}
	}
	t.finished(empty...)
	return nil
}

// add reads an event, and makes the record of it. False: it does not wait, since it is of somebody who was erased.
func (of *taking) add(t *takers, one *lease, item int) (waits bool, err error) {
	var e queue.Event
	if err := queue.Carried(one.Items[item], &e); err != nil {
		return false, fmt.Errorf("an event of another node cannot be read: %w", err)
	}
	policy, line, _ := strings.Cut(string(e.Record), "\n")
	r, err := ledger.ParseEvent([]byte(line))
	if err != nil {
		return false, fmt.Errorf("the record of another node's event cannot be read: %w", err)
	}
	var kept rules.Kept
	if err := kept.Read(e.Facts); err == nil {
		r.Endpoint, r.Region = kept.Route()
	}
	r.Taken = fmt.Sprintf("%s %d", one.Node, e.Name.Hit)
	r.Hit, r.Policy, r.Shared = t.hits.Add(1), policy, false
	if t.isErased(one.Message, e.Subjects) {
		r.Subjects = nil
		of.gone = append(of.gone, r)
		return false, nil
	}
	e.Name.Hit, e.Taken, e.Attempted = r.Hit, true, mayHaveLeft(one.Message, item, &e)
	e.TTL = min(max(e.TTL-t.opts.Now().Sub(e.Time), time.Millisecond), e.TTL)
	of.events, of.records = append(of.events, e), append(of.records, r)
	of.policy, of.leases = append(of.policy, policy), append(of.leases, leased{one, item})
	return true, nil
}

// wait records the events, and has them wait for their couriers.
func (t *takers) wait(of *taking) error {
	lines, err := t.ledger.Write(of.records)
	if err != nil {
		return err
	}
	defer t.ledger.GiveBack(lines)
	for i := range of.events {
		of.events[i].Record = append([]byte(of.policy[i]+"\n"), lines.Of(i)...)
	}
	ticket, err := t.queue.Add(of.events)
	if err != nil {
		return err
	}
	written, err := t.ledger.AddLines(lines, of.records, nil)
	if err == nil {
		t.commit.wait()
		err = errors.Join(written.Synced(), ticket.Written())
	}
	if err != nil {
		ticket.Refuse()
		return err
	}
	t.mu.Lock()
	for i := range of.events {
		t.leases[of.events[i].Name] = of.leases[i]
		t.held[of.leases[i].vendor]++
	}
	t.mu.Unlock()
	ticket.Accept()
	return nil
}

// left notes that an event has ended here, or is parked: that stands in the ledger, though not on disk yet.
// It is called under the queue's mutex.
func (t *takers) left(name queue.Name) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	of, known := t.leases[name]
	if !known {
		return
	}
	delete(t.leases, name)
	t.held[of.vendor]--
	of.done.Add(of.item)
	if of.left--; of.left == 0 {
		t.over = append(t.over, of.lease)
		say(t.ended)
	}
	say(t.freed)
}

func say(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// finished notes messages of which everything has ended.
func (t *takers) finished(all ...*lease) {
	if len(all) == 0 {
		return
	}
	t.mu.Lock()
	t.over = append(t.over, all...)
	t.mu.Unlock()
	say(t.ended)
}
