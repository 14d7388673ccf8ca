package rules

import (
	"errors"
	"strings"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// readState is what Read finds: whose a hit is, what it holds, what it says of the visitor's choices, and what
// identifies the visitor.
type readState struct {
	Hit hit.Hit // Request: receive; the rest: decode

	// route
	Policy *Policy
	Site   *Site
	Route  *Route
	Path   []byte     // as the vendor knows it
	Owner  *Recipient // whose the path is where it leads nowhere, or not by this method; nil where it is nobody's
	room   workroom   // to look a path over in

	// decode
	opener codec.Opener
	body   []byte // without its content coding
	coded  []byte // as received, where it had one
	budget budget // what may still be spent on the hit

	// observe
	Region     Region
	FromServer bool             // one of the servers that may send as such sent it
	Signals    []signal.Signals // one, or one an event
	Subjects   []Subject
	said       signal.Signals // by the whole hit
	ask        signal.Ask
	scratch    cmp.Scratch
	variants   idVariants
	hashed     [64]int32 // by a variant's sum: the one that was hashed last
}

// reset forgets the hit.
func (r *readState) reset() {
	r.Hit.Reset()
	r.Policy, r.Site, r.Route, r.Path, r.Owner = nil, nil, nil, nil, nil
	r.room = r.room.cleared()
	r.opener.Reset()
	r.body, r.coded, r.budget = hit.Recycled(r.body), nil, budget{}
	r.FromServer = false
	r.Region, r.Signals, r.Subjects = Region{}, hit.Recycled(r.Signals), hit.Recycled(r.Subjects)
	r.said = signal.Signals{}
	r.ask.Reset()
	r.variants.reset()
}

// findRoute finds the site, the vendor and the endpoint.
func (r *readState) findRoute() Reason {
	if r.Route != nil {
		return Unjudged
	}
	q := &r.Hit.Request
	if r.Site = r.Policy.Site(q.Host); r.Site == nil {
		return UnknownHost
	}
	found, rest, known := r.Site.Find(q.Method, q.Path)
	if found == nil {
		r.Owner = r.Site.Owner(q.Path)
	}
	switch {
	case found != nil && r.pathLeaks(found, rest):
		r.Owner = found.Recipient
		return UnknownPath
	case found != nil:
		r.Route, r.Path = found, rest
		return Unjudged
	case known:
		return WrongMethod
	default:
		return UnknownPath
	}
}

// decode takes the content coding off the body and labels every span of the hit.
func (r *readState) decode(in *Inputs) Reason {
	l := &r.Route.limits
	q := &r.Hit.Request
	if len(q.Body) > l.Body {
		r.budget.trace.over(l, codec.Over("body"))
		return OverLimit
	}
	r.opener.Limits = l.codec()
	r.opener.Memory = in.Memory
	r.opener.Begin(&r.Hit)
	if reason := r.uncode(); reason != Unjudged {
		return reason
	}
	if !r.fits(len(q.Query) + len(q.Body)) { // what is escaped in them is put into plain text once
		return OutOfMemory
	}
	r.Hit.Begin()
	if err := r.Route.Recipient.Catalog.Read(r.Route.Endpoint, &r.Hit, &r.opener, l.Events, l.Fields); err != nil {
		r.budget.trace.over(l, err)
		return broken(err)
	}
	if !r.fits(len(r.Hit.Events) * eventSize) {
		return OutOfMemory
	}
	r.budget.allow(&r.Hit, len(r.coded))
	return Unjudged
}

// eventSize is about what an event takes beside its fields, in bytes: what it signals, its verdict, its record.
const eventSize = 2 << 10

// fits takes room for so many bytes, and tells whether there was some.
func (r *readState) fits(bytes int) bool {
	return r.opener.Memory == nil || r.opener.Memory.Take(bytes)
}

func broken(err error) Reason {
	switch {
	case errors.Is(err, codec.ErrLimit):
		return OverLimit
	case errors.Is(err, codec.ErrMemory):
		return OutOfMemory
	default:
		return MalformedHit
	}
}

// uncode takes the content coding off. Codings on top of each other, or ones that no SDK uses, are refused, and so is a
// form in parts.
func (r *readState) uncode() Reason {
	q := &r.Hit.Request
	kind, many := q.One("Content-Type")
	if many || len(kind) >= 10 && strings.EqualFold(string(kind[:10]), "multipart/") {
		return MalformedHit
	}
	coding, many := q.One("Content-Encoding")
	if many {
		return MalformedHit
	}
	if len(coding) == 0 || strings.EqualFold(string(coding), "identity") || len(q.Body) == 0 {
		return Unjudged
	}
	name := strings.ToLower(string(coding))
	if name != "gzip" && name != "deflate" {
		return MalformedHit
	}
	body, step, err := r.opener.Inflate(r.body[:0], q.Body, name)
	if err != nil {
		r.budget.trace.over(&r.Route.limits, err)
		return broken(err)
	}
	r.body, r.coded = body, q.Body
	q.Body, q.Coded = body, step
	return Unjudged
}

// observe reads region and signals, and hashes what identifies the visitor.
func (r *readState) observe(in *Inputs) Reason {
	h := &r.Hit
	r.Region = r.Site.Region(&h.Request)
	r.FromServer = r.Route.Recipient.Senders.sent(&h.Request)
	reader := r.Site.signals
	note := r.budget.trace.signalNote()
	r.ask.Declaration, r.ask.Strings, r.ask.Scratch = &r.Route.Recipient.declared, in.Strings, &r.scratch
	if note == nil { // else all is told as it is read
		r.ask.Memo = in.Choices
	}
	if !in.Now.IsZero() {
		r.ask.Now = in.Now.Unix()
	}
	reader.Hit(h, &r.said, &r.ask, note)
	if !reader.PerEvent(h) {
		r.Signals = append(r.Signals, r.said)
		return r.subjects(in)
	}
	for e := range h.Events {
		r.Signals = append(r.Signals, r.said)
		reader.Event(h, int32(e), &r.Signals[e], &r.ask, note)
	}
	return r.subjects(in)
}

// SignalsOf returns what holds for an event.
func (r *readState) SignalsOf(event int) *signal.Signals {
	return &r.Signals[min(event, len(r.Signals)-1)]
}

// Signals must stay comparable, so that two judgements can be compared.
var _ = func(a, b signal.Signals) bool { return a == b }

// field returns what the catalog knows of a node, nil where it knows nothing.
func (r *readState) field(n *hit.Node) *catalog.FieldInfo {
	if n.Field == hit.None {
		return nil
	}
	return &r.Route.Recipient.Catalog.Fields[n.Field]
}
