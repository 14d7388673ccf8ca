package index

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"math/bits"
	"slices"
)

// BlockSize is from how many bytes of lines on a block ends, at a line's end.
const BlockSize = 64 << 10

// How much an index is made of at most: terms in blocks, and values of one member.
const (
	mostPairs  = 16 << 20
	mostListed = 4096
)

// ErrTooLarge says that a segment is too large to be indexed: it is read.
var ErrTooLarge = errors.New("the segment is too large for an index")

// Builder makes an index of a segment's lines, in their order.
type Builder struct {
	first  uint64
	next   uint64
	at     int64 // where the next line begins
	began  int64 // where the block did
	blocks []Block
	within within // terms of the block
	pairs  []pair
	ended  bool // the next line begins another block
	reader reader
	clock  clock
	values map[string]map[string]bool
}

// NewBuilder begins with the line of a record of this number.
func NewBuilder(first uint64) *Builder {
	b := &Builder{first: first, next: first, values: map[string]map[string]bool{}, ended: true}
	for _, member := range Listed {
		b.values[member] = map[string]bool{}
	}
	b.reader = newReader(b.list)
	b.reader.told = make([][]byte, len(Listed))
	return b
}

// Add adds a record; its line, with the end, has so many bytes. Of one whose line was erased nothing is known: nil.
func (b *Builder) Add(record []byte, bytes int) {
	if b.ended {
		b.blocks = append(b.blocks, Block{First: b.next, At: b.at, From: 1<<32 - 1})
		b.began, b.ended = b.at, false
		b.within.clear()
		b.reader.block = len(b.blocks)
	}
	of := &b.blocks[len(b.blocks)-1]
	if record == nil {
		b.next, b.at = b.next+1, b.at+int64(bytes)
		b.ended = b.ended || b.at-b.began >= BlockSize
		return
	}
	if at, ok := b.clock.read(record); ok {
		of.From, of.To = min(of.From, at), max(of.To, at)
	} else {
		of.From, of.To = 0, 1<<32-1 // nothing is known of it
	}
	b.reader.read(record)
	for _, term := range b.reader.all {
		if len(b.pairs) <= mostPairs && b.within.add(term) {
			b.pairs = append(b.pairs, pair{term, uint32(len(b.blocks) - 1)})
		}
	}
	b.next++
	b.at += int64(bytes)
	b.ended = b.at-b.began >= BlockSize && !b.reader.parts // the parts of a fact stand in one block
}

// list notes a value of a member.
func (b *Builder) list(member string, value []byte) {
	of := b.values[member]
	if of == nil || of[string(value)] {
		return
	}
	if of[string(value)] = true; len(of) > mostListed {
		b.values[member] = nil
	}
}

// Encode is the index as it stands in its file. First, End and Bytes of the segment are those of what was added. It
// tells step now and then how many bytes it went through since, and ends with its error; nil: nobody is told.
func (b *Builder) Encode(digest [32]byte, step func(bytes int) error) ([]byte, error) {
	if len(b.pairs) > mostPairs || len(b.blocks) > mostBlocks {
		return nil, ErrTooLarge
	}
	if step == nil {
		step = func(int) error { return nil }
	}
	if err := sortPairs(b.pairs, step); err != nil {
		return nil, err
	}
	width := min(max(bits.Len(uint(len(b.pairs)))-4, 0), mostBits)
	places, buckets, err := b.buckets(width, step)
	if err != nil {
		return nil, err
	}
	listed := map[string][]string{}
	for member, of := range b.values {
		if of == nil {
			continue
		}
		all := make([]string, 0, len(of))
		for value := range of {
			all = append(all, value)
		}
		slices.Sort(all)
		listed[member] = all
	}
	values, err := json.Marshal(listed)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	out := make([]byte, headSize, headSize+len(b.blocks)*blockSize+len(values)+len(places)+len(buckets)+2*sumSize)
	copy(out, magic)
	le.PutUint64(out[8:], b.first)
	le.PutUint64(out[16:], b.next)
	le.PutUint64(out[24:], uint64(b.at))
	copy(out[32:], digest[:])
	le.PutUint32(out[64:], uint32(len(b.blocks)))
	le.PutUint32(out[68:], uint32(width))
	le.PutUint32(out[72:], uint32(len(values)))
	le.PutUint64(out[80:], uint64(len(buckets)))
	le.PutUint32(out[headSize-sumSize:], crc32.Checksum(out[:headSize-sumSize], castagnoli))
	for i := range b.blocks {
		of := &b.blocks[i]
		out = le.AppendUint64(le.AppendUint64(out, of.First), uint64(of.At))
		out = le.AppendUint32(le.AppendUint32(out, uint32(of.From)), uint32(of.To))
	}
	out = le.AppendUint32(out, crc32.Checksum(out[headSize:], castagnoli))
	out = le.AppendUint32(append(out, values...), crc32.Checksum(values, castagnoli))
	return append(append(out, places...), buckets...), nil
}

// buckets writes the terms, and where each bucket begins.
func (b *Builder) buckets(width int, step func(bytes int) error) (places, all []byte, err error) {
	le := binary.LittleEndian
	i := 0
	for number := range uint32(1) << width {
		places = le.AppendUint32(places, uint32(len(all)))
		from := len(all)
		for i < len(b.pairs) {
			bucket, rest := split(b.pairs[i].term, width)
			if bucket != number {
				break
			}
			n := 1
			for i+n < len(b.pairs) && b.pairs[i+n].term == b.pairs[i].term {
				n++
			}
			all = binary.AppendUvarint(le.AppendUint32(all, rest), uint64(n))
			next := uint32(0)
			for _, p := range b.pairs[i : i+n] {
				all = binary.AppendUvarint(all, uint64(p.block-next))
				next = p.block + 1
			}
			i += n
		}
		all = le.AppendUint32(all, sumOf(number, all[from:]))
		if err := step(len(all) - from); err != nil {
			return nil, nil, err
		}
	}
	return le.AppendUint32(places, uint32(len(all))), all, nil
}
