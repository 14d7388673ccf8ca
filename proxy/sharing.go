package proxy

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/proxy/sharedqueue"
)

// onCluster is where a server's queue is that all nodes of its cluster share: delivery.queue.on.
const onCluster = "cluster"

// openShared opens the queue that the nodes of a cluster share, where this one is to put its events there; or where it
// did so before, or others do, and something may be left to be taken.
func openShared(s *Server) error {
	d := &s.loaded.Server.Delivery
	if s.nodes == nil || s.opts.Aside || d.Mode != "queued" {
		return nil
	}
	secure, err := trustServers(s)
	if err != nil {
		return err
	}
	of, puts := s.nodes.config, d.Queue.On == onCluster
	state := s.keyring.store.State()
	shared, err := sharedqueue.Open(context.Background(), sharedqueue.Options{
		Cluster: of.Name, Node: s.opts.node(of), URLs: of.NATS, Creds: of.Creds, TLS: secure, Identity: state.Identity(),
		Key: state.QueueKey(), Wait: max(s.opts.Await, leastPut), Come: s.nodes.comes(s.opts.Await),
		Size: int64(d.Queue.Size), Find: !puts,
		MayMake: func() error { return behindObjections(s.nodes.log.Load()) },
		Ack:     s.opts.Silent, Now: s.opts.Now, Rand: s.opts.Rand,
		Note: func(what string, err error) {
			s.opts.Log.Warn("the cluster's queue", zap.String("what", what), zap.Error(err))
		},
	})
	if errors.Is(err, sharedqueue.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	s.dispatch.taken = newTakers(s.dispatch, shared, s.ledger, &s.hits)
	s.metrics.SharedQueue(func() metrics.SharedQueue {
		of := s.dispatch.taken.status()
		return metrics.SharedQueue{
			Messages: shared.State().Vendors, Bytes: float64(of.Bytes), Size: float64(of.Size), Taken: of.Taken,
			Wrong: errors.Is(shared.Healthy(), sharedqueue.ErrNotPut),
		}
	})
	if !puts {
		return nil
	}
	room := &handOver{
		log: s.opts.Log, queue: shared, outcome: shownOutcome(s), open: map[string]*handing{},
		count: func(vendor, outcome string, events int) {
			counters := &s.snapshot.Load().counters
			for range events {
				counters.outcome(vendor, outcome)
			}
		},
	}
	s.dispatch.room = room
	s.dispatch.commit = newCommit(func() { // what is put was decided before, and that is on disk
		var err error
		all := room.take()
		s.dispatch.attempts.write(s.ledger.Attempt, func() { err = s.ledger.Sync() })
		room.put(all, err)
	}, func() {})
	return nil
}

// leastPut is how long whoever puts an event there waits for the quorum, at least.
const leastPut = 2 * time.Second

// comes is for how long a start waits for the cluster's queue, where it waited for its log.
func (n *nodes) comes(most time.Duration) time.Duration {
	if !n.caughtUp() {
		return time.Millisecond // servers that were waited for already
	}
	return max(most, leastPut)
}

func closeShared(s *Server) error {
	if s.dispatch.taken == nil {
		return nil
	}
	return s.dispatch.taken.shared.Close()
}

// sharedHealth says why the cluster's queue takes no events; "": it does, or is not to.
func sharedHealth(s *Server) string {
	if !s.dispatch.shares() {
		return ""
	}
	switch err := s.dispatch.taken.shared.Healthy(); {
	case err == nil:
		return ""
	case errors.Is(err, sharedqueue.ErrFull):
		return "the cluster's queue is full: hits are refused"
	default:
		return "the cluster's queue cannot be reached: hits are refused"
	}
}

// endTaken ends what the process before had taken of the cluster's queue: whoever takes it there goes on with it.
func (r *reckoning) endTaken(q *queue.Queue) error {
	var items []queue.Item
	for it := range q.Pending("") {
		if it.Taken {
			items = append(items, it)
		}
	}
	items, _ = queue.Take(q, items)
	for _, it := range items {
		outcome, why := givenBack(&it)
		_, decided := r.decided[it.Name]
		decided = decided || it.Name.Hit <= r.above
		delete(r.decided, it.Name)
		err := q.End(func() error {
			if !decided {
				return nil // it never was this node's
			}
			of := outcomeOf(&it, outcome, why, 0)
			of.InDoubt = false // that is said by how it ended
			return r.ledger.Outcome(of)
		}, it)
		if err != nil {
			return err
		}
	}
	return nil
}
