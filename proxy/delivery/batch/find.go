package batch

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/jsontext"
)

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
	if codec.BeginsAsJSON(body) {
		return p.findInJSON(body)
	}
	for _, place := range at.places {
		switch {
		case place.Kind == catalog.InField:
			if value, found, clear := field(body, place.Name); clear && found && p.field(body, value, place.Base64) {
				return true
			}
		case place.Kind == catalog.AsQuery && len(p.query) > 0:
			text := p.query
			p.query = nil
			return p.text(text) && p.enclose()
		case place.Kind == catalog.AsForm && len(body) > 0:
			return p.text(body) && p.enclose()
		}
	}
	return false
}

// findInJSON finds it in a body of JSON.
func (p *Piece) findInJSON(body []byte) bool {
	object := body[jsontext.Space(body, 0)] == '{'
	if !p.json.read(body, p.at.levels(object)) {
		return false
	}
	for _, place := range p.at.places {
		switch {
		case place.Kind == catalog.InMember && object:
			at, clear := p.json.member(0, place.Name)
			if !clear {
				return false
			}
			if at >= 0 {
				return p.json.first(at) == '[' && p.element(at) && p.keepAround(at)
			}
		case place.Kind == catalog.InList && !object:
			return p.element(0) && p.enclose()
		case place.Kind == catalog.AsBody && object:
			p.take(0)
			return p.enclose()
		}
	}
	return false
}

// take takes a part of a text of JSON for the event.
func (p *Piece) take(at int) { p.root, p.event = at, p.json.of(at) }

// element takes the one element of a list.
func (p *Piece) element(list int) bool {
	at := p.json.only(list)
	if at < 0 {
		return false
	}
	switch p.json.first(at) {
	case '"':
		p.take(at)
		return p.at.many.Texts
	case '{':
		p.take(at)
		return !p.at.many.Texts
	default:
		return false
	}
}

// keepAround has what stands around the one element of a list stand around several.
func (p *Piece) keepAround(list int) bool {
	l := &p.json.parts[list]
	p.head, p.tail = p.json.text[:l.start+1], p.json.text[l.end-1:]
	return true
}

// enclose puts around an event that came in no list what stands around several.
func (p *Piece) enclose() bool {
	p.head = p.at.head
	p.behind = append(p.behind, ']')
	if p.tail = p.behind; p.head[0] == '[' {
		return true
	}
	for _, name := range p.at.merge.Shared {
		at, clear := p.json.member(p.root, name)
		if !clear {
			return false
		}
		if at >= 0 {
			p.behind = append(append(append(p.behind, `,"`...), name...), `":`...)
			p.behind = append(p.behind, p.json.of(at)...)
		}
	}
	p.behind = append(p.behind, '}')
	p.tail = p.behind
	return true
}

// What a list is in, and what stands between its elements.
var (
	listBegins   = []byte("[")
	listEnds     = []byte("]")
	comma        = []byte(",")
	escapedComma = hit.AppendPercent(nil, comma)
)

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
	if !utf8.Valid(text) || !codec.BeginsAsJSON(text) {
		return false
	}
	object := text[jsontext.Space(text, 0)] == '{'
	if !p.json.read(text, p.at.levels(object)) || !object && !p.element(0) {
		return false
	}
	if object {
		p.take(0)
	}
	if at := &p.json.parts[p.root]; !wrapped && escapedThrough(f.value) {
		p.written = escapedBetween(f.value, int(at.start), len(text)-int(at.end))
	} else {
		p.escaped = hit.AppendPercent(p.escaped, p.event)
		p.written = p.escaped
	}
	p.before = hit.AppendPercent(append(p.before, form[:f.start]...), listBegins)
	p.behind = hit.AppendPercent(p.behind, listEnds)
	p.behind = append(p.behind, form[f.start+len(f.value):]...)
	p.head, p.comma, p.tail = p.before, escapedComma, p.behind
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

// value finds a value of the event by its path; it is nil where there is none.
func (p *Piece) value(path []string) (value []byte, clear bool) {
	if p.event[0] == '{' {
		return p.under(path)
	}
	text := bytes.TrimPrefix(p.event[1:len(p.event)-1], []byte("?"))
	if bytes.IndexByte(text, '\\') >= 0 || len(path) != 1 || names(text, path[0]) {
		return nil, false
	}
	return nil, true
}

// under finds a value of an event that is an object.
func (p *Piece) under(path []string) (value []byte, clear bool) {
	at := p.root
	for _, name := range path {
		if p.json.first(at) != '{' {
			return nil, true
		}
		if at, clear = p.json.member(at, name); at < 0 {
			return nil, clear
		}
	}
	return p.json.of(at), true
}
