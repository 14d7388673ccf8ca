package catalog

import (
	"bytes"

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
	at, percent, backslash, wide [3]sought // by buffer
}

// sought is where a byte comes next in a buffer: not before next, from where it was looked for.
type sought struct{ from, next uint32 }

// window is how many bytes are looked through at once.
const window = 4 << 10

// without tells whether it is known already that the byte is not in a span.
func (s *sought) without(of hit.Span) bool { return of.Start >= s.from && of.End <= s.next }

// in tells whether the byte is in a span. Values come in the order in which they stand, or nearly so: what was looked
// through for one need not be for the next.
func (s *sought) in(h *hit.Hit, of hit.Span, c byte) bool {
	if of.Start < s.from || of.Start > s.next {
		all := h.Whole(of.Buf)
		s.from, s.next = of.Start, min(all.End, of.End+window)
		if i := bytes.IndexByte(h.Bytes(hit.Span{Buf: of.Buf, Start: s.from, End: s.next}), c); i >= 0 {
			s.next = of.Start + uint32(i)
		}
	}
	return of.End > s.next
}

// maybe notes a leaf that may be an identifier whatever it is called: whether it is one, its whole text tells.
func (r *reading) maybe(i int32) {
	n := &r.h.Nodes[i]
	if !isText[n.Kind] || n.Opened || uint(n.Val.Len()-shortestWritten) > longestWritten-shortestWritten {
		return
	}
	if r.whole.likely(r.h, n.Kind, n.Val) {
		r.h.IDs = append(r.h.IDs, hit.ID{Node: i, Event: n.Event})
	}
}

// likely tells whether a value may be, as a whole, an e-mail address or the number of a telephone.
func (f *finder) likely(h *hit.Hit, kind hit.Kind, of hit.Span) bool {
	if at := &f.at[of.Buf]; !at.without(of) && at.in(h, of, '@') {
		return true
	}
	raw := h.Bytes(of)
	if kind == hit.String {
		raw = raw[1:]
	}
	if begins[raw[0]] && beginsNumber(raw) {
		return true
	}
	if bytes.HasPrefix(raw, []byte("http")) {
		return false // an address of a page has many escapes, and is none of a person
	}
	if s := &f.percent[of.Buf]; !s.without(of) && s.in(h, of, '%') && escapesSign(raw) {
		return true
	}
	if s := &f.wide[of.Buf]; !s.without(of) && s.in(h, of, 0xEF) && holdsAny(raw, "\uff20", "\ufe6b") {
		return true
	}
	s := &f.backslash[of.Buf]
	return kind == hit.String && !s.without(of) && s.in(h, of, '\\') &&
		holdsAny(raw, "u0040", "uff20", "uFF20", "ufe6b", "uFE6B")
}

// escapesSign tells whether an escape in a text may stand for an "@", once more escaped or full-width.
func escapesSign(text []byte) bool {
	for {
		i := bytes.IndexByte(text, '%')
		if i < 0 || len(text) < i+3 {
			return false
		}
		switch text = text[i+1:]; {
		case text[0] == '4' && text[1] == '0', text[0]|0x20 == 'e' && text[1]|0x20 == 'f':
			return true
		case text[0] == '2' && text[1] == '5':
			if len(text) >= 4 && text[2] == '4' && text[3] == '0' {
				return true
			}
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
