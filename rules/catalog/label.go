package catalog

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// Read takes a hit apart: query and body are opened, every node gets its field and class, containers are opened in
// turn, and events, identifiers and consent signals are noted. An event may have so many fields; one that has more is
// marked as too large, and no other suffers for it; where none is left the hit is over the limit. The error is
// [codec.ErrMalformed], [codec.ErrLimit] or [codec.ErrMemory], and then the hit says nothing but how many events were
// seen in it.
func (v *Vendor) Read(e *Endpoint, h *hit.Hit, o *codec.Opener, events, fields int) error {
	r := reading{v: v, e: e, h: h, o: o, events: events, object: hit.None}
	root, err := o.Query()
	if err != nil {
		return err
	}
	h.QueryRoot = root
	switch {
	case len(h.Request.Body) == 0:
	case e.Kind == Opaque: // nobody opens it
		h.BodyRoot = o.Root()
	case len(e.Body) == 0:
		return codec.ErrMalformed
	default:
		h.BodyRoot = o.Root()
		if err := o.Open(h.BodyRoot, e.Body); err != nil {
			return err
		}
	}
	if err := r.label(); err != nil {
		return err
	}
	h.Choose()
	switch {
	case e.Kind == Opaque && h.BodyRoot != hit.None:
		h.Nodes[h.BodyRoot].Event = h.Begun(h.BodyRoot, 0)
	case len(h.Events) == 0 && e.Kind != Events:
		h.Begun(hit.None, 0)
	}
	h.Chain()
	if len(h.Events) == 0 {
		return codec.ErrMalformed
	}
	h.Seen = len(h.Events)
	if !r.measure(fields) {
		return codec.Over("fields")
	}
	r.nameEvents()
	return nil
}

// measure marks the events that have more fields than one may have. It tells whether any event is
// left: what all share counts for each.
func (r *reading) measure(fields int) bool {
	h := r.h
	if h.NodesOf(hit.Shared) > fields {
		return false
	}
	left := 0
	for i := range h.Events {
		h.Events[i].TooLarge = h.NodesOf(int32(i)) > fields
		if !h.Events[i].TooLarge {
			left++
		}
	}
	return left > 0
}

type reading struct {
	v      *Vendor
	e      *Endpoint
	h      *hit.Hit
	o      *codec.Opener
	events int

	begun [8]int // events, by the priority of their place; those of the last ones together
	whole finder

	object int32    // the one whose schema was asked for last
	schema hit.Span // and what it is called by that
}

// label goes over the nodes in order. A parent stands before its children, and what is opened on the way is added
// at the end, so one loop sees them all.
func (r *reading) label() error {
	h := r.h
	for i := int32(0); int(i) < len(h.Nodes); i++ {
		r.place(i)
		n := &h.Nodes[i]
		s := &r.v.standings[n.State]
		if s.event != hit.None && n.Event == hit.Shared && !r.holdsDeeper(i, &r.v.states[n.State]) {
			if err := r.begin(i, s.event); err != nil {
				return err
			}
			s = &r.v.standings[n.State]
		}
		if s.field == hit.None {
			n.Class = implied(n)
			r.maybe(i)
			continue
		}
		n.Field, n.Class = s.field, s.class
		if n.Event != hit.Shared {
			e := &h.Events[n.Event]
			e.Known = e.Known || i != e.Root && (n.Parent != e.Root || !h.Nodes[n.Parent].Opened)
		}
		if s.plain && n.Alias == hit.Unknown && n.Layers&ofSite == 0 && !n.Kind.Holds() {
			r.maybe(i)
			continue
		}
		f := &r.v.Fields[s.field]
		if n.Kind.Holds() {
			if n.Event != hit.Shared && f.nameRule != hit.None { // a name is a text
				h.Events[n.Event].Malformed = true
			}
			r.alias(i, f)
			if n.Kind == hit.Array && placed[n.Class] && n.Alias == hit.Unknown && r.isPlace(i) {
				n.Alias = hit.PreciseGeo
			}
			continue
		}
		if f.opens {
			opened, err := r.open(i, s.field)
			if err != nil {
				return err
			}
			if opened {
				continue
			}
		}
		r.leaf(i, f)
		if class := h.Nodes[i].Class; class != hit.Email && class != hit.Phone { // which are looked at in any case
			r.maybe(i)
		}
	}
	return nil
}

// place finds a node's event and state from its parent's.
func (r *reading) place(i int32) {
	h := r.h
	n := &h.Nodes[i]
	if n.Parent == hit.None {
		switch {
		case i == h.BodyRoot:
			n.State = 0
		case r.e.eventInQuery():
			n.State = r.e.fields
			if r.e.queryIsEvent != hit.None && n.First != hit.None {
				h.Nodes[i].Event = h.Begun(i, r.e.queryIsEvent)
			}
		default:
			n.State = r.e.query
		}
		return
	}
	p := &h.Nodes[n.Parent]
	n.Alias, n.Many, n.Layers = p.Alias, p.Many, p.Layers
	if p.Opened {
		n.Layers++
	}
	if n.Event == hit.Shared { // begin has put an event's number here
		n.Event = p.Event
	}
	if n.State != 0 { // and its state
		return
	}
	s := &r.v.states[p.State]
	switch {
	case p.Kind == hit.Form:
		n.State, n.Free = r.key(s, h.KeySpan(i))
	case p.Kind == hit.Object, p.Kind == hit.Item, p.Kind == hit.Markup:
		n.State, n.Free = r.member(s, h.KeySpan(i))
	case p.Kind == hit.Raw:
		n.State = r.e.body
	case p.Opened && n.Event != hit.Shared && h.Events[n.Event].Root == n.Parent:
		n.State = r.e.fields
	case p.Opened && s.inner == 0: // what the site wrote as JSON into a text is what the text is
		n.State = p.State
		n.Layers |= ofSite
	case p.Opened:
		n.State = s.inner
	case s.head != 0 && p.First == i:
		n.State = s.head
	default:
		n.State = s.elem
	}
	if r.v.standings[n.State].apart {
		if of := &r.v.states[n.State]; of.pair != "" {
			n.State, n.Free = r.pair(i, of)
		} else {
			n.State = r.bySchema(i, n.State)
		}
	}
}

// member finds where a member of an object leads. Free is true where no name but a wildcard fits.
func (r *reading) member(s *state, key hit.Span) (to int32, free bool) {
	if to, ok := s.members.find(r.h.Bytes(key)); ok {
		return to, false
	}
	for i := range s.likes {
		if s.likes[i].matches(r.h.Bytes(key)) {
			return s.likes[i].to, true
		}
	}
	return s.star, true
}

// key is member for a key of a form.
func (r *reading) key(s *state, key hit.Span) (to int32, free bool) {
	text := r.h.Bytes(key)
	if to, ok := s.keys.find(text); ok {
		return to, false
	}
	for i := range s.globs {
		if s.globs[i].matches(text) {
			return s.globs[i].to, true
		}
	}
	if to, ok := s.members.find(text); ok {
		return to, false
	}
	return s.star, true
}

// holdsDeeper tells whether a better event location lies inside node i.
func (r *reading) holdsDeeper(i int32, s *state) bool {
	for _, member := range s.deeper {
		for c := r.h.Nodes[i].First; c != hit.None; c = r.h.Nodes[c].Next {
			if string(r.h.Bytes(r.h.KeySpan(c))) == member {
				return true
			}
		}
	}
	return false
}

// begin starts an event at node i or, where it is a list, at each of its elements.
func (r *reading) begin(i int32, priority int16) error {
	h := r.h
	if k := h.Nodes[i].Kind; k != hit.Array && k != hit.Lines && k != hit.Records {
		if h.Nodes[i].First == hit.None || !k.Holds() {
			return nil
		}
		h.Nodes[i].Event, h.Nodes[i].State = h.Begun(i, priority), r.e.fields
		return r.counted(priority, hit.None)
	}
	opened := r.v.states[r.v.states[h.Nodes[i].State].elem].inner != 0
	for c := h.Nodes[i].First; c != hit.None; c = h.Nodes[c].Next {
		if !opened {
			h.Nodes[c].State = r.e.fields
		}
		h.Nodes[c].Event = h.Begun(c, priority)
		if err := r.counted(priority, h.Nodes[c].Next); err != nil {
			return err
		}
	}
	return nil
}

// counted refuses more events at a place than a hit may hold. Those that follow from node next on are seen
// all the same: it is known what is lost.
func (r *reading) counted(priority int16, next int32) error {
	begun := &r.begun[min(int(priority), len(r.begun)-1)]
	*begun++
	r.h.Seen = *begun
	if *begun <= r.events {
		return nil
	}
	for ; next != hit.None; next = r.h.Nodes[next].Next {
		r.h.Seen++
	}
	return codec.Over("events")
}

// leaf notes what a leaf says: a name, an identifier, a signal.
func (r *reading) leaf(i int32, f *FieldInfo) {
	h := r.h
	n := &h.Nodes[i]
	if f.label {
		n.Label, n.Alias = true, hit.Unknown
		return
	}
	if f.Names || n.Layers&ofSite != 0 {
		r.alias(i, f)
	}
	if n.Alias == hit.Unknown {
		n.Alias = f.as
		if placed[n.Class] && r.isAxis(i) {
			n.Alias = hit.PreciseGeo
		}
	}
	if n.Class == hit.Container {
		n.Class = hit.Unknown // the catalog knows a container here, not this
	}
	if f.nameRule != hit.None && n.Event != hit.Shared {
		r.name(i, n.Event, f.nameRule)
	}
	if f.Signal != "" {
		h.Claims = append(h.Claims, hit.Claim{Node: i, Event: n.Event, Signal: f.Signal})
	}
	if n.Kind == hit.Null || n.Kind == hit.Bool || n.Val.Len() == 0 {
		return
	}
	if f.Stamp != hit.NoStamp {
		h.Stamps = append(h.Stamps, hit.Stamp{Node: i, Event: n.Event, Kind: f.Stamp})
	}
	id := hit.ID{Node: i, Event: n.Event, Class: n.Class, Word: f.word}
	if n.Class.Identifies() {
		h.IDs = append(h.IDs, id)
	}
	if n.Alias != n.Class && n.Alias.Identifies() {
		id.Class, id.Word = n.Alias, hit.OfSite
		if n.Many {
			id.Word = hit.OfNobody
		}
		h.IDs = append(h.IDs, id)
	}
	if id.Word = f.word; n.Free && f.Names {
		id.Word = ofType(n)
	}
	for _, class := range f.Also {
		id.Class = class
		h.IDs = append(h.IDs, id)
	}
}

// ofType is on whose word an id is the visitor's that is told apart by a type which the site made up: what the type
// does not call a person's may be that of a household, a shop, a campaign.
func ofType(n *hit.Node) hit.Word {
	switch n.Alias {
	case hit.UserID, hit.Email, hit.Phone:
		if !n.Many {
			return hit.OfSite
		}
	default:
	}
	return hit.OfNobody
}

// name takes an event's name from node i, if its rule is better than what was found before. Two
// that disagree leave the event unread.
func (r *reading) name(i, event int32, rule int16) {
	h := r.h
	if h.Nodes[i].Val.Len() == 0 || h.Nodes[i].Kind == hit.Null || len(h.Text(i)) == 0 {
		return
	}
	e := &h.Events[event]
	switch {
	case e.NameRule == hit.None || rule < e.NameRule:
		e.NameRule, e.NameNode = rule, i
	case rule == e.NameRule && r.e.rules[rule].is == "" && !bytes.Equal(h.Text(e.NameNode), h.Text(i)):
		e.Malformed = true
	}
}

// nameEvents settles the names: what a rule says in place of the value, or what holds where no field was found.
func (r *reading) nameEvents() {
	h := r.h
	for i := range h.Events {
		e := &h.Events[i]
		for at := range r.e.rules {
			rule := &r.e.rules[at]
			if !rule.always && e.NameRule != int16(at) {
				continue
			}
			if e.NameIs = rule.is; e.NameIs == "" && e.NameNode != hit.None {
				e.Name = h.TextSpan(e.NameNode)
				if rule.pattern != "" {
					e.Name = within(rule.pattern, h, e.Name)
				}
				e.NameIs = rule.byName[h.EventName(int32(i))]
			}
			e.NameRule = int16(at)
			break
		}
		if e.NameRule == hit.None || e.Root != hit.None && r.e.Kind != Opaque &&
			(h.Nodes[e.Root].First == hit.None || !e.Known) {
			e.Malformed = true
		}
	}
}

// within narrows a span to where {id} stands in a pattern; a text that does not fit stays whole.
func within(pattern string, h *hit.Hit, s hit.Span) hit.Span {
	from, to, ok := Locate(pattern, h.Bytes(s))
	if !ok {
		return s
	}
	return hit.Span{Buf: s.Buf, Start: s.Start + uint32(from), End: s.Start + uint32(to)}
}
