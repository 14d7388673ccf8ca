package segment

import (
	"encoding/binary"
	"hash/crc32"
)

// Framing is how records stand in a file.
type Framing uint8

// The framings.
const (
	// Lines: each record is a JSON object on a line of its own, whose last member is a checksum of what stands before it,
	// {"a":1,"crc":"6a1b0c2d"}. Any tool for JSON lines reads it.
	Lines Framing = iota
	// Binary: each record is "TWF1", the length of its bytes, a checksum over length and bytes, and the bytes. Numbers are
	// 32 bits, the least significant byte first.
	Binary
)

// The longest records: of a line with its checksum and without its end, and of bytes in a binary frame.
const (
	MaxLine   = 65_535
	MaxBinary = 16 << 20
)

// castagnoli is CRC32C.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const (
	magic      = "TWF1"
	headLength = len(magic) + 8

	crcBegin = `,"crc":"`
	crcEnd   = `"}`
	crcAll   = len(crcBegin) + 8 + len(crcEnd)
)

// AppendLine appends a record to lines. The record is a JSON object with at least one member, and without line ends.
func AppendLine(dst, record []byte) []byte {
	from := len(dst)
	dst = append(dst, record[:len(record)-1]...)
	return EndLine(dst, from)
}

// EndLine ends a line that begins at from, and lacks the last bracket: it appends the checksum and the line's end.
func EndLine(dst []byte, from int) []byte {
	sum := crc32.Checksum(dst[from:], castagnoli)
	dst = append(dst, crcBegin...)
	const digits = "0123456789abcdef"
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, digits[sum>>shift&15])
	}
	return append(dst, crcEnd+"\n"...)
}

// CheckLine tells whether a line, without its end, is a record whose checksum is right.
func CheckLine(line []byte) bool {
	at := len(line) - crcAll
	if at < 1 || len(line) > MaxLine || line[0] != '{' || string(line[at:at+len(crcBegin)]) != crcBegin ||
		string(line[len(line)-len(crcEnd):]) != crcEnd {
		return false
	}
	var sum uint32
	for _, c := range line[at+len(crcBegin) : at+len(crcBegin)+8] {
		switch {
		case '0' <= c && c <= '9':
			sum = sum<<4 | uint32(c-'0')
		case 'a' <= c && c <= 'f':
			sum = sum<<4 | uint32(c-'a'+10)
		default:
			return false
		}
	}
	return crc32.Checksum(line[:at], castagnoli) == sum
}

// AppendBinary appends a record as a binary frame.
func AppendBinary(dst, record []byte) []byte {
	dst = append(dst, magic...)
	from := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(record)))
	sum := crc32.Update(crc32.Checksum(dst[from:], castagnoli), castagnoli, record)
	dst = binary.LittleEndian.AppendUint32(dst, sum)
	return append(dst, record...)
}

// frameHead is what stands before a binary frame's bytes.
type frameHead struct {
	length int
	sum    uint32
}

// readHead reads it; ok is false where no frame begins.
func readHead(b []byte) (h frameHead, ok bool) {
	if len(b) < headLength || string(b[:len(magic)]) != magic {
		return h, false
	}
	length := binary.LittleEndian.Uint32(b[len(magic):])
	return frameHead{int(length), binary.LittleEndian.Uint32(b[len(magic)+4:])}, length <= MaxBinary
}

// fits tells whether the bytes behind the head are those that it is about.
func (h frameHead) fits(b []byte) bool {
	return crc32.Update(crc32.Checksum(b[len(magic):len(magic)+4], castagnoli), castagnoli,
		b[headLength:headLength+h.length]) == h.sum
}
