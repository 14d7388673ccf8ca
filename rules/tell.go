package rules

import (
	"bytes"
	"strings"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// telling is what the vendor is told beside what the page said, of a hit as it was minimised.
type telling struct{ *minimiseState }

// tell states what the vendor is told of the visitor's choices, on every hit: in place of what the page said, or where
// it said nothing. What all events share is told what may be told of each of them.
func (m telling) tell(region Region) {
	if !m.route.tells || m.consent.shared == nil {
		return
	}
	h := m.hit
	m.tellScope(m.consent.shared, hit.Shared, h.QueryRoot, catalog.InQuery, region)
	m.tellScope(m.consent.shared, hit.Shared, h.BodyRoot, catalog.InBody, region)
	if m.inLines() {
		m.tellScope(m.consent.shared, hit.Shared, h.QueryRoot, catalog.InEvent, region)
		return
	}
	for e := range m.verdicts {
		if t := m.toldOf(int32(e)); t != nil {
			m.tellScope(t, int32(e), h.Events[e].Root, catalog.InEvent, region)
		}
	}
}

// inLines tells whether the events are lines below a query that says of all of them what it says: once is enough.
func (m telling) inLines() bool {
	h := m.hit
	if !m.route.Endpoint.SharesQuery() || h.QueryRoot == hit.None || h.Nodes[h.QueryRoot].Kind != hit.Form {
		return false
	}
	for e := range h.Events {
		root := h.Events[e].Root
		if root == hit.None || root == h.QueryRoot {
			return false
		}
		if above := h.Nodes[root].Parent; above == hit.None || h.Nodes[above].Kind != hit.Lines {
			return false
		}
	}
	return true
}

// tellScope states in an event, or in what all share, what belongs to a place there. At is the object or form that
// holds it.
func (m telling) tellScope(t *told, event, at int32, place catalog.Place, region Region) {
	last := ""
	for i := range t.says {
		s := &t.says[i]
		if s.place != place || s.name == last || !s.holdsIn(region) {
			continue
		}
		last = s.name
		switch said := m.replaced(s, event); {
		case said || s.when == catalog.Spoken:
		default:
			m.state(t, s, event, at)
		}
	}
}

// replaced goes over what the page says in the field of a statement, and puts in its place what the vendor is told,
// where that is so. It returns whether the field stands there, and leaves with the hit.
func (m telling) replaced(s *statement, event int32) bool {
	if s.signal != "" && s.when == catalog.Silent {
		return m.claims(s, event) || event != hit.Shared && m.claims(s, hit.Shared)
	}
	said := m.replacedIn(s, hit.Shared)
	if event != hit.Shared {
		return m.replacedIn(s, event) || said
	}
	if s.place == catalog.InEvent {
		for e := range m.verdicts {
			if m.verdicts[e].Decision == Permit {
				m.replacedIn(s, int32(e))
			}
		}
	}
	return said
}

// claims tells whether a field that states a signal stands in an event, or in what all share, and leaves.
func (m telling) claims(s *statement, event int32) bool {
	h := m.hit
	for i := h.FirstClaim(event); i != hit.None; i = h.Claims[i].Peer {
		if n := &h.Nodes[h.Claims[i].Node]; n.Field == s.field && n.Fate != hit.Drop {
			return true
		}
	}
	return false
}

// replacedIn is replaced for one event, or for what all share.
func (m telling) replacedIn(s *statement, event int32) (said bool) {
	h := m.hit
	for i := h.FirstOf(event); i != hit.None; i = h.Nodes[i].Peer {
		m.budget.Spend(costNode)
		n := &h.Nodes[i]
		if n.Field != s.field {
			continue
		}
		if s.when == catalog.Silent {
			said = true // also where the profile drops it: the page spoke
			continue
		}
		inner := n.Parent != hit.None && h.Nodes[n.Parent].Field == s.field
		switch {
		case inner:
		case s.list != nil && m.lists(i, s):
			said = true
		case s.list != nil || n.Kind.Holds() || n.Opened:
			n.Fate = hit.Drop
		default:
			said = true
			if !bytes.Equal(h.Text(i), s.text) || n.Fate != hit.Keep {
				h.SetEdit(i, s.text)
				h.Nodes[i].Downgraded = true
			}
		}
	}
	return said
}

// lists tells whether a list is what a statement says, and leaves as it is.
func (m telling) lists(i int32, s *statement) bool {
	h := m.hit
	if h.Nodes[i].Kind != hit.Array {
		return false
	}
	at := 0
	for c := h.Nodes[i].First; c != hit.None; c = h.Nodes[c].Next {
		if at == len(s.list) || h.Nodes[c].Kind != hit.String || h.Nodes[c].Fate != hit.Keep ||
			!bytes.Equal(h.Text(c), s.list[at]) {
			return false
		}
		at++
	}
	return at == len(s.list) && h.Nodes[i].Fate == hit.Keep
}

// state adds what is told where the field does not stand.
func (m telling) state(t *told, s *statement, event, at int32) {
	h := m.hit
	text := s.text
	if isMode(s.signal) {
		settled := m.consent.settled[event+1]
		switch {
		case s.signal == "npa":
			if m.deniedAds(event, t) == 0 {
				return
			}
		case settled != t.mode || t == &m.consent.mixed:
			made, ok := signal.AppendMode(m.room[:0], s.signal, s.member, s.text, settled)
			if m.room = made; !ok {
				return
			}
			text = made
		case s.signal == "ga4_mp_consent":
			if of := signal.StorageOf(s.member); of&(settled.Denied()|settled.Granted()) == 0 {
				return
			}
		}
	}
	for at != hit.None && h.Nodes[at].Opened {
		at = h.Nodes[at].First
	}
	if at == hit.None || h.Nodes[at].Kind != hit.Form && h.Nodes[at].Kind != hit.Object {
		return
	}
	name := s.name
	if h.Nodes[at].Kind == hit.Object {
		for {
			member, rest, more := strings.Cut(name, ".")
			if !more {
				break
			}
			at, name = m.cleared(at, member), rest
		}
	}
	m.put(at, name, s, text)
}

// cleared returns the object of that name below another one, and makes it where there is none. What stands there under
// the name and is no object goes.
func (m telling) cleared(at int32, name string) int32 {
	h := m.hit
	found := int32(hit.None)
	for c := h.Nodes[at].First; c != hit.None; c = h.Nodes[c].Next {
		m.budget.Spend(costNode)
		switch {
		case string(h.Bytes(h.KeySpan(c))) != name:
		case h.Nodes[c].Kind == hit.Object && found == hit.None:
			found = c
		default:
			h.Nodes[c].Fate = hit.Drop
		}
	}
	if found == hit.None {
		found = h.Make(at, []byte(name), hit.Object)
	}
	h.Nodes[found].Fate = hit.Keep
	return found
}

// put adds a field as the vendor wants it.
func (m telling) put(at int32, name string, s *statement, text []byte) {
	h := m.hit
	kind := hit.String
	if h.Nodes[at].Kind == hit.Object {
		kind = literalKind(text)
	}
	if s.list != nil {
		kind = hit.Array
	}
	i := h.Make(at, []byte(name), kind)
	h.Nodes[i].Field, h.Nodes[i].Class, h.Nodes[i].Downgraded = s.field, hit.ConsentSignal, true
	if h.Nodes[i].Kind != hit.Array {
		h.SetEdit(i, text)
		return
	}
	for _, element := range s.list {
		c := hit.MakeElement(h, i)
		h.Nodes[c].Field, h.Nodes[c].Class, h.Nodes[c].Downgraded = s.field, hit.ConsentSignal, true
		h.SetEdit(c, element)
	}
}

// literalKind is what a text stands as in JSON: a number, true, false, or a text.
func literalKind(text []byte) hit.Kind {
	if string(text) == "true" || string(text) == "false" {
		return hit.Bool
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return hit.String
		}
	}
	return hit.Number
}
