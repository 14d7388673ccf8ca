package rules

import (
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// alone is what makes the request in which one event of several leaves by itself.
type alone struct {
	assembler codec.Assembler
	out       []byte
	headers   []Header
	leave     int   // events that leave; 0 where nobody counted them
	list      int32 // in which they stand, where they are several, and nothing else does; or hit.None
	spent     int   // bytes of all such bodies of the hit
}

// reset forgets the hit.
func (a *alone) reset() {
	a.assembler.Reset()
	a.out, a.headers = hit.Recycled(a.out), hit.Emptied(a.headers)
	a.leave, a.list, a.spent = 0, hit.None, 0
}

// What stands around events is repeated with each: the bodies of all of them come to so many times what the hit's own
// has, and so many bytes beyond.
const (
	mostTimes  = 4
	mostAround = 256 << 10
)

// Alone makes the request in which one event of the hit leaves by itself, with what stands around the events. It is Out
// but for the body; and where there are several events, that is in no content coding. False where it cannot be made:
// the event does not leave, the events do not stand in one list, or what stands around them is too long to be repeated.
// What it returns belongs to the Judgement, and holds until Alone is called again.
func (j *Judgement) Alone(event int) (one Outgoing, ok bool) {
	if !j.Out.Forward || j.Verdicts[event].Decision != Permit {
		return Outgoing{}, false
	}
	a, h := &j.alone, &j.Hit
	if a.leave == 0 {
		a.leave, a.list = j.Permitted(), hit.None
		if a.leave > 1 {
			a.list = j.listOfEvents(a.leave)
		}
	}
	switch {
	case a.leave == 1:
		return j.Out, true
	case a.list == hit.None:
		return Outgoing{}, false
	}
	a.out = a.only(hit.Emptied(a.out), h, h.Events[event].Root)
	if a.spent += len(a.out); a.spent > mostTimes*h.Nodes[h.BodyRoot].Val.Len()+mostAround {
		return Outgoing{}, false
	}
	one = j.Out
	one.Body = a.out
	if j.coded != nil {
		a.headers = hit.Emptied(a.headers)
		for i := range j.Out.Headers {
			if j.Out.Headers[i].Name != contentEncoding {
				a.headers = append(a.headers, j.Out.Headers[i])
			}
		}
		one.Headers = a.headers
	}
	return one, true
}

// only appends the body with one event in its list. For as long as that takes, the list has no other.
func (a *alone) only(dst []byte, h *hit.Hit, root int32) []byte {
	first, next := h.Nodes[a.list].First, h.Nodes[root].Next
	h.Nodes[a.list].First, h.Nodes[root].Next = root, hit.None
	dst = a.assembler.Append(dst, h, h.BodyRoot)
	h.Nodes[a.list].First, h.Nodes[root].Next = first, next
	return dst
}

// listOfEvents is the list in the body that all events which leave stand in, and nothing else that leaves does; it, and
// what it stands in, is to be put together anew. [hit.None] where there is none.
func (j *Judgement) listOfEvents(leave int) int32 {
	h := &j.Hit
	list := int32(hit.None)
	for e := range j.Verdicts {
		if j.Verdicts[e].Decision != Permit {
			continue
		}
		root := h.Events[e].Root
		if root == hit.None || root == h.QueryRoot || h.Nodes[root].Parent == hit.None {
			return hit.None
		}
		if of := h.Nodes[root].Parent; list == hit.None {
			list = of
		} else if of != list {
			return hit.None
		}
	}
	switch h.Nodes[list].Kind {
	case hit.Array, hit.Lines, hit.Records:
	default:
		return hit.None
	}
	for c := h.Nodes[list].First; c != hit.None; c = h.Nodes[c].Next {
		if h.Nodes[c].Fate != hit.Drop {
			leave--
		}
	}
	if leave != 0 {
		return hit.None
	}
	top := list
	for i := list; i != hit.None; i = h.Nodes[i].Parent {
		h.Nodes[i].Dirty, top = true, i
	}
	if top != h.BodyRoot {
		return hit.None
	}
	return list
}
