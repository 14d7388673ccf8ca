package cluster

import (
	"fmt"
	"time"
)

// head is how far a log has been read: the end of the chain of entries. It does no I/O. A [Log]'s reader owns it.
type head struct {
	at      Position // the last act that continued the chain
	subject uint64   // sequence of the last message on the acts' subject, whatever it was
	read    uint64   // sequence of the last message of the stream
	skip    uint64   // acts up to this number were applied before, though it is not known in which entry they came
}

// from returns the head of a node that has come to a position of the stream that begins at an
// origin: where its first entry follows.
func from(at, origin Position) head {
	h := head{at: at, subject: at.Entry, read: at.Entry}
	if at.Entry == 0 || at.Seq == 0 { // it reads from the beginning, and hands on what comes after
		h = head{at: origin, skip: at.Seq}
	}
	return h
}

// start is the sequence of the stream to read from: the entry that the chain ends with is read again, so that it is
// known to be there still.
func (h *head) start() uint64 { return max(h.at.Entry, 1) }

// again says whether the message is the entry that the chain ends with, and an error where something else stands there.
// It is asked of the first message that is read from [head.start].
func (h *head) again(seq uint64, e *entry, err error) error {
	switch {
	case h.at.Entry == 0:
		return nil
	case seq != h.at.Entry:
		return fmt.Errorf("%w: the entry at %d, which this node has applied, is gone: %s",
			ErrLost, h.at.Entry, restoreAdvice)
	case err != nil || e == nil:
		return fmt.Errorf("%w: at %d stands something else than the entry that this node has applied: %s",
			ErrDiverged, seq, restoreAdvice)
	case e.sum != h.at.Sum:
		return fmt.Errorf("%w: at %d stands another entry than this node has applied: %s",
			ErrDiverged, seq, restoreAdvice)
	}
	return nil
}

// What to do. None of it has a node forget anything.
const (
	missingAdvice = "leave the nodes' folders as they are; start every node that there is, and begin the log anew from " +
		"the one that has most (`tagwarden cluster restore` says which)"
	restoreAdvice = "leave the nodes' folders as they are; restore the stream from a copy that has it, or remove it " +
		"(`nats stream rm`) and begin the log anew from the node that has most (`tagwarden cluster restore` says which)"
	againAdvice = "take a backup of a node that is current, and bring this one to it, with what this one alone has: " +
		"`tagwarden cluster join --again --from DIR`"
)

// apartAdvice says what to do where a node has come some way in another log than the one that there is.
func apartAdvice(stream, node string) string {
	return fmt.Sprintf("leave the nodes' folders as they are. Where the log that there is was begun by a node that had "+
		"nothing (its folder was emptied, and the servers had lost the log), stop the nodes, remove it (`nats stream rm "+
		"%s`), begin it anew from %s (`tagwarden cluster restore --yes`), and bring the others to it by a backup of that "+
		"one (`tagwarden cluster join --again --from DIR`). Where it is the cluster's, bring %s to it by a backup of a "+
		"node that is current (likewise)",
		stream, node, node)
}

// extend continues the chain with an entry and returns its acts. An entry beside the chain is void: no acts, no error.
func (h *head) extend(seq uint64, at time.Time, e *entry) ([]Act, error) {
	h.subject = seq
	next := h.at.Seq + 1
	switch {
	case e.first < next:
		return nil, nil // it follows an entry that another one follows already
	case h.at.Seq == 0 && h.at.Entry == 0 && e.first == next && e.parent != h.at.Sum:
		return nil, nil // it was to be the first of a stream before this one, and came late
	case e.first > next:
		return nil, fmt.Errorf("%w: after act %d comes act %d (sequence %d of the stream): %s",
			ErrLost, h.at.Seq, e.first, seq, restoreAdvice)
	case e.parent != h.at.Sum:
		return nil, fmt.Errorf("%w: act %d (sequence %d of the stream) does not follow the act before it: %s",
			ErrDiverged, e.first, seq, restoreAdvice)
	}
	at = at.UTC()
	if at.Before(h.at.Time) {
		at = h.at.Time
	}
	acts := make([]Act, 0, len(e.acts))
	for i, a := range e.acts {
		n := next + uint64(i)
		if n <= h.skip {
			continue
		}
		acts = append(acts, Act{Seq: n, At: at, Node: e.node, ID: a.id, Body: a.body})
	}
	h.at.Seq += uint64(len(e.acts))
	h.at.Entry, h.at.Sum, h.at.Time = seq, e.sum, at
	return acts, nil
}

// compare holds what another node's heartbeat says against the chain: its node had come that far before it sent it, so
// all of that must have been read.
func (h *head) compare(b beat) error {
	switch {
	case b.seq > h.at.Seq:
		return fmt.Errorf("%w: a node has applied act %d, and the stream ends with act %d: %s",
			ErrLost, b.seq, h.at.Seq, restoreAdvice)
	case b.seq == h.at.Seq && b.sum != h.at.Sum:
		return fmt.Errorf("%w: a node has applied another act %d: %s", ErrDiverged, b.seq, restoreAdvice)
	}
	return nil
}

// whole says whether all that this node applied has been read.
func (h *head) whole() error {
	if h.at.Seq < h.skip {
		return fmt.Errorf("%w: this node has applied act %d, and the stream ends with act %d: %s",
			ErrBehind, h.skip, h.at.Seq, restoreAdvice)
	}
	return nil
}
