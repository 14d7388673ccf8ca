package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// Apart is a node that has come some way in another log than this node, and was not brought to this one. What it
// was asked for may be in no other node.
type Apart struct {
	At    Position  // how far it has come, in the other log
	Heard time.Time // when it said so, by the clock of who heard it
}

// apartLasts is for how long a node is remembered that is apart. It says so again each time that it is started.
const apartLasts = 24 * time.Hour

// A node that is refused since it has come some way in another log says so to all, by an answer that nobody asked for.
// Those whose log was made by a node that knew of none are stale from then on: they lack what that one knows. Where
// somebody began the log anew ([Restore]) it was his to say without whom.

// tellApart says that this node is apart, where that is why it is refused.
func (l receiving) tellApart(why error) {
	at := *l.applied.Load()
	if at.Seq == 0 || !errors.Is(why, ErrOtherLog) && !errors.Is(why, ErrBegunAnew) {
		return
	}
	text, err := json.Marshal(answer{Node: l.o.Node, At: at.String(), Stale: true})
	if err == nil && l.nc.Publish(l.names.nodes, text) == nil {
		_ = l.nc.FlushTimeout(askForStream) // it may be about to end
	}
}

// hearApart takes what a node says of itself that nobody asked; false: it is something else.
func (l asking) hearApart(what []byte) bool {
	s, good := parseAnswer(what)
	if !good || s.At.Seq == 0 {
		return false
	}
	l.noteApart(s)
	return true
}

// noteApart notes a node that is in another log, or that it is not any more.
func (l asking) noteApart(of NodeStatus) {
	if of.Node == l.o.Node || of.At.Seq == 0 {
		return
	}
	l.mu.Lock()
	stream, origin, refused := l.head.at.Stream, l.origin, l.err != nil
	l.mu.Unlock()
	advice := againAdvice
	if origin.Seq == 0 {
		advice = apartAdvice(l.names.stream, of.Node)
	}
	switch {
	case refused: // this node is stale, and may be about to go on where that one is
		return
	case stream == "" || of.At.Stream == stream:
		l.heard.together(of.Node)
	case origin.Seq > 0 && of.At.Seq == origin.Seq && of.At.Sum == origin.Sum: // it goes on in this one
	case l.heard.apart(of.Node, Apart{of.At, l.o.Now()}):
		l.o.Note(Event{What: OthersApart, Err: fmt.Errorf("the node %s has done %s in another log (%s) than this node's "+
			"(%s): %s",
			of.Node, plural.Of(of.At.Seq, "act"), of.At.Stream, stream, advice)})
	}
	l.countApart()
}

// countApart says whether this node lacks what one knows that is apart.
func (l asking) countApart() {
	l.mu.Lock()
	begunAnew := l.origin.Seq > 0
	l.mu.Unlock()
	l.pulse.apart.Store(!begunAnew && len(l.Apart()) > 0)
}

// Apart returns the nodes that have come some way in another log, by their names: those that said so within a day.
// While there are some, a node whose log was begun by one that knew of none is stale.
func (l *Log) Apart() map[string]Apart {
	l.heard.mu.Lock()
	defer l.heard.mu.Unlock()
	maps.DeleteFunc(l.heard.others, func(_ string, a Apart) bool { return older(a.Heard, l.o.Now(), apartLasts) })
	return maps.Clone(l.heard.others)
}

// apart notes a node that is in another log; true: that is news.
func (h *heard) apart(node string, of Apart) (news bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.others == nil {
		h.others = map[string]Apart{}
	}
	_, known := h.others[node]
	if h.others[node] = of; len(h.others) > maxNodes {
		delete(h.others, slices.MinFunc(slices.Collect(maps.Keys(h.others)), func(a, b string) int {
			return h.others[a].Heard.Compare(h.others[b].Heard)
		}))
	}
	return !known
}

// together notes that a node is in this log.
func (h *heard) together(node string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.others, node)
}
