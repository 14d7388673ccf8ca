package batch

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"io"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/catalog"
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
	tail    []byte // and behind them
	escaped bool   // what stands between head and tail is escaped as in a form
	group   []byte

	plain  []byte // the body, unpacked
	inner  []byte // an event that was wrapped
	before []byte // a head of our own
	behind []byte // a tail
	rest   []byte // a query
	zip    *gzip.Reader
	packed bytes.Reader
}

// Cut cuts an event out of its request. Keyed says that it may come again (it has an idempotency key). It is false
// where the event travels alone: its vendor takes one at a time there, or the request is another than those that can
// be joined.
func (v *Vendor) Cut(p *Piece, e *delivery.Event, keyed bool) bool {
	p.clear()
	at := v.find(e)
	if at == nil || at.merge == nil || e.Asked {
		return false
	}
	p.at = at
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
	return len(p.event) <= most && !loneSurrogate(p.event) && p.alike(e, keyed)
}

// Group names what is alike in all events that travel with this one: two pieces join if theirs are the same.
// It holds bytes of the request, and is good for as long as the piece.
func (p *Piece) Group() []byte { return p.group }

// clear forgets the last event.
func (p *Piece) clear() {
	p.plain, p.inner, p.before = recycled(p.plain), recycled(p.inner), recycled(p.before)
	p.behind, p.rest, p.group = recycled(p.behind), recycled(p.rest), recycled(p.group)
	p.headers = hit.Emptied(p.headers)
	p.at, p.path, p.query, p.head, p.event, p.tail, p.escaped = nil, nil, nil, nil, nil, nil, false
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
	case !clear || found && !(gzipped && isGzip):
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

// find finds the event in its request, and what stands around it where there are several.
func (p *Piece) find(body []byte) bool {
	at := p.at
	for _, name := range at.held {
		if names(p.query, name) {
			return false
		}
	}
	if at.asQuery && (len(p.query) > 0) == (len(body) > 0) {
		return false // both, or none
	}
	isJSON := codec.BeginsAsJSON(body)
	if isJSON && !valid(body) {
		return false
	}
	for _, place := range at.places {
		switch place.Kind {
		case catalog.InMember:
			if !isJSON || body[space(body, 0)] != '{' {
				continue
			}
			value, start, clear := member(body[space(body, 0):], place.Name)
			if !clear {
				return false
			}
			if value != nil {
				return value[0] == '[' && p.element(body, start+space(body, 0), true)
			}
		case catalog.InList:
			if isJSON && body[space(body, 0)] == '[' {
				return p.element(body, space(body, 0), false) && p.enclose()
			}
		case catalog.InField:
			if value, found, clear := field(body, place.Name); !isJSON && clear && found && p.field(body, value, place.Base64) {
				return true
			}
		case catalog.AsForm, catalog.AsQuery:
			if text := p.query; place.Kind == catalog.AsQuery && len(text) > 0 {
				p.query = nil
				return p.text(text) && p.enclose()
			}
			if place.Kind == catalog.AsForm && !isJSON && len(body) > 0 {
				return p.text(body) && p.enclose()
			}
		case catalog.AsBody:
			if isJSON && body[space(body, 0)] == '{' {
				p.event = bytes.TrimSpace(body)
				return p.enclose()
			}
		}
	}
	return false
}

// element takes the one element of a list. Where around says so, what is around the list stays.
func (p *Piece) element(body []byte, bracket int, around bool) bool {
	start, stop, end, ok := only(body, bracket)
	if !ok || (body[start] == '"') != p.at.many.Texts || body[start] != '"' && body[start] != '{' {
		return false
	}
	p.event = body[start:stop]
	if around {
		p.head, p.tail = body[:bracket+1], body[end:]
	}
	return true
}

// enclose puts around an event that came in no list what stands around several.
func (p *Piece) enclose() bool {
	p.head = p.at.head
	if p.head[0] == '[' {
		p.tail = []byte("]")
		return true
	}
	p.behind = append(p.behind, ']')
	for _, name := range p.at.merge.Shared {
		value, _, clear := member(p.event, name)
		if !clear {
			return false
		}
		if value != nil {
			p.behind = append(append(append(p.behind, `,"`...), name...), `":`...)
			p.behind = append(p.behind, value...)
		}
	}
	p.behind = append(p.behind, '}')
	p.tail = p.behind
	return true
}

// field takes an event out of a field of a form: JSON, in a list of one or not.
func (p *Piece) field(form []byte, f pair, wrapped bool) bool {
	text, ok := unescape(p.inner[:0], f.value)
	if p.inner = text; !ok {
		return false
	}
	if wrapped {
		n, err := base64.StdEncoding.Decode(text, text)
		if err != nil {
			return false
		}
		text = text[:n]
	}
	if !utf8.Valid(text) || !codec.BeginsAsJSON(text) || !valid(text) {
		return false
	}
	p.event = bytes.TrimSpace(text)
	if p.event[0] == '[' && !p.element(p.event, 0, false) {
		return false
	}
	p.before = hit.AppendPercent(append(p.before, form[:f.start]...), []byte("["))
	p.behind = hit.AppendPercent(p.behind, []byte("]"))
	p.behind = append(p.behind, form[f.start+len(f.value):]...)
	p.head, p.tail, p.escaped = p.before, p.behind, true
	return true
}

// text makes a form or a query a text in a list, "?a=b&c=d": bytes that a form has where everything in it is escaped.
func (p *Piece) text(form []byte) bool {
	if form[0] == '?' {
		return false
	}
	decoded, ok := unescape(p.before, form)
	if p.before = decoded; !ok || !utf8.Valid(decoded) {
		return false
	}
	p.inner = append(p.inner, `"?`...)
	for _, c := range form {
		switch {
		case c <= ' ' || c >= 0x7f || c == '#':
			return false
		case c == '"' || c == '\\':
			p.inner = append(p.inner, '\\')
		}
		p.inner = append(p.inner, c)
	}
	p.inner = append(p.inner, '"')
	p.event = p.inner
	return true
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

// value finds a value of the event by its path; it is nil where there is none.
func (p *Piece) value(path []string) (value []byte, clear bool) {
	if p.event[0] == '{' {
		return under(p.event, path)
	}
	text := bytes.TrimPrefix(p.event[1:len(p.event)-1], []byte("?"))
	if bytes.IndexByte(text, '\\') >= 0 || len(path) != 1 || names(text, path[0]) {
		return nil, false
	}
	return nil, true
}
