package catalog

import (
	"encoding/binary"
	"math/bits"
)

// lookup finds where a name leads. It is made of a map when a vendor is compiled, for every key of every hit is looked
// up in one: it goes by a name's length, its first eight bytes and, of a longer one, its last eight.
type lookup []led

// led is a name and the state that it leads to. State 0 is where nothing is known: no name leads there.
type led struct {
	begins uint64 // of up to eight bytes it is the name
	name   string
	to     int32
}

// newLookup makes a lookup with more room than names, so that most of what is not in it is missed at once.
func newLookup(names map[string]int32) lookup {
	if len(names) == 0 {
		return nil
	}
	size := 4
	for size < 4*len(names) {
		size *= 2
	}
	l := make(lookup, size)
	for name, to := range names {
		begins := head([]byte(name))
		at := l.start([]byte(name), begins)
		for l[at].to != 0 {
			at = (at + 1) & (len(l) - 1)
		}
		l[at] = led{begins, name, to}
	}
	return l
}

// head is the first eight bytes of a name as one number, zero where it has none.
func head(name []byte) uint64 {
	n := len(name)
	switch {
	case n >= 8:
		return binary.LittleEndian.Uint64(name)
	case n >= 4:
		first, last := binary.LittleEndian.Uint32(name), binary.LittleEndian.Uint32(name[n-4:])
		return uint64(first) | uint64(last)<<(8*(n-4)&31)
	case n > 0: // the last byte may be the first one, too
		return uint64(name[0]) | uint64(name[n/2])<<(8*(n/2)&31) | uint64(name[n-1])<<(8*(n-1)&31)
	default:
		return 0
	}
}

// start is where a name that begins so is looked for first.
func (l lookup) start(name []byte, begins uint64) int {
	const odd = 0x9e3779b97f4a7c15 // Fibonacci hashing
	sum := begins ^ uint64(len(name))
	if n := len(name); n > 8 {
		sum ^= bits.RotateLeft64(binary.LittleEndian.Uint64(name[n-8:]), 29)
	}
	return int(sum*odd>>40) & (len(l) - 1)
}

// find returns the state that a name leads to.
func (l lookup) find(name []byte) (to int32, ok bool) {
	if len(l) == 0 {
		return 0, false
	}
	begins := head(name)
	for at := l.start(name, begins); l[at].to != 0; at = (at + 1) & (len(l) - 1) {
		of := &l[at]
		if of.begins == begins && len(of.name) == len(name) && (len(name) <= 8 || of.name[8:] == string(name[8:])) {
			return of.to, true
		}
	}
	return 0, false
}
