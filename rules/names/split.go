package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// longest is how many bytes of a name are read: its end, which decides.
const longest = 64

// spelling is a name in plain letters, with the places where its parts begin: "geburts_Datum" and "GeburtsDatum" are
// geburtsdatum, with a part at 0 and at 7.
type spelling struct {
	letters [2 * longest]byte // a to z; what has no such letter is [other]
	begins  [2*longest + 1]bool
	n       int
}

// other stands for a letter of another script.
const other = 'z' + 1

// spell takes a name apart. Accents and capitals say nothing, nor do digits and other marks but that a part ends there.
func (s *spelling) spell(name []byte) {
	name = name[max(0, len(name)-longest):]
	s.n = 0
	const (
		none = iota
		lower
		upper
	)
	last := none
	for i := 0; i < len(name); {
		c := name[i]
		r, size := rune(c), 1
		if c >= utf8.RuneSelf {
			if r, size = utf8.DecodeRune(name[i:]); r >= 0xff01 && r <= 0xff5e {
				r -= 0xff01 - '!' // a full-width letter
			}
		}
		i += size
		is := lower
		switch {
		case r < utf8.RuneSelf && !ascii.IsLetter(byte(r)):
			last = none
			continue
		case r == dots && s.n > 0 && strings.IndexByte("aou", s.letters[s.n-1]) >= 0:
			s.letters[s.n] = 'e'
			s.begins[s.n] = false
			s.n++
			continue
		case r >= utf8.RuneSelf && silent(r):
			continue
		case unicode.IsUpper(r):
			is = upper
		}
		start := s.n
		s.letter(r)
		s.begins[start] = last == none || last == lower && is == upper
		for k := start + 1; k < s.n; k++ {
			s.begins[k] = false
		}
		if last == upper && is == lower && start > 0 { // the last capital of several begins a word: IPAddress
			s.begins[start-1] = true
		}
		last = is
	}
	s.begins[s.n] = true
}

// dots stand on the letter before: a decomposed umlaut.
const dots = 0x308

// silent tells whether a rune stands on another letter, or is not seen.
func silent(r rune) bool {
	return r >= 0x300 && r <= 0x36f || r == 0xad || r >= 0x200b && r <= 0x200d || r == 0x2060 || r == 0xfeff
}

// letter appends a rune as plain letters.
func (s *spelling) letter(r rune) {
	switch {
	case r < utf8.RuneSelf:
		s.letters[s.n] = ascii.Lower(byte(r))
		s.n++
	case r >= latinFrom && int(r-latinFrom) < len(latin):
		s.n += copy(s.letters[s.n:], latin[r-latinFrom])
	default:
		s.letters[s.n] = other
		s.n++
	}
}

// latin are the letters from U+00C0 on, without what stands on them; German umlauts are two letters.
var latin = strings.Fields(`
a a a a ae a ae c e e e e i i i i d n o o o o oe x o u u u ue y th ss
a a a a ae a ae c e e e e i i i i d n o o o o oe x o u u u ue y th y
a a a a a a c c c c c c c c d d d d e e e e e e e e e e g g g g
g g g g h h h h i i i i i i i i i i ij ij j j k k k l l l l l l l
l l l n n n n n n n n n o o o o o o oe oe r r r r r r s s s s s s
s s t t t t t t u u u u u u u u u u u u w w y y y z z z z z z s
`)

const latinFrom = 0xc0

// plain is a word of the table in plain letters.
func plain(word string) string {
	var s spelling
	s.spell([]byte(word))
	return string(s.letters[:s.n])
}
