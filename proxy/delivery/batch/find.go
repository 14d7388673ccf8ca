package batch

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
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
	bracket := space(body, 0)
	var ok bool
	if p.root, _, ok = outline(p.root[:0], body, bracket); !ok || !valid(body) {
		return false
	}
	object := body[bracket] == '{'
	for _, place := range p.at.places {
		switch {
		case place.Kind == catalog.InMember && object:
			at, clear := member(p.root, body, place.Name)
			if !clear {
				return false
			}
			if at >= 0 {
				list := p.root[at].start
				return body[list] == '[' && p.element(body, list, true)
			}
		case place.Kind == catalog.InList && !object:
			return p.element(body, bracket, false) && p.enclose()
		case place.Kind == catalog.AsBody && object:
			if p.event = trimmed(body); bracket > 0 {
				return p.look() && p.enclose()
			}
			p.members, p.root = p.root, p.members // it was outlined by that
			return p.enclose()
		}
	}
	return false
}

// element takes the one element of a list, in a text that is JSON. Where around says so, what is around the list stays.
func (p *Piece) element(body []byte, bracket int, around bool) bool {
	start := space(body, bracket+1)
	rest := body[start:]
	if (rest[0] == '"') != p.at.many.Texts {
		return false
	}
	var end int
	switch rest[0] {
	case '"':
		end = afterString(rest, 0)
	case '{':
		p.members, end, _ = outline(p.members[:0], rest, 0) // no deeper than what it is in
		end++
	default:
		return false
	}
	behind := start + space(rest, end)
	if body[behind] != ']' {
		return false
	}
	p.event = rest[:end]
	if around {
		p.head, p.tail = body[:bracket+1], body[behind:]
	}
	return true
}

// look outlines the event, where anything is asked of its members.
func (p *Piece) look() bool {
	m := p.at.merge
	if p.event[0] != '{' || len(m.Alone)+len(m.Is)+len(m.Same)+len(m.OneBrowser)+len(m.Shared) == 0 {
		return true
	}
	var ok bool
	p.members, _, ok = outline(p.members[:0], p.event, 0)
	return ok
}

// enclose puts around an event that came in no list what stands around several.
func (p *Piece) enclose() bool {
	p.head = p.at.head
	p.behind = append(p.behind, ']')
	if p.tail = p.behind; p.head[0] == '[' {
		return true
	}
	for _, name := range p.at.merge.Shared {
		at, clear := member(p.members, p.event, name)
		if !clear {
			return false
		}
		if at >= 0 {
			p.behind = append(append(append(p.behind, `,"`...), name...), `":`...)
			p.behind = append(p.behind, p.event[p.members[at].start:p.members[at].end]...)
		}
	}
	p.behind = append(p.behind, '}')
	p.tail = p.behind
	return true
}

// What a list is in.
var (
	listBegins = []byte("[")
	listEnds   = []byte("]")
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
	text = trimmed(text)
	if p.root, _, ok = outline(p.root[:0], text, 0); !ok || !valid(text) {
		return false
	}
	p.event = text
	if text[0] == '[' {
		ok = p.element(text, 0, false)
	} else {
		ok = p.look()
	}
	if !ok {
		return false
	}
	p.before = hit.AppendPercent(append(p.before, form[:f.start]...), listBegins)
	p.behind = hit.AppendPercent(p.behind, listEnds)
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
	text, parts := p.event, p.members
	for depth, name := range path {
		if depth > 0 {
			if text[0] != '{' {
				return nil, true
			}
			p.below, _, _ = outline(p.below[:0], text, 0) // no deeper than what it is in
			parts = p.below
		}
		at, clear := member(parts, text, name)
		if at < 0 {
			return nil, clear
		}
		text = text[parts[at].start:parts[at].end]
	}
	return text, true
}
