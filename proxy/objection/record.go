package objection

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record is what is stored of one subject. The stored value is
//
//	CRC-32C over key and the rest, 4 bytes, little endian
//	first change, seconds since 1970, varint
//	last change, seconds after the first, varint
//	number of the last change in the change log, uvarint
//	source of the last change, number in the dictionary of sources, uvarint
//	scopes in force, see Scopes, to the end
//
// A subject that took everything back keeps its record, without scopes.
type record struct {
	first, last int64
	seq         uint64
	source      uint32
	scopes      Scopes
}

// append adds the stored value.
func (r *record) append(b []byte, key *[16]byte) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b = binary.AppendVarint(b, r.first)
	b = binary.AppendVarint(b, r.last-r.first)
	b = binary.AppendUvarint(b, r.seq)
	b = binary.AppendUvarint(b, uint64(r.source))
	b = append(b, r.scopes.set...)
	binary.LittleEndian.PutUint32(b[start:], checksum(key[:], b[start+4:]))
	return b
}

func checksum(key, rest []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, rest)
}

// parseRecord reads a stored value. Every error is an ErrDamaged.
func parseRecord(key, value []byte) (record, error) {
	if len(key) != 16 || len(value) < 4 || binary.LittleEndian.Uint32(value) != checksum(key, value[4:]) {
		return record{}, fmt.Errorf("%w: the checksum of a subject's record does not match", ErrDamaged)
	}
	var r record
	d := decoder{rest: value[4:]}
	r.first = d.varint()
	r.last = r.first + d.varint()
	r.seq = d.uvarint()
	source := d.uvarint()
	scopes, ok := parseScopes(d.rest)
	if d.bad || source > 1<<32-1 || !ok {
		return record{}, fmt.Errorf("%w: a subject's record cannot be read", ErrDamaged)
	}
	r.source, r.scopes = uint32(source), scopes
	return r, nil
}

// decoder takes values off stored bytes. After the first that is not there, bad is set and everything is zero.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) fail() { d.rest, d.bad = nil, true }

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.rest)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// bytes takes n bytes off. They are not copied.
func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.fail()
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) text() string { return string(d.bytes(d.uvarint())) }

func (d *decoder) hash() (h [16]byte) {
	copy(h[:], d.bytes(16))
	return h
}

// count takes the number of things to come, each of which has at least size bytes.
func (d *decoder) count(size int) int {
	n := d.uvarint()
	if n > uint64(len(d.rest)/size) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) texts() []string {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.text()
	}
	return list
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func appendTexts(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, text := range list {
		b = appendText(b, text)
	}
	return b
}
