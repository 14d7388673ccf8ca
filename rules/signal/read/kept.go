package read

import "encoding/binary"

// Kept takes apart what was kept of a hit, strictly: each number in its shortest form, nothing longer than what is
// left. Once something is wrong it is Bad, and every value that is taken is 0 or empty.
type Kept struct {
	Rest []byte
	Bad  bool
}

// Byte takes one byte.
func (k *Kept) Byte() byte {
	if taken := k.Take(1); len(taken) == 1 {
		return taken[0]
	}
	return 0
}

// Bits takes a byte in which none but the lowest n bits are set.
func (k *Kept) Bits(n int) byte {
	b := k.Byte()
	if b>>n != 0 {
		k.fail()
		return 0
	}
	return b
}

// Take takes so many bytes. They are those of Rest.
func (k *Kept) Take(n int) []byte {
	if k.Bad || n < 0 || n > len(k.Rest) {
		k.fail()
		return nil
	}
	taken := k.Rest[:n:n]
	k.Rest = k.Rest[n:]
	return taken
}

// Text takes a length and so many bytes.
func (k *Kept) Text() []byte {
	n := k.Uvarint()
	if n > uint64(len(k.Rest)) {
		k.fail()
		return nil
	}
	return k.Take(int(n))
}

// Uvarint takes a number as [binary.AppendUvarint] writes it.
func (k *Kept) Uvarint() uint64 {
	v, n := binary.Uvarint(k.Rest)
	if k.Bad || n <= 0 || n > 1 && k.Rest[n-1] == 0 { // a longer form of a smaller number
		k.fail()
		return 0
	}
	k.Rest = k.Rest[n:]
	return v
}

// Varint takes a number as [binary.AppendVarint] writes it.
func (k *Kept) Varint() int64 {
	v := k.Uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// Count takes a number of things of which each takes so many bytes or more.
func (k *Kept) Count(least int) int {
	n := k.Uvarint()
	if n > uint64(len(k.Rest)/least) {
		k.fail()
		return 0
	}
	return int(n)
}

func (k *Kept) fail() { k.Rest, k.Bad = nil, true }
