package scrub

import "slices"

// maxRounds bounds how often a result is looked over again: a marker's brackets can turn what stood beside a finding into one.
const maxRounds = 6

// maxDepth bounds how deep encodings are followed into each other.
const maxDepth = 3

// Append appends value to dst with a marker in place of every finding of the wanted kinds, and returns what was found. With nothing
// found, dst has gained exactly value. Scratch space is taken from dst's spare capacity, so value must not lie there; a dst that is
// used again and again costs no allocation.
func Append(dst, value []byte, want Set) ([]byte, Set) {
	base := len(dst)
	if want&All == 0 || !suspicious(value) {
		return append(dst, value...), 0
	}
	dst, found := pass(dst, value, want, 0)
	if found == 0 {
		return append(dst[:base], value...), 0
	}
	for range maxRounds {
		end := len(dst)
		var again Set
		dst, again = pass(dst, dst[base:end], want, 0)
		if again == 0 {
			return dst[:end], found
		}
		found |= again
		n := copy(dst[base:], dst[end:])
		dst = dst[:base+n]
	}
	return append(dst[:base], "[scrubbed]"...), found
}

// Find returns what Append would find, and scratch, grown if need be. Its content is of no use.
func Find(scratch, value []byte, want Set) ([]byte, Set) {
	if want&All == 0 || !suspicious(value) {
		return scratch, 0
	}
	base := len(scratch)
	scratch, found := pass(scratch, value, want, 0)
	return scratch[:base], found
}

// suspicious tells whether the value has anything a detector could start from: a digit, an at sign, an escape, a letter outside
// ASCII, a word of 16 bytes or a label that is followed by its value.
func suspicious(value []byte) bool {
	run := 0
	for _, c := range value {
		f := flags[c]
		if f&fTrigger != 0 {
			return true
		}
		if f&fWord == 0 {
			run = 0
			continue
		}
		if run++; run >= minRun {
			return true
		}
	}
	return false
}

// pass appends src with its findings replaced, or nothing where nothing was found.
func pass(dst, src []byte, want Set, depth int) ([]byte, Set) {
	base := len(dst)
	text, offsets := src, []byte(nil)
	if escaped(src) {
		dst, text, offsets = unescape(dst, src)
	}
	out := len(dst)
	s := scan{text: text, want: want, depth: depth, digit: lastDigit(text)}
	s.findMail(0)
	var found Set
	from := 0
	for {
		var f finding
		var ok bool
		dst, f, ok = s.next(dst)
		if !ok {
			break
		}
		found |= 1 << f.kind
		dst = append(dst, src[from:origin(offsets, f.start)]...)
		dst = append(dst, '[')
		dst = append(dst, names[f.kind]...)
		dst = append(dst, ']')
		from = origin(offsets, f.end)
	}
	if found == 0 {
		return dst[:base], 0
	}
	dst = append(dst, src[from:]...)
	n := copy(dst[base:], dst[out:])
	return dst[:base+n], found
}

func lastDigit(text []byte) int {
	for i, c := range slices.Backward(text) {
		if isDigit(c) {
			return i
		}
	}
	return -1
}
