package batch

import (
	"bytes"
	"slices"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// Batch is events that travel in one request, in the order in which they were added. It keeps its buffers from request
// to request. It is for one goroutine.
type Batch struct {
	at      *endpoint
	events  int
	group   []byte
	fixed   []byte // path, query, tail and the values of headers
	path    []byte
	query   []byte
	tail    []byte
	headers []delivery.Header
	keyed   bool
	body    []byte
	closed  int // bytes of the tail at the body's end
}

// Add adds an event, and is done with the piece and its request. It is false, and nothing is added, where the event
// does not join those that are there, or there is no more room for it.
func (b *Batch) Add(p *Piece) bool {
	switch {
	case b.events == 0:
		b.begin(p)
	case b.events >= b.at.many.Events || !bytes.Equal(b.group, p.group):
		return false
	}
	b.cut(len(b.body) - b.closed)
	b.closed = 0
	from := len(b.body)
	if b.events > 0 {
		b.body = append(b.body, p.comma...)
	}
	b.body = append(b.body, p.written...)
	if len(b.body)+len(b.tail) > b.at.many.Bytes {
		b.cut(from)
		return false
	}
	b.events++
	return true
}

// begin takes over from the first event what is alike in all.
func (b *Batch) begin(p *Piece) {
	b.Reset()
	b.at, b.keyed = p.at, p.keyed
	b.group = append(b.group, p.group...)
	size := len(p.path) + len(p.query) + len(p.tail)
	for i := range p.headers {
		size += len(p.headers[i].Value)
	}
	b.fixed = slices.Grow(b.fixed, size)
	b.path, b.query, b.tail = b.keep(p.path), b.keep(p.query), b.keep(p.tail)
	for i := range p.headers {
		h := &p.headers[i]
		b.headers = append(b.headers, delivery.Header{Name: h.Name, Value: b.keep(h.Value)})
	}
	b.body = append(b.body, p.head...)
}

// keep copies bytes into the room that was made for them.
func (b *Batch) keep(text []byte) []byte {
	from := len(b.fixed)
	b.fixed = append(b.fixed, text...)
	return b.fixed[from:len(b.fixed):len(b.fixed)]
}

// cut cuts the body off.
func (b *Batch) cut(from int) {
	clear(b.body[from:])
	b.body = b.body[:from]
}

// Events is how many were added.
func (b *Batch) Events() int { return b.events }

// Full tells whether no more events fit, however short.
func (b *Batch) Full() bool { return b.events > 0 && b.events >= b.at.many.Events }

// Event makes e the request that carries the events, one at least: all of it but vendor and gate. Its bytes are good
// until the next event is added, or [Batch.Reset]; names of headers are those of the events added. A lone event is
// better sent as it came.
func (b *Batch) Event(e *delivery.Event) {
	if b.closed == 0 {
		b.body, b.closed = append(b.body, b.tail...), len(b.tail)
	}
	e.Host, e.Method, e.Path, e.Query, e.Headers, e.Body = b.at.host, post, b.path, b.query, b.headers, b.body
	e.Count, e.Taken, e.Asked, e.Relay = b.events, "", false, b.at.relay
}

// Reset forgets the events, and overwrites what was kept of them.
func (b *Batch) Reset() {
	b.group, b.fixed, b.body = recycled(b.group), recycled(b.fixed), recycled(b.body)
	b.headers = hit.Emptied(b.headers)
	b.at, b.events, b.closed, b.path, b.query, b.tail = nil, 0, 0, nil, nil, nil
}

// kept is up to how many bytes a buffer is kept for another request.
const kept = 1 << 20

// recycled is a buffer made ready for another request: overwritten and emptied, or nil where it is too large to be
// kept.
func recycled(buffer []byte) []byte {
	if cap(buffer) > kept {
		return nil
	}
	return hit.Emptied(buffer)
}
