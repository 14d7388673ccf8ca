package proxy

import (
	"errors"

	"github.com/tagwarden/tagwarden/proxy/queue"
)

// eventRoom is where events wait from when their sender is told that they are accepted: in this node's own queue, or in
// the one that all nodes of a cluster share.
type eventRoom interface {
	Full() error // why nothing more can wait; nil: as far as is known it can
	Add([]queue.Event) (waitTicket, error)
}

// waitTicket stands for events of a hit that were added. It ends by Accept or Refuse.
type waitTicket interface {
	Recorded()             // the decisions on them are written: whatever commit begins from now on may take them along
	Synced() error         // waits until they are kept, or cannot be
	Accept()               // their sender is told that they wait
	Refuse() (unsaid bool) // takes them back; unsaid: that they were is the caller's to record
}

// errCutOff says that events cannot wait where they would, since that cannot be reached.
var errCutOff = errors.New("the cluster's queue cannot be reached")

// noRoom tells whether an error says that events cannot wait by now.
func noRoom(err error) bool { return queue.IsFull(err) || errors.Is(err, errCutOff) }

// ownRoom is the node's own queue.
type ownRoom struct{ *queue.Queue }

// Add adds events. See [queue.Queue.Add].
func (r ownRoom) Add(events []queue.Event) (waitTicket, error) {
	t, err := r.Queue.Add(events)
	if err != nil {
		return nil, err
	}
	return ownTicket{t}, nil
}

type ownTicket struct{ *queue.Ticket }

// Recorded is that of [waitTicket]: what is on disk goes nowhere before it is accepted.
func (ownTicket) Recorded() {}

// Refuse is that of [waitTicket].
func (t ownTicket) Refuse() bool {
	t.Ticket.Refuse()
	return true
}
