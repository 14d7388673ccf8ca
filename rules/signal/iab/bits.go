package iab

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// slack is how many bytes stand after the data of a bitReader, so that it can always load eight at once.
const slack = 8

// outside marks a byte that is not in the base64url alphabet (RFC 4648, section 5).
const outside = 0x80

var sixBits = func() (table [256]byte) {
	for i := range table {
		table[i] = outside
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		table[c] = byte(i)
	}
	return table
}()

// appendSix appends what unpadded base64url text holds, six bits a character. Any number of characters
// is fine, also those that whole bytes cannot make; a last byte is filled with zeros. Ok is false
// where a character is none of the alphabet.
func appendSix(dst, text []byte) (out []byte, ok bool) {
	whole := (len(text)*6 + 7) / 8
	dst = slices.Grow(dst, whole)
	to := dst[len(dst) : len(dst)+whole]
	var bad byte
	for len(text) >= 4 && len(to) >= 3 {
		a, b, c, d := sixBits[text[0]], sixBits[text[1]], sixBits[text[2]], sixBits[text[3]]
		bad |= a | b | c | d
		to[0], to[1], to[2] = a<<2|b>>4, b<<4|c>>2, c<<6|d
		text, to = text[4:], to[3:]
	}
	var last [4]byte
	for i, c := range text {
		last[i&3] = sixBits[c]
		bad |= sixBits[c]
	}
	three := [3]byte{last[0]<<2 | last[1]>>4, last[1]<<4 | last[2]>>2, last[2] << 6}
	copy(to, three[:])
	return dst[:len(dst)+whole], bad&outside == 0
}

// bitReader reads numbers, most significant bit first. After a fault everything reads as zero,
// so that callers look at the fault once.
type bitReader struct {
	data    []byte // with at least slack bytes after the end
	at, end int    // in bits
	fault   fault  // the first one
}

// left is how many bits are still to be read.
func (r *bitReader) left() int { return r.end - r.at }

// fail keeps the first fault and ends the reading.
func (r *bitReader) fail(f fault) {
	if r.fault == fine {
		r.fault = f
	}
	r.end = r.at
}

// take reads a number of at most 57 bits.
func (r *bitReader) take(n int) uint64 {
	if n > r.left() {
		r.fail(truncated)
		return 0
	}
	v := binary.BigEndian.Uint64(r.data[r.at>>3:]) << (r.at & 7) >> (64 - n)
	r.at += n
	return v
}

func (r *bitReader) bit() bool { return r.take(1) == 1 }

// skip passes over n bits and returns where they begin.
func (r *bitReader) skip(n int) (from int) {
	from = r.at
	if n > r.left() {
		r.fail(truncated)
		return 0
	}
	r.at += n
	return from
}

// letters reads two letters of six bits each, A is 0 (TCF, section "Core String": ConsentLanguage, PublisherCC).
func (r *bitReader) letters() (two [2]byte) {
	for i := range two {
		letter := r.take(6)
		if letter > 25 {
			r.fail(notLetters)
		}
		two[i] = 'A' + byte(letter)
	}
	return two
}

// instant reads tenths of a second since 1970.
func (r *bitReader) instant() (second int64, tenth uint8) {
	v := r.take(36)
	return int64(v / 10), uint8(v % 10)
}

// ids reads n bits, the first of which stands for id 1, into a set whose lowest bit stands for id 1. N is at most 57.
func (r *bitReader) ids(n int) (set uint64) { return bits.Reverse64(r.take(n)) >> (64 - n) }

// maxFibonacci is the length of the longest code of a number of 16 bits: the 23rd
// Fibonacci number of the code's row is 46368.
const maxFibonacci = 24

// fibonacci reads a Fibonacci code (GPP, Consent String Specification): bits stand for 1, 2, 3, 5, 8 ..., and a second
// one in a row ends it. It reads at most maxFibonacci bits, whatever comes.
func (r *bitReader) fibonacci() (v int) {
	last := false
	for i, a, b := 0, 1, 2; i < maxFibonacci; i, a, b = i+1, b, a+b {
		one := r.bit()
		switch {
		case r.fault != fine:
			return 0
		case one && last:
			return v
		case one:
			v += a
		}
		last = one
	}
	r.fail(endlessCode)
	return 0
}

// finish is called after the last field: what is left may only be zeros.
func (r *bitReader) finish() {
	for r.left() > 0 && r.fault == fine {
		if r.take(min(r.left(), 56)) != 0 {
			r.fail(padding)
		}
	}
}
