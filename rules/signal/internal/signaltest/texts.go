// Package signaltest makes what tests of signals read: consent strings, written bit by bit from their specifications,
// files of test vectors, and every short text of some letters. It shares nothing with what is tested.
package signaltest

import "strings"

// Texts yields every text of up to so many of some letters.
func Texts(letters string, most int) func(yield func(string) bool) {
	var of func(text string, yield func(string) bool) bool
	of = func(text string, yield func(string) bool) bool {
		if !yield(text) {
			return false
		}
		for i := 0; len(text) < most && i < len(letters); i++ {
			if !of(text+letters[i:i+1], yield) {
				return false
			}
		}
		return true
	}
	return func(yield func(string) bool) { of("", yield) }
}

// Broken yields a text broken at each of its characters: one outside every alphabet in its place, one with all bits
// set, the character lost, doubled, and the text cut off before it.
func Broken(text string) func(yield func(how, changed string) bool) {
	return func(yield func(string, string) bool) {
		for i := range len(text) {
			before, after := text[:i], text[i+1:]
			if !yield("outside", before+"*"+after) || !yield("ones", before+"_"+after) || !yield("lost", before+after) ||
				!yield("doubled", before+text[i:i+1]+text[i:]) || !yield("cut", before) {
				return
			}
		}
	}
}

// EachByte yields a text with every byte at each place, and what [Broken] yields.
func EachByte(text string) func(yield func(changed string) bool) {
	return func(yield func(string) bool) {
		for i := range len(text) {
			for c := range 256 {
				if !yield(text[:i] + string([]byte{byte(c)}) + text[i+1:]) {
					return
				}
			}
		}
		for _, changed := range Broken(text) {
			if !yield(changed) {
				return
			}
		}
		for _, changed := range []string{
			text, text + "0", text + text, "", " " + text, strings.ToUpper(text), strings.ToLower(text),
		} {
			if !yield(changed) {
				return
			}
		}
	}
}
