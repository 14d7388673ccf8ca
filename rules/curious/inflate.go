package curious

import (
	"bytes"
	"compress/flate"
	"io"
	"math/bits"
)

// A compressed text is found where its blocks begin (RFC 1951), so that it does not matter what stands before it: the
// header of gzip, that of zlib, none, or other text. What does not end as it must is none.

// nearText: among so many bytes of what is compressed there is one that text does not have.
const nearText = 16

// inflate undoes what is compressed in a text: all of it together. What it reads is off
// room, also where it turns out to be none.
func inflate(text []byte, room *int) [][]byte {
	var out []byte
	var source bytes.Reader
	var reader io.ReadCloser
	binary := -1 // where the next byte stands that text does not have
	for at := 0; at < len(text) && *room >= 0; at++ {
		for binary < at || binary < len(text) && isText(text[binary]) {
			binary++
		}
		if binary == len(text) {
			break
		}
		if binary-at >= nearText {
			at = binary - nearText
			continue
		}
		if !beginsBlock(text[at:]) {
			continue
		}
		source.Reset(text[at:])
		if reader == nil {
			reader = flate.NewReader(&source)
		} else {
			_ = reader.(flate.Resetter).Reset(&source, nil) // never fails
		}
		got, err := io.ReadAll(io.LimitReader(reader, int64(*room+1)))
		if *room -= len(got); err == nil && len(got) >= shortest {
			out = append(append(out, got...), '\n')
		}
	}
	return [][]byte{out}
}

func isText(c byte) bool { return ' ' <= c && c < 0x7f || c == '\t' || c == '\n' || c == '\r' }

// bitReader reads bits as RFC 1951 packs them; beyond the end they are zero.
type bitReader struct {
	text []byte
	at   int // in bits
}

func (b *bitReader) next(n int) (v int) {
	for i := range n {
		if at := b.at >> 3; at < len(b.text) {
			v |= int(b.text[at]>>(b.at&7)&1) << i
		}
		b.at++
	}
	return v
}

// code reads so many bits of a Huffman code, whose first bit is the highest.
func (b *bitReader) code(n int) int { return int(bits.Reverse16(uint16(b.next(n))) >> (16 - n)) }

// beginsBlock tells quickly of nearly every text that it is not compressed.
func beginsBlock(text []byte) bool {
	b := bitReader{text: text, at: 1}
	switch b.next(2) {
	case 0:
		return len(text) >= 5 && text[0]>>3 == 0 && text[1]^text[3] == 0xff && text[2]^text[4] == 0xff
	case 1:
		return b.fixed()
	case 2:
		return b.dynamic()
	default:
		return false
	}
}

// fixed tells whether the first symbols of a block with the fixed code can be those of one.
func (b *bitReader) fixed() bool {
	written := 0
	for range 12 {
		v := b.code(7)
		symbol := 256 + v
		if v >= 24 {
			v = v<<1 | b.next(1)
			switch {
			case v < 192:
				symbol = v - 48
			case v < 200:
				symbol = 280 + v - 192
			default:
				symbol = 144 + (v<<1 | b.next(1)) - 400
			}
		}
		switch {
		case symbol < 256:
			written++
			continue
		case symbol == 256:
			return written > 0
		case symbol > 285:
			return false
		}
		if symbol >= 265 && symbol < 285 {
			b.next((symbol - 261) / 4)
		}
		distance := b.code(5)
		if distance > 29 || distance >= 4 && (2+distance&1)<<(distance/2-1) >= written || distance < 4 &&
			distance >= written {
			return false
		}
		if distance >= 4 {
			b.next(distance/2 - 1)
		}
		written += 258 // the longest
	}
	return true
}

// dynamic tells whether a block with a code of its own begins with lengths that make one.
func (b *bitReader) dynamic() bool {
	lengths, distances, sum := b.next(5), b.next(5), 0
	if lengths > 29 || distances > 29 {
		return false
	}
	for range b.next(4) + 4 {
		if n := b.next(3); n > 0 {
			sum += 128 >> n
		}
	}
	return sum == 128
}
