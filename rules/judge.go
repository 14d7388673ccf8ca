package rules

import (
	"errors"
	"strings"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// The way of a hit, as far as it is pure. What stands here is the order, and the order is the law: a hit is routed before it is taken
// apart, everything it says is seen before anything is decided, every event is decided before a field is looked at, and only what was
// minimised is put together. A stage returns Unjudged to go on, or the reason why the hit as a whole is refused.
var (
	readStages = []func(*Judgement, *Inputs) Reason{
		route,
		decode,
		observe,
	}
	judgeStages = []func(*Judgement, *Inputs) Reason{
		decide,
		apply,
		encode,
	}
)

// Read takes a hit apart: whose it is, which events it holds, what it says of the visitor's choices, and by which identifiers
// objections are to be looked up. It returns Unjudged where the hit can be judged, else the reason why it is refused as a whole.
// A nil trace costs nothing. A hit that was routed already goes on from there.
func Read(p *Policy, j *Judgement, in *Inputs, trace *Trace) Reason {
	j.Policy, j.trace = p, trace
	if j.run(readStages, in) == OverLimit {
		j.Reason = Overlong(j, in)
	}
	return j.Reason
}

// FindRoute finds the site, the vendor and the endpoint of a hit of which no more than the head was read, so that it is known how long its body
// may be. It is the first stage of Read.
func FindRoute(p *Policy, j *Judgement) Reason {
	j.Policy = p
	return route(j, nil)
}

// Judge decides every event, minimises what is permitted and assembles the request to the vendor. Objections must have been written
// for every event. It returns Unjudged where every event has its verdict.
func Judge(j *Judgement, in *Inputs) Reason {
	if j.Reason != Unjudged {
		return j.Reason
	}
	return j.run(judgeStages, in)
}

func (j *Judgement) run(stages []func(*Judgement, *Inputs) Reason, in *Inputs) Reason {
	for _, stage := range stages {
		if j.Reason = stage(j, in); j.Reason != Unjudged {
			j.Out.Forward = false
			return j.Reason
		}
	}
	return Unjudged
}

// route finds the site, the vendor and the endpoint.
func route(j *Judgement, _ *Inputs) Reason {
	if j.Route != nil {
		return Unjudged
	}
	r := &j.Hit.Request
	if j.Site = j.Policy.Site(r.Host); j.Site == nil {
		return UnknownHost
	}
	found, rest, known := j.Site.Find(r.Method, r.Path)
	if found == nil {
		j.Owner = j.Site.Owner(r.Path)
	}
	switch {
	case found != nil && j.tellingPath(found, rest):
		j.Owner = found.Recipient
		return UnknownPath
	case found != nil:
		j.Route, j.Path = found, rest
		return Unjudged
	case known:
		return WrongMethod
	default:
		return UnknownPath
	}
}

// decode takes the content coding off the body and labels every span of the hit.
func decode(j *Judgement, in *Inputs) Reason {
	l := &j.Route.limits
	r := &j.Hit.Request
	if len(r.Body) > l.Body {
		j.trace.over(l, codec.Over("body"))
		return OverLimit
	}
	j.opener.Limits = l.codec()
	j.opener.Memory = in.Memory
	j.opener.Begin(&j.Hit)
	if reason := uncode(j); reason != Unjudged {
		return reason
	}
	if !j.room(len(r.Query) + len(r.Body)) { // what is escaped in them is put into plain text once
		return OutOfMemory
	}
	j.Hit.Begin()
	if err := j.Route.Recipient.Catalog.Read(j.Route.Endpoint, &j.Hit, &j.opener, l.Events, l.Fields); err != nil {
		j.trace.over(l, err)
		return broken(err)
	}
	if !j.room(len(j.Hit.Events) * eventSize) {
		return OutOfMemory
	}
	j.budget()
	return Unjudged
}

// eventSize is about what an event takes beside its fields, in bytes: what it signals, its verdict, its record.
const eventSize = 2 << 10

// room takes room for so many bytes, and tells whether there was some.
func (j *Judgement) room(bytes int) bool {
	return j.opener.Memory == nil || j.opener.Memory.Take(bytes)
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

// uncode takes the content coding off. Codings on top of each other, or ones that no SDK uses, are refused, and so is a form in parts.
func uncode(j *Judgement) Reason {
	r := &j.Hit.Request
	kind, many := r.One("Content-Type")
	if many || len(kind) >= 10 && strings.EqualFold(string(kind[:10]), "multipart/") {
		return MalformedHit
	}
	coding, many := r.One("Content-Encoding")
	if many {
		return MalformedHit
	}
	if len(coding) == 0 || strings.EqualFold(string(coding), "identity") || len(r.Body) == 0 {
		return Unjudged
	}
	name := strings.ToLower(string(coding))
	if name != "gzip" && name != "deflate" {
		return MalformedHit
	}
	body, step, err := j.opener.Inflate(j.body[:0], r.Body, name)
	if err != nil {
		j.trace.over(&j.Route.limits, err)
		return broken(err)
	}
	j.body, j.coded = body, r.Body
	r.Body, r.Coded = body, step
	return Unjudged
}

// observe reads region and signals, and hashes what identifies the visitor.
func observe(j *Judgement, in *Inputs) Reason {
	h := &j.Hit
	j.Region = j.Site.Region(&h.Request)
	reader := j.Site.signals
	note := j.trace.signalNote()
	j.ask.Declaration, j.ask.Strings, j.ask.Scratch = &j.Route.Recipient.declared, in.Strings, &j.scratch
	reader.Hit(h, &j.said, &j.ask, note)
	if !reader.PerEvent(h) {
		j.Signals = append(j.Signals, j.said)
		return j.subjects(in)
	}
	for e := range h.Events {
		j.Signals = append(j.Signals, j.said)
		reader.Event(h, int32(e), &j.Signals[e], &j.ask, note)
	}
	return j.subjects(in)
}

// decide judges every event by the ladder of its vendor.
func decide(j *Judgement, in *Inputs) Reason {
	h := &j.Hit
	if len(j.Objections) != len(h.Events) {
		return Failed
	}
	declared := j.preferences()
	for e := range h.Events {
		j.Objections[e].Merge(declared)
		if h.Events[e].Malformed {
			j.Verdicts = append(j.Verdicts, Verdict{Reason: MalformedHit})
			continue
		}
		if h.Events[e].TooLarge {
			j.Verdicts = append(j.Verdicts, Verdict{Reason: OverLimit})
			continue
		}
		j.view = eventView{j, int32(e)}
		q := asked{
			site: j.Site, region: j.Region, event: &j.view, name: h.EventName(int32(e)), signals: j.SignalsOf(e),
			objections: j.Objections[e], deaf: in.Deaf, now: in.Now, endpoint: j.Route.Endpoint, nobody: j.Route.Endpoint.Kind == catalog.Opaque && j.namesNobody(),
		}
		j.Verdicts = append(j.Verdicts, j.climb(j.Policy, j.Route.ladder, &q))
		if j.spent() {
			return OverLimit
		}
	}
	return Unjudged
}

// Signals must stay comparable, so that two judgements can be compared.
var _ = func(a, b signal.Signals) bool { return a == b }

// field returns what the catalog knows of a node, nil where it knows nothing.
func (j *Judgement) field(n *hit.Node) *catalog.FieldInfo {
	if n.Field == hit.None {
		return nil
	}
	return &j.Route.Recipient.Catalog.Fields[n.Field]
}
