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

// hitContext is one hit on its way through the stages. It is pooled: nothing of it may be kept once the hit is
// answered.
type hitContext struct {
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

	// lookup
	visitors rules.Visitors // where something was found, and the hit has several events
	leads    []int32        // places of subjects: persons who objected
	browsers []int32        // and browsers beside them
	acts     uint64         // the version of the objections before the first one was looked up

	// record
	number  uint64
	records []ledger.Event
	text    []byte     // of what a record holds: ids of shapes, bytes to be digested
	dates   []int64    // of all records
	hashes  [][16]byte // of all records
	firstOf []int32    // the first subject of what all events share, and of each event
	nextOf  []int32    // by subject: the next one of the same event

	// deliver
	answer  fasthttp.Response
	outcome delivery.Outcome
	leaving bool // it was handed over to delivery
	sent    bool // and delivery said how it went
	headers []delivery.Header
	event   delivery.Event
	gate    sendGate
	judged  judgedEvents // that the gate asks

	travelling []int // events that travel

	// where it waits
	waits    queuing
	accepted bool   // what it put into the queue is on disk
	one      [1]int // an event, to be kept by itself

	spoiled bool // a stage panicked
}

// hitContexts hands them out and takes them back. This is the only place that does either.
var hitContexts = sync.Pool{New: func() any {
	h := new(hitContext)
	h.judged.stands = h.j.Stands // made once: it would be allocated for each hit
	return h
}}

func takeContext(ctx *fasthttp.RequestCtx, server *Server, snapshot *Snapshot, in rules.Inputs) *hitContext {
	h := hitContexts.Get().(*hitContext)
	h.ctx, h.server, h.snapshot, h.in = ctx, server, snapshot, in
	h.lease.Begin(server.budget)
	h.in.Memory = &h.lease
	return h
}

func (h *hitContext) giveBack() {
	h.lease.End()
	if h.spoiled {
		return
	}
	h.j.Reset()
	h.ctx, h.server, h.snapshot, h.in = nil, nil, nil, rules.Inputs{}
	h.hostname, h.status = hit.Recycled(h.hostname), 0
	h.body, h.unread = hit.Recycled(h.body), false
	h.visitors.Reset()
	h.leads, h.browsers = hit.Recycled(h.leads), hit.Recycled(h.browsers)
	h.number, h.acts = 0, 0
	h.records, h.text, h.dates = hit.Recycled(h.records), hit.Recycled(h.text), hit.Recycled(h.dates)
	h.hashes, h.firstOf, h.nextOf = hit.Recycled(h.hashes), hit.Recycled(h.firstOf), hit.Recycled(h.nextOf)
	if body := h.answer.Body(); cap(body) > 0 {
		h.answer.SwapBody(hit.Recycled(body))
	}
	h.answer.Reset()
	h.event, h.gate, h.judged = delivery.Event{}, sendGate{}, judgedEvents{stands: h.judged.stands}
	h.outcome, h.leaving, h.sent, h.headers = delivery.Outcome{}, false, false, hit.Recycled(h.headers)
	h.travelling = hit.Recycled(h.travelling)
	h.waits.reset()
	h.accepted, h.one = false, [1]int{}
	hitContexts.Put(h)
}
