package scrub

import (
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// minRun is the shortest run of base64 or hex that is decoded: six bytes, as in "a@b.de", are eight characters.
const minRun = 8

// minDeep is the shortest run that is taken for a finding where it is text in base64 or hex, inside more encodings than
// are followed. That one of random characters is text has odds of less than one in 100 000.
const minDeep = 16

// run decodes base64 and hex around a word and looks for findings inside: first the longest run of either base64
// alphabet, then that of base64url, then the word alone. Each is tried once.
func (s *scan) run(dst []byte, w *word) ([]byte, finding, bool) {
	var f finding
	var ok bool
	i, j := w.start, w.end
	std, url := s.std, s.url
	if n := s.bom(i); n > 0 && i >= std {
		if dst, f, ok = s.inside(dst, i-n, s.urlEnd(w)); ok {
			return dst, f, true
		}
	}
	if i >= std {
		std = s.urlEnd(w)
		if std < len(s.text) && flags[s.text[std]]&fStd != 0 {
			std = s.runEnd(std, fStd)
		}
		s.std = std
		if dst, f, ok = s.inside(dst, i, std); ok {
			return dst, f, true
		}
	} else {
		std = -1
	}
	if i >= url {
		url = s.urlEnd(w)
		s.url = url
		if url != std {
			if dst, f, ok = s.inside(dst, i, url); ok {
				return dst, f, true
			}
		}
	} else {
		url = -1
	}
	if j != std && j != url {
		return s.inside(dst, i, j)
	}
	return dst, finding{}, false
}

// bom returns how many characters in front of i belong to the base64 of a mark of the byte order that starts there:
// their letters are no part of a word.
func (s *scan) bom(i int) int {
	switch c := s.text[i]; {
	case c >= '4' && c <= '7' && i > s.floor+1 && slashOrLine(s.text[i-1]) && s.text[i-2] == s.text[i-1]: // FF FE
		return 2
	case c == 'v' && i > s.floor && slashOrLine(s.text[i-1]): // FE FF
		return 1
	}
	return 0
}

func slashOrLine(c byte) bool { return c == '/' || c == '_' }

// inside decodes [i, j) as hex or base64 and looks for findings. Padding belongs to the run.
func (s *scan) inside(dst []byte, i, j int) ([]byte, finding, bool) {
	if j-i < minRun {
		return dst, finding{}, false
	}
	if s.depth >= maxDepth && j-i < minDeep {
		return dst, finding{}, false
	}
	base := len(dst)
	end := j
	for end < len(s.text) && end < j+6 && s.text[end] == '=' {
		end++
	}
	out, is := s.decode(dst, s.text[i:j])
	switch is {
	case decodedText:
		return s.within(out, base, span{i, end})
	case decodedTooMuch:
		return out[:base], finding{span: span{i, end}, kind: Token}, true
	default:
		return out[:base], finding{}, false
	}
}

// within looks for findings in out[base:], which a part of the text was decoded to.
func (s *scan) within(out []byte, base int, part span) ([]byte, finding, bool) {
	if s.depth >= maxDepth {
		return out[:base], finding{span: part, kind: Token}, true
	}
	inner := look{want: s.want, own: s.own, most: s.left()}
	out, saw := inner.pass(out, out[base:], s.depth+1)
	s.spend(saw.steps)
	k, ok := saw.found.First()
	return out[:base], finding{part, k, saw.label}, ok
}

// decoded says what a run of letters and digits stands for.
type decoded uint8

const (
	decodedNothing decoded = iota
	decodedText
	decodedTooMuch // text that takes too long to look at
)

// decode appends what a run of letters and digits stands for: as hex, perhaps behind "0x", base64 or base32, of text in
// UTF-8 or UTF-16 or of what is compressed.
func (s *scan) decode(dst, run []byte) ([]byte, decoded) {
	base := len(dst)
	if run[0] == '0' && run[1]|0x20 == 'x' {
		run = run[2:]
	}
	out, ok := appendHex(dst, run)
	s.spend(costTried + costDecode*(len(out)-base))
	if ok {
		return out, decodedText
	}
	out, ok = appendBase64(out[:base], run)
	s.spend(costDecode * (len(out) - base))
	if ok {
		return out, decodedText
	}
	if mayPack(run) {
		var is decoded
		form := formOf(run)
		if out, is = s.unpack(out[:base], run, form); is != decodedNothing {
			return out, is
		}
	}
	if c := run[0] | 0x20; len(run) >= minDeep && c >= 'e' && c <= 'p' { // else it starts with what no text does
		out, ok = appendBase32(out[:base], run)
		s.spend(costDecode * (len(out) - base))
		if ok {
			return out, decodedText
		}
	}
	return out, decodedNothing
}

// appendHex appends what a run of hex digits stands for; false where that is no text.
func appendHex(dst, run []byte) ([]byte, bool) {
	if len(run)%2 != 0 {
		return dst, false
	}
	base := len(dst)
	for k := 0; k < len(run); k += 2 {
		a, b := ascii.Hex(run[k]), ascii.Hex(run[k+1])
		if a > 15 || b > 15 || !printable(a<<4|b) {
			return dst, false
		}
		dst = append(dst, a<<4|b)
	}
	return dst, utf8.Valid(dst[base:])
}

// appendBase64 appends what a run of base64, of either alphabet and without padding,
// stands for; false where that is no text.
func appendBase64(dst, run []byte) ([]byte, bool) {
	base := len(dst)
	var acc uint32
	n := 0
	for _, c := range run {
		v := sextet(c)
		if v < 0 {
			return dst, false
		}
		acc = acc<<6 | uint32(v)
		if n += 6; n >= 8 {
			n -= 8
			b := byte(acc >> n)
			if !printable(b) || len(dst) == base && b >= 0x80 && b < 0xC2 { // no character starts so
				return dst, false
			}
			dst = append(dst, b)
		}
	}
	tail := dst[base:]
	for k := 0; k < utf8.UTFMax && len(tail) > 0 && !utf8.Valid(tail); k++ { // a character may be cut off
		tail = tail[:len(tail)-1]
	}
	return dst, utf8.Valid(tail)
}

// sextet is the value of a character of base64, of either alphabet; -1 where it is none.
func sextet(c byte) int { return int(sextets[c]) }

var sextets = func() (all [256]int8) {
	for c := range all {
		all[c] = -1
	}
	for _, alphabet := range [...]string{
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
	} {
		for value, c := range []byte(alphabet) {
			all[c] = int8(value)
		}
	}
	return all
}()

func printable(b byte) bool { return b >= ' ' && b != 0x7F || b == '\t' || b == '\n' || b == '\r' }
