package rules

import (
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/codec"
)

// Limits bound what one hit may hold; beyond them it is refused with the reason limit.
type Limits struct {
	Body         int // bytes of a body as received
	Decompressed int // bytes of everything opened in one hit
	Events       int // events in one hit
	Depth        int // levels of nesting
	Fields       int // fields of one event; an event that has more is refused alone
	Nodes        int // fields of one hit
}

// What an endpoint takes that is no list of events, in bytes: nobody's single event is larger.
const (
	singleBody         = 64 << 10
	singleDecompressed = 1 << 20
)

// at returns the limits of one endpoint: the general ones, less for one that takes no batches, and what its vendor file
// says, but never more than what the operator wrote down.
func (l Limits) at(e *catalog.Endpoint, given catalog.Limits) Limits {
	if e.Kind != catalog.Opaque && !e.Batches {
		l.Body, l.Decompressed = min(l.Body, singleBody), min(l.Decompressed, singleDecompressed)
		l.Nodes = min(l.Nodes, 2*l.Fields) // of the event, and of what stands around it
	}
	for _, one := range []struct {
		limit       *int
		says, given int
	}{
		{&l.Body, int(e.Limits.Body), int(given.Body)},
		{&l.Decompressed, int(e.Limits.Decompressed), int(given.Decompressed)},
		{&l.Events, e.Limits.Events, given.Events},
		{&l.Fields, e.Limits.Fields, given.Fields},
		{&l.Nodes, e.Limits.Nodes, given.Nodes},
	} {
		if one.says > 0 {
			*one.limit = one.says
		}
		if one.given > 0 {
			*one.limit = min(*one.limit, one.given)
		}
	}
	l.Decompressed = max(l.Decompressed, l.Body)
	return l
}

// BodyLimit is the size in bytes that the body of a hit on the route may have, as received.
func (r *Route) BodyLimit() int { return r.limits.Body }

// LargestBody is the largest body that any endpoint takes.
func (p *Policy) LargestBody() int { return p.largestBody }

// codec are the limits that opening a hit needs.
func (l *Limits) codec() codec.Limits {
	return codec.Limits{Depth: l.Depth, Nodes: l.Nodes, Decompressed: l.Decompressed}
}
