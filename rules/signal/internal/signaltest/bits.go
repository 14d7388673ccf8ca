package signaltest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// day is when all strings here were made: 4 May 2026, in tenths of a second since 1970.
const day = 17778528000

// Bits is a segment of a consent string as it is written, bit by bit.
type Bits struct{ bits []byte } // '0' and '1'

// Put appends a number of n bits.
func (b *Bits) Put(n int, v uint64) *Bits {
	b.bits = fmt.Appendf(b.bits, "%0*b", n, v)
	return b
}

// Raw appends bits that are written as '0' and '1'.
func (b *Bits) Raw(bits string) *Bits {
	b.bits = append(b.bits, bits...)
	return b
}

// Codes appends numbers as Fibonacci codes.
func (b *Bits) Codes(numbers ...int) *Bits {
	for _, n := range numbers {
		b.Raw(fibonacci(n))
	}
	return b
}

// EveryOther appends a field of n vendors, of which every second one is in it.
func (b *Bits) EveryOther(n int) *Bits {
	b.Put(16, uint64(n)).Put(1, 0)
	for i := range n {
		b.Put(1, uint64(i&1))
	}
	return b
}

// Scattered appends n ranges of two vendors each.
func (b *Bits) Scattered(n int) *Bits {
	b.Put(16, 65535).Put(1, 1).Put(12, uint64(n))
	for i := range n {
		b.Put(1, 1).Put(16, uint64(3*i+1)).Put(16, uint64(3*i+2))
	}
	return b
}

// Text encodes in six bits a character, as few as hold everything.
func (b *Bits) Text() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	var out strings.Builder
	padded := append(bytes.Clone(b.bits), "00000"...)
	for i := 0; i < len(b.bits); i += 6 {
		v := 0
		for _, bit := range padded[i : i+6] {
			v = v<<1 | int(bit-'0')
		}
		out.WriteByte(letters[v])
	}
	return out.String()
}

// fibonacci writes a number as '0' and '1', largest part last.
func fibonacci(n int) string {
	row := []int{1, 2}
	for row[len(row)-1] <= n {
		row = append(row, row[len(row)-1]+row[len(row)-2])
	}
	code := ""
	for _, part := range slices.Backward(row) {
		if part <= n {
			n -= part
			code = "1" + code
		} else if code != "" {
			code = "0" + code
		}
	}
	return code + "1"
}

// Head is a core of a TC string up to the vendors: policy 5, service specific, purposes 1 to 4 and 7 to 10 consented
// to.
func Head() *Bits {
	b := new(Bits)
	b.Put(6, 2).Put(36, day).Put(36, day).Put(12, 10).Put(12, 1).Put(6, 0)
	b.Put(6, 4).Put(6, 13).Put(12, 120).Put(6, 5).Put(1, 1).Put(1, 0)
	b.Put(12, 0).Put(24, 0b111100111100000000000000).Put(24, 0b010000111100000000000000)
	return b.Put(1, 0).Put(6, 3).Put(6, 4)
}

// TypicalTC has fields of 120 vendors, two restrictions, and ranges of disclosed vendors.
func TypicalTC() string {
	return Head().EveryOther(120).EveryOther(120).Put(12, 2).
		Put(6, 7).Put(2, 0).Put(12, 1).Put(1, 0).Put(16, 755).
		Put(6, 10).Put(2, 1).Put(12, 2).Put(1, 0).Put(16, 28).Put(1, 1).Put(16, 40).Put(16, 44).Text() +
		"." + new(Bits).Put(3, 1).Scattered(4).Text()
}

// FullTC is a TC string with every bit set that can be, and no restriction.
func FullTC() string { return RestrictedTC[uint8](1) }

// RestrictedTC is [FullTC] with restrictions of these types on vendor 5 for a purpose.
func RestrictedTC[K ~uint8](purpose int, types ...K) string {
	b := new(Bits)
	b.Put(6, 2).Put(36, day).Put(36, day).Put(12, 10).Put(12, 1).Put(6, 0)
	b.Put(6, 4).Put(6, 13).Put(12, 120).Put(6, 5).Put(1, 1).Put(1, 0)
	b.Put(12, 1<<12-1).Put(24, 1<<24-1).Put(24, 1<<24-1).Put(1, 0).Put(6, 3).Put(6, 4)
	b.Put(16, 9).Put(1, 0).Put(9, 1<<9-1).Put(16, 9).Put(1, 0).Put(9, 1<<9-1).Put(12, uint64(len(types)))
	for _, kind := range types {
		b.Put(6, uint64(purpose)).Put(2, uint64(kind)).Put(12, 1).Put(1, 0).Put(16, 5)
	}
	return b.Text() + "." + new(Bits).Put(3, 1).Put(16, 9).Put(1, 0).Put(9, 1<<9-1).Text()
}

// GPPHead is the header of a GPP string with these sections.
func GPPHead(ids ...int) string {
	b, before := new(Bits).Put(6, 3).Put(6, 1).Put(12, uint64(len(ids))), 0
	for _, id := range ids {
		b.Put(1, 0).Codes(id - before)
		before = id
	}
	return b.Text()
}
