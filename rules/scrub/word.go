package scrub

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// What a byte is.
const (
	fDigit   uint16 = 1 << iota
	fLetter         // ASCII letter
	fWord           // digit, letter or part of a character outside ASCII
	fHex            // hex digit
	fTrigger        // makes a value suspicious
	fStd            // base64 alphabet of RFC 4648, section 4 or 5
	fURL            // base64 alphabet of RFC 4648, section 5
	fLocal          // local part of an e-mail address
	fEscape         // may start an escape, or a character that reads as another
	fGap            // may stand between the words of an address
	fHigh           // part of a character outside ASCII
	fJoint          // may stand behind the first word of a label
	fMark           // something that is neither letter nor digit, and that findings start with
)

var flags = func() (t [256]uint16) {
	for c := range t {
		b := byte(c)
		switch {
		case b >= '0' && b <= '9':
			t[c] = fDigit | fWord | fHex | fTrigger | fStd | fURL | fLocal
		case b|0x20 >= 'a' && b|0x20 <= 'z':
			t[c] = fLetter | fWord | fStd | fURL | fLocal
			if b|0x20 <= 'f' {
				t[c] |= fHex
			}
		case b >= 0x80:
			t[c] = fWord | fTrigger | fLocal | fEscape | fHigh
		}
	}
	for _, b := range []byte("@%&\\:=([{<\x00") {
		t[b] |= fTrigger
	}
	for _, b := range []byte("%&\\\x00") {
		t[b] |= fEscape
	}
	for _, b := range []byte(":=\"'_- ]>") {
		t[b] |= fJoint
	}
	for _, b := range []byte("+(-:") {
		t[b] |= fMark
	}
	for _, b := range []byte("+/") {
		t[b] |= fStd
	}
	for _, b := range []byte("-_") {
		t[b] |= fStd | fURL
	}
	for _, b := range []byte(" .,+_-'") {
		t[b] |= fGap
	}
	for _, b := range []byte("._%+'-~") {
		t[b] |= fLocal
	}
	return t
}()

// word is letters, digits and parts of characters outside ASCII in a row.
type word struct {
	span
	some, all uint16 // flags that one of its bytes has, and that all of them have
}

func isDigit(b byte) bool  { return flags[b]&fDigit != 0 }
func isLetter(b byte) bool { return flags[b]&fLetter != 0 }
func isWord(b byte) bool   { return flags[b]&fWord != 0 }
func isHex(b byte) bool    { return flags[b]&fHex != 0 }

// hasFold tells whether text starts with the lower-case prefix, in any ASCII case.
func hasFold(text []byte, prefix string) bool {
	if len(text) < len(prefix) {
		return false
	}
	for k := range len(prefix) {
		if ascii.Lower(text[k]) != prefix[k] {
			return false
		}
	}
	return true
}

// equalFold tells whether text is the lower-case word, in any ASCII case.
func equalFold(text []byte, word string) bool { return len(text) == len(word) && hasFold(text, word) }

func contains(text []byte, part string) bool { return bytes.Contains(text, []byte(part)) }
