package catalog

import (
	"bytes"
	"math"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// longestWritten is how long a value is at most, as on the wire, that can be an address or a number as a whole: one of
// 128 bytes, each of which is escaped.
const longestWritten = 6*128 + 2

// shortestWritten is that of "a@b.de".
const shortestWritten = 6

// finder finds values that may be, as a whole, an e-mail address or the number of a telephone, by their first look: an
// "@" in them, in whatever dress, or how they begin.
type finder struct {
	any   [3]sought             // by buffer: the next of all signs
	signs [3][len(signs)]sought // and of each of them
}

// signs find what an "@" is written with on the wire: where it begins, less than 0 where it is not in a text.
var signs = [...]func(text []byte) int{
	func(text []byte) int { return bytes.IndexByte(text, '@') },
	escapedSign,
	func(text []byte) int { return bytes.IndexByte(text, 0xEF) }, // the first byte of full-width ones
	func(text []byte) int { return bytes.IndexByte(text, '\\') },
}

// sought is where something comes next in a buffer: not before next, from where it was looked for.
type sought struct{ from, next uint32 }

// window is how many bytes are looked through at once.
const window = 4 << 10

// without tells whether it is known already that it is not in a span.
func (s *sought) without(of hit.Span) bool { return of.Start >= s.from && of.End <= s.next }

// look looks where it comes next, from a span on. Values come in the order in which they stand, or nearly so: what was
// looked through for one need not be for the next.
func (s *sought) look(h *hit.Hit, of hit.Span, find func(text []byte) int) {
	if of.Start >= s.from && of.Start <= s.next {
		return
	}
	all := h.Whole(of.Buf)
	s.from, s.next = of.Start, min(all.End, of.End+window)
	if i := find(h.Bytes(hit.Span{Buf: of.Buf, Start: s.from, End: s.next})); i >= 0 {
		s.next = of.Start + uint32(i)
	}
}

// without tells whether no sign is in a span.
func (f *finder) without(h *hit.Hit, of hit.Span) bool {
	next := &f.any[of.Buf]
	if !next.without(of) {
		next.from, next.next = of.Start, math.MaxUint32
		for i := range signs {
			s := &f.signs[of.Buf][i]
			s.look(h, of, signs[i])
			next.next = min(next.next, s.next)
		}
	}
	return next.without(of)
}

// maybe notes a leaf that may be an identifier whatever it is called: whether it is one, its whole text tells.
func (r *reading) maybe(i int32) {
	n := &r.h.Nodes[i]
	if !isText[n.Kind] || n.Opened || uint(n.Val.Len()-shortestWritten) > longestWritten-shortestWritten {
		return
	}
	if r.whole.likely(r.h, n) {
		r.h.IDs = append(r.h.IDs, hit.ID{Node: i, Event: n.Event})
	}
}

// likely tells whether a value may be, as a whole, an e-mail address or the number of a telephone.
func (f *finder) likely(h *hit.Hit, n *hit.Node) bool {
	raw := h.Bytes(n.Val)
	if n.Kind == hit.String {
		raw = raw[1:]
	}
	switch {
	case begins[raw[0]] && beginsNumber(raw):
		return true
	case n.Atless, n.Kind != hit.Text && f.without(h, n.Val): // values of forms are looked over one by one
		return false
	case bytes.IndexByte(raw, '@') >= 0:
		return true
	case bytes.HasPrefix(raw, []byte("http")): // an address of a page has many escapes, and is none of a person
		return false
	default:
		return escapedSign(raw) >= 0 || holdsAny(raw, "\uff20", "\ufe6b") ||
			n.Kind == hit.String && holdsAny(raw, "u0040", "uff20", "uFF20", "ufe6b", "uFE6B")
	}
}

// escapedSign finds an escape that may stand for an "@", once more escaped or full-width.
func escapedSign(text []byte) int {
	for at := 0; ; at++ {
		i := bytes.IndexByte(text[at:], '%')
		if i < 0 || len(text) < at+i+3 {
			return -1
		}
		at += i
		switch a, b := text[at+1], text[at+2]; {
		case a == '4' && b == '0', a|0x20 == 'e' && b|0x20 == 'f':
			return at
		case a == '2' && b == '5' && bytes.HasPrefix(text[at+3:], []byte("40")):
			return at
		}
	}
}

func holdsAny(text []byte, signs ...string) bool {
	for _, sign := range signs {
		if bytes.Contains(text, []byte(sign)) {
			return true
		}
	}
	return false
}

// begins are the first bytes of what beginsNumber knows.
var begins = func() (all [256]bool) {
	for _, c := range []byte("+( \\0%tT\uff0b") {
		all[c] = true
	}
	for c := 0xD9; c <= 0xE2; c++ { // digits of other scripts, and what stands in front unseen
		all[c] = true
	}
	return all
}()

// beginsNumber tells whether a value, as on the wire, begins as an international number does. In a form "+" is a
// space; who forgot to escape it meant it all the same.
func beginsNumber(raw []byte) bool {
	switch raw[0] {
	case '0':
		return raw[1] == '0'
	case '%':
		return raw[1] == '2' || raw[1] == 'E' || raw[1] == 'e'
	case 't', 'T':
		return ascii.Lower(raw[1]) == 'e' && ascii.Lower(raw[2]) == 'l'
	default:
		return true
	}
}
