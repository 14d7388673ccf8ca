package hit

import "unsafe"

// EventName returns the name of an event. The text is a view of the hit's bytes and lives no longer than they do.
func (h *Hit) EventName(e int32) string {
	ev := &h.Events[e]
	if ev.NameIs != "" || ev.NameNode == None {
		return ev.NameIs
	}
	text := h.Bytes(ev.Name)
	return unsafe.String(unsafe.SliceData(text), len(text))
}

// Begun adds an event that starts at node root.
func (h *Hit) Begun(root int32, priority int16) int32 {
	h.Events = append(h.Events, Event{Root: root, Priority: priority, NameRule: None, NameNode: None})
	return int32(len(h.Events) - 1)
}

// Choose keeps the events that stand at the best of the places where events were found; what
// belonged to the others is shared by all.
func (h *Hit) Choose() {
	if len(h.Events) == 0 {
		return
	}
	best, mixed := h.Events[0].Priority, false
	for i := range h.Events {
		mixed = mixed || h.Events[i].Priority != best
		best = min(best, h.Events[i].Priority)
	}
	if !mixed {
		return
	}
	kept := int32(0)
	for i := range h.Events {
		h.Events[i].renumbered = Shared
		if h.Events[i].Priority == best {
			h.Events[i].renumbered = kept
			kept++
		}
	}
	renumber := func(e *int32) {
		if *e != Shared {
			*e = h.Events[*e].renumbered
		}
	}
	for i := range h.Nodes {
		renumber(&h.Nodes[i].Event)
	}
	for i := range h.IDs {
		renumber(&h.IDs[i].Event)
	}
	for i := range h.Claims {
		renumber(&h.Claims[i].Event)
	}
	for i := range h.Stamps {
		renumber(&h.Stamps[i].Event)
	}
	chosen := h.Events[:0]
	for _, e := range h.Events {
		if e.Priority == best {
			chosen = append(chosen, e)
		}
	}
	clear(h.Events[len(chosen):])
	h.Events = chosen
}

// Chain links the nodes, claims and stamps of each event, and those that all share, so
// that each can be gone over by itself.
func (h *Hit) Chain() {
	h.shared.first, h.shared.last, h.shared.claim, h.shared.Nodes = None, None, None, 0
	h.shared.stamp = None
	for e := range h.Events {
		h.Events[e].first, h.Events[e].last, h.Events[e].claim, h.Events[e].Nodes = None, None, None, 0
		h.Events[e].stamp = None
	}
	for i := int32(0); int(i) < len(h.Nodes); {
		i = h.link(i)
	}
	for i := int32(len(h.Claims)) - 1; i >= 0; i-- {
		e := h.of(h.Claims[i].Event)
		h.Claims[i].Peer, e.claim = e.claim, i
	}
	for i := int32(len(h.Stamps)) - 1; i >= 0; i-- {
		e := h.of(h.Stamps[i].Event)
		h.Stamps[i].Peer, e.stamp = e.stamp, i
	}
}

// of is where the chains of an event begin, or of what all share.
func (h *Hit) of(event int32) *Event {
	if event == Shared {
		return &h.shared
	}
	return &h.Events[event]
}

// FirstClaim returns the first claim of an event, or of what all events share; Claim.Peer leads on. None is the end.
func (h *Hit) FirstClaim(event int32) int32 { return h.of(event).claim }

// link links the nodes from number i on that are of one event, and returns the number of the next of another.
func (h *Hit) link(i int32) (next int32) {
	nodes, event := h.Nodes, h.Nodes[i].Event
	e := h.of(event)
	if e.first == None {
		e.first = i
	} else {
		nodes[e.last].Peer = i
	}
	for next = i + 1; int(next) < len(nodes) && nodes[next].Event == event; next++ {
		nodes[next-1].Peer = next
	}
	nodes[next-1].Peer = None
	e.last = next - 1
	e.Nodes += next - i
	return next
}

// FirstOf returns the first node of an event, or of what all events share; Node.Peer leads on. None is the end.
func (h *Hit) FirstOf(event int32) int32 { return h.of(event).first }

// NodesOf counts the nodes of an event, or of what all events share.
func (h *Hit) NodesOf(event int32) int { return int(h.of(event).Nodes) }
