package rules

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// encodeState is the request to the vendor, and the bytes that it is made of.
type encodeState struct {
	Out Outgoing

	assembler codec.Assembler
	out       []byte
	inner     []byte // what leaves of the body, before a content coding is put back around it
	eventText []byte
}

// reset forgets the hit.
func (e *encodeState) reset() {
	e.Out = Outgoing{Headers: hit.Emptied(e.Out.Headers)}
	e.assembler.Reset()
	e.out, e.inner, e.eventText = hit.Recycled(e.out), hit.Recycled(e.inner), hit.Recycled(e.eventText)
}

// encode makes the request to the vendor from nothing: method, path, the headers the catalog
// lists, and what is left of query and body.
func (e *encodeState) encode(r *readState, m *minimiseState) Reason {
	defer r.budget.trace.fields(r, m, &e.Out)
	if len(m.plans) == 0 {
		return Unjudged
	}
	h := &r.Hit
	h.Settle(r.held)
	if r.unsealed() {
		return Sealed
	}
	e.Out.Method, e.Out.Path = r.Route.method(h.Request.Method), r.Path
	e.Out.Upstream = r.Route.Recipient.Upstreams[r.Route.Endpoint.Host]
	if e.Out.Upstream == "" {
		return Failed
	}
	came, put := len(h.Request.Query)+len(h.Request.Body)+len(r.coded), len(h.Grow())
	if !r.fits(came + put) {
		return OutOfMemory
	}
	e.assembler.Begin(h)
	from := len(e.out)
	e.out = e.assembler.Append(e.out, h, h.QueryRoot)
	e.carryQuery(m, from)
	query := len(e.out)
	clean := h.BodyRoot == hit.None || !h.Nodes[h.BodyRoot].Dirty
	switch {
	case h.BodyRoot == hit.None:
	case clean && r.coded != nil && !codec.SaysMore(r.coded, h.Request.Coded):
		e.out = append(e.out, r.coded...)
	case r.coded != nil:
		e.inner = e.assembler.Append(e.inner, h, h.BodyRoot)
		e.out = e.assembler.Deflate(e.out, e.inner, h.Request.Coded)
	default:
		e.out = e.assembler.Append(e.out, h, h.BodyRoot)
	}
	end := len(e.out)
	if e.headers(r, m, end > query); r.budget.spent() {
		return OverLimit
	}
	e.Out.Query, e.Out.Body = e.out[from:query:query], e.out[query:end:end]
	e.Out.Forward = true
	return Unjudged
}

// unsealed tells whether the hit is changed and would be sent with a checksum, signature
// or length that vouches for what it was.
func (r *readState) unsealed() bool {
	if !r.Route.Recipient.Catalog.Seals {
		return false
	}
	h := &r.Hit
	dirty := false
	for _, root := range [2]int32{h.QueryRoot, h.BodyRoot} {
		dirty = dirty || root != hit.None && h.Nodes[root].Dirty
	}
	if !dirty {
		return false
	}
	for i := range h.Nodes {
		if f := r.field(&h.Nodes[i]); f != nil && f.Seals && h.Sent(int32(i)) {
			return true
		}
	}
	return false
}

// held tells whether a container stays though nothing is left in it: the hit's own roots, its
// events, and what the vendor requires.
func (r *readState) held(i int32) bool {
	n := &r.Hit.Nodes[i]
	if n.Parent == hit.None || n.Event != hit.Shared && r.Hit.Events[n.Event].Root == i {
		return true
	}
	f := r.field(n)
	return f != nil && f.Required
}

// carryQuery hands the visitor's address on as a parameter, minimised, where the
// vendor takes it so and the hit has none.
func (e *encodeState) carryQuery(m *minimiseState, from int) {
	name := m.route.Endpoint.Carry.Query
	if name == "" || slices.ContainsFunc(m.plans, func(p *plan) bool { return p.sets(name) }) {
		return
	}
	h := m.hit
	for c := h.Nodes[h.QueryRoot].First; c != hit.None; c = h.Nodes[c].Next {
		if h.Nodes[c].Fate != hit.Drop && string(h.Bytes(h.KeySpan(c))) == name {
			return
		}
	}
	a, _ := m.action(hit.Shared, hit.None, hit.IP, hit.Unknown)
	text := m.addressAfter(a)
	if text == nil {
		return
	}
	if len(e.out) > from {
		e.out = append(e.out, '&')
	}
	e.out = hit.AppendPercent(append(append(e.out, name...), '='), text)
}

// eventBytes is what leaves of one event (see Judgement.EventBytes).
func (e *encodeState) eventBytes(h *hit.Hit, event int) []byte {
	root := h.Events[event].Root
	switch root {
	case hit.None:
		return e.Out.Path
	case h.QueryRoot:
		return e.Out.Query
	}
	n := &h.Nodes[root]
	switch {
	case n.Fate == hit.Drop:
		return nil
	case !n.Dirty:
		return h.Bytes(n.Val)
	}
	if text, ok := e.assembler.Event(event); ok {
		return text
	}
	// It lies in one of several values that were wrapped, each written where the one before it was.
	e.eventText = e.assembler.Again(hit.Emptied(e.eventText), h, root)
	return e.eventText
}
