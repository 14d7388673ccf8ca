package hit

// Settle makes the nodes ready to be assembled, once every leaf has its [Fate]: a container of which nothing is left is
// dropped, unless held is true of it, and Dirty is set on whatever does not leave as it came. One pass from the last
// node to the first.
func (h *Hit) Settle(held func(i int32) bool) {
	for i := int32(len(h.Nodes)) - 1; i >= 0; i-- {
		n := &h.Nodes[i]
		if n.Fate == Rewrite || n.Made || n.Anew {
			n.Dirty = true
		}
		if n.Fate != Drop && n.First != None && (n.Kind.Holds() || n.Opened) && h.empty(n) && !held(i) {
			n.Fate = Drop
		}
		if n.Parent != None && (n.Dirty || n.Fate == Drop) {
			h.Nodes[n.Parent].Dirty = true
		}
	}
}

func (h *Hit) empty(n *Node) bool {
	for c := n.First; c != None; c = h.Nodes[c].Next {
		if h.Nodes[c].Fate != Drop && !h.Nodes[c].Label {
			return false
		}
	}
	return true
}

// Make adds a field that was not in the hit below parent, an [Object] or a [Form], and returns its node, to be given an
// Edit.
func (h *Hit) Make(parent int32, key []byte, kind Kind) int32 {
	arena := h.Grow()
	from := len(arena)
	if h.Nodes[parent].Kind == Form {
		kind = Text
		arena = AppendPercent(arena, key)
	} else {
		quoted := len(arena)
		arena = AppendJSON(arena, key)
		arena = arena[:quoted+copy(arena[quoted:], arena[quoted+1:len(arena)-1])]
		Forget(arena, 2)
	}
	i := h.Append(parent, Node{Kind: kind, Key: h.Grown(arena, from), Made: true, Fate: Rewrite})
	h.Nodes[i].Event = h.Nodes[parent].Event
	h.link(i)
	return i
}

// MakeElement adds a text that was not in the hit to a list that was not either, and returns its node, to be given an
// Edit.
func MakeElement(h *Hit, list int32) int32 {
	i := h.Append(list, Node{Kind: String, Made: true, Fate: Rewrite})
	h.Nodes[i].Event = h.Nodes[list].Event
	h.link(i)
	return i
}

// SetEdit gives node i the decoded text that takes its value's place.
func (h *Hit) SetEdit(i int32, text []byte) {
	arena := h.Grow()
	from := len(arena)
	arena = append(arena, text...)
	h.Nodes[i].Edit, h.Nodes[i].Fate = h.Grown(arena, from), Rewrite
}

// Sent tells whether a node leaves: neither it nor anything above it is dropped.
func (h *Hit) Sent(i int32) bool {
	for ; i != None; i = h.Nodes[i].Parent {
		if h.Nodes[i].Fate == Drop {
			return false
		}
	}
	return true
}
