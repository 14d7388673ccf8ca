package proxy

import (
	"sync"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/memory"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// passage is one hit on its way through the stages. It is pooled: nothing of it may be kept once the hit is answered.
type passage struct {
	ctx      *fasthttp.RequestCtx
	server   *Server
	snapshot *Snapshot
	in       rules.Inputs
	j        rules.Judgement

	// receive
	hostname []byte
	status   int // the status to answer with, where the hit could not even be read

	// body
	lease  memory.Lease // of what the hit holds
	body   []byte
	unread bool // some of the body was not read

	// record
	number  uint64
	records []ledger.Event
	text    []byte          // of what a record holds: ids of shapes, bytes to be digested
	facts   []ledger.Signal // of all records
	hashes  [][16]byte      // of all records
	firstOf []int32         // the first subject of what all events share, and of each event
	nextOf  []int32         // by subject: the next one of the same event

	// deliver
	answer  fasthttp.Response
	outcome delivery.Outcome
	leaving bool // it was handed over to delivery
	sent    bool // and delivery said how it went
	headers []delivery.Header
	event   delivery.Event
	gate    sendGate

	spoiled bool // a stage panicked
}

// passages hands out passages and takes them back. This is the only place that does either.
var passages = sync.Pool{New: func() any {
	p := new(passage)
	p.gate.stands = p.j.Stands // made once: it would be allocated for each hit
	return p
}}

func takePassage(ctx *fasthttp.RequestCtx, server *Server, snapshot *Snapshot, in rules.Inputs) *passage {
	p := passages.Get().(*passage)
	p.ctx, p.server, p.snapshot, p.in = ctx, server, snapshot, in
	p.lease.Begin(server.budget)
	p.in.Memory = &p.lease
	return p
}

func (p *passage) giveBack() {
	p.lease.End()
	if p.spoiled {
		return
	}
	p.j.Reset()
	p.ctx, p.server, p.snapshot, p.in = nil, nil, nil, rules.Inputs{}
	p.hostname, p.status = p.hostname[:0], 0
	p.body, p.unread = hit.Recycled(p.body), false
	p.number = 0
	p.records, p.text, p.facts = hit.Recycled(p.records), hit.Recycled(p.text), hit.Recycled(p.facts)
	p.hashes, p.firstOf, p.nextOf = hit.Recycled(p.hashes), hit.Recycled(p.firstOf), hit.Recycled(p.nextOf)
	if body := p.answer.Body(); cap(body) > 0 {
		p.answer.SwapBody(hit.Recycled(body))
	}
	p.answer.Reset()
	p.event, p.gate = delivery.Event{}, sendGate{stands: p.gate.stands}
	p.outcome, p.leaving, p.sent, p.headers = delivery.Outcome{}, false, false, p.headers[:0]
	passages.Put(p)
}
