package batch

import (
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// Piece is an event cut out of its request, to travel with others. It keeps its buffers from event to event, and is
// good until the next one is cut, or the bytes of the request change. It is for one goroutine.
type Piece struct {
	at      *endpoint
	path    []byte
	query   []byte
	headers []delivery.Header // those of the request that several have, too
	head    []byte            // what stands before the events
	event   []byte
	written []byte // the event as it stands between head and tail: in a form it is escaped
	comma   []byte // between two events, likewise
	tail    []byte // behind them
	keyed   bool
	group   []byte

	json outline // what the event stands in, where that is JSON
	root int     // its part there

	plain   []byte // the body, unpacked
	inner   []byte // an event that was wrapped
	escaped []byte // one as it stands in a form
	before  []byte // a head of our own
	behind  []byte // a tail
	rest    []byte // a query
	zip     *gzip.Reader
	packed  bytes.Reader
}

// Cut cuts an event out of its request. Keyed says that it may come again (it has an idempotency key). It is false
// where the event travels alone: its vendor takes one at a time there, or the request is another than those that can
// be joined.
func (v *Vendor) Cut(p *Piece, e *delivery.Event, keyed bool) bool {
	p.Reset()
	at := v.find(e)
	if at == nil || at.merge == nil || e.Asked {
		return false
	}
	p.at, p.keyed = at, keyed
	var ok bool
	if p.path, ok = v.target(at, e.Path); !ok || !p.alikeInHead(e) {
		return false
	}
	body, ok := p.open(e)
	if !ok || !utf8.Valid(body) || !utf8.Valid(e.Query) || !p.find(body) {
		return false
	}
	most := at.many.Event
	if most == 0 {
		most = at.many.Bytes
	}
	if p.written == nil {
		p.written, p.comma = p.event, comma
	}
	return len(p.event) <= most && !loneSurrogate(p.event) && p.alike(e, keyed)
}

// Group names what is alike in all events that travel with this one: two pieces join if theirs are the same.
// It holds bytes of the request, and is good for as long as the piece.
func (p *Piece) Group() []byte { return p.group }

// Most is how many events one request takes that travel with this one.
func (p *Piece) Most() int { return p.at.many.Events }

// Reset forgets the last event, and overwrites what was kept of it. What was unpacked last stays in the window of the
// decompressor, which is not read before it is written anew.
func (p *Piece) Reset() {
	p.plain, p.inner, p.escaped, p.before = recycled(p.plain), recycled(p.inner), recycled(p.escaped), recycled(p.before)
	p.behind, p.rest, p.group = recycled(p.behind), recycled(p.rest), recycled(p.group)
	p.headers = hit.Emptied(p.headers)
	if p.zip != nil {
		p.zip.Header = gzip.Header{}
	}
	p.json.reset()
	p.at, p.path, p.query, p.root = nil, nil, nil, nowhere
	p.head, p.event, p.written, p.comma, p.tail = nil, nil, nil, nil, nil
}

// alikeInHead takes the headers that several events have as well: all but how the body is packed, and where the
// catalog says another, of which type it is.
func (p *Piece) alikeInHead(e *delivery.Event) bool {
	for i := range e.Headers {
		switch h := &e.Headers[i]; {
		case ascii.EqualFold(h.Name, "Content-Length") || ascii.EqualFold(h.Name, "Transfer-Encoding"):
			return false // nobody gives them: whoever sends the request makes them
		case ascii.EqualFold(h.Name, "Content-Encoding") || p.at.kind != nil && ascii.EqualFold(h.Name, "Content-Type"):
		default:
			p.headers = append(p.headers, *h)
		}
	}
	if p.at.kind != nil {
		p.headers = append(p.headers, delivery.Header{Name: "Content-Type", Value: p.at.kind})
	}
	return true
}

// gzipMagic is what gzip begins with (RFC 1952, section 2.3.1).
var gzipMagic = []byte{0x1f, 0x8b}

// open takes the packing off the body, and what says so off the query.
func (p *Piece) open(e *delivery.Event) (body []byte, ok bool) {
	body, p.query = e.Body, e.Query
	coding, many := header(e, "Content-Encoding")
	switch {
	case many:
		return nil, false
	case len(coding) == 0 || ascii.EqualFold(coding, "identity"):
	case ascii.EqualFold(coding, "gzip"):
		if body, ok = p.inflate(body); !ok {
			return nil, false
		}
	default:
		return nil, false
	}
	name := p.at.merge.Packed
	if name == "" {
		return body, true
	}
	how, found, clear := field(e.Query, name)
	gzipped := string(how.value) == "gzip-js" || string(how.value) == "gzip"
	isGzip := bytes.HasPrefix(body, gzipMagic)
	switch {
	case !clear || found && (!gzipped || !isGzip):
		return nil, false
	case isGzip:
		if len(p.plain) > 0 { // twice
			return nil, false
		}
		if body, ok = p.inflate(body); !ok {
			return nil, false
		}
	}
	if found {
		p.query = p.without(e.Query, name)
	}
	return body, true
}

// inflate unpacks gzip, one member and nothing behind it, that holds no more than several events may.
func (p *Piece) inflate(body []byte) ([]byte, bool) {
	p.packed.Reset(body)
	defer p.packed.Reset(nil)
	if p.zip == nil {
		p.zip = new(gzip.Reader)
	}
	if p.zip.Reset(&p.packed) != nil {
		return nil, false
	}
	p.zip.Multistream(false)
	var err error
	p.plain, err = codec.AppendRead(p.plain[:0], io.Reader(p.zip), p.at.many.Bytes, nil)
	return p.plain, err == nil && p.packed.Len() == 0 && len(p.plain) > 0
}

// without is a query without one parameter.
func (p *Piece) without(query []byte, name string) []byte {
	for at := 0; at < len(query); {
		from := at
		var one pair
		one, at = nextPair(query, at)
		if string(one.name) == name {
			continue
		}
		if len(p.rest) > 0 {
			p.rest = append(p.rest, '&')
		}
		p.rest = append(p.rest, query[from:min(at-1, len(query))]...)
	}
	return p.rest
}

// alike makes the group, and tells whether the event may have company.
func (p *Piece) alike(e *delivery.Event, keyed bool) bool {
	m := p.at.merge
	for _, path := range m.Alone {
		if value, clear := p.value(path); !clear || value != nil {
			return false
		}
	}
	for i := range m.Is {
		value, clear := p.value(m.Is[i].Path)
		if !clear || len(value) < 2 || value[0] != '"' || string(value[1:len(value)-1]) != m.Is[i].Text {
			return false
		}
	}
	into := uint64(p.at.into) << 1
	if keyed {
		into |= 1
	}
	p.group = binary.AppendUvarint(p.group, into)
	for _, text := range [4][]byte{p.path, p.query, p.head, p.tail} {
		p.group = append(binary.AppendUvarint(p.group, uint64(len(text))), text...)
	}
	for i := range p.headers {
		h := &p.headers[i]
		p.group = append(binary.AppendUvarint(p.group, uint64(len(h.Name))), h.Name...)
		p.group = append(binary.AppendUvarint(p.group, uint64(len(h.Value))), h.Value...)
	}
	p.group = append(p.group, 0)
	for _, path := range m.Same {
		if !p.join(path, true) {
			return false
		}
	}
	if m.Unless != "" {
		if value, _ := header(e, m.Unless); len(value) > 0 {
			return true
		}
	}
	for _, path := range m.OneBrowser {
		if !p.join(path, false) {
			return false
		}
	}
	return true
}

// join has a value of the event be the same in all that travel with it.
func (p *Piece) join(path []string, mayLack bool) bool {
	value, clear := p.value(path)
	lacks := value == nil || string(value) == "null" || string(value) == `""`
	if !clear || lacks && !mayLack {
		return false
	}
	p.group = append(binary.AppendUvarint(p.group, uint64(len(value))), value...)
	return true
}
