// Package index says which parts of a sealed segment hold what is asked about: terms, such as a subject's hash or a
// vendor's id, and for each the blocks of lines in which it stands. It is a help and no proof: whoever finds it
// missing, damaged or of another file makes it again, and whatever it finds is read in the segment itself.
//
// What is in it follows from the lines alone, to the byte, so that whoever reads them can tell whether it is right:
// other terms than today's would be another form, with other magic bytes.
//
// It promises that a block is named for every term that a record in it has, and for what the rungs and the shape say
// that an event names; and that of a file whose bytes changed nothing is believed that would leave a record out.
package index

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// Suffix is the end of an index's name, behind the number of its segment's first record.
const Suffix = ".idx"

// Of is the segment that an index is of.
type Of struct {
	First, End uint64   // numbers of its first record, and behind its last one
	Bytes      int64    // of its lines, with their ends
	Digest     [32]byte // SHA-256 of its records' entries in the tree, as its summary has it
}

// Block is some of a segment's lines, one behind the other.
type Block struct {
	First    uint64 // number of its first record
	At       int64  // where in the lines, unpacked, it begins, in bytes
	From, To int64  // the earliest time of a record, and the latest, Unix seconds; To < From: no record says one
}

// The form of the file, all numbers with the least significant byte first:
//
//	head     128 bytes: magic, the segment, how long the parts are, CRC32C
//	blocks   24 bytes each, CRC32C
//	values   JSON, CRC32C
//	places   where each bucket begins in the last part, 4 bytes each, and where the last one ends
//	buckets  terms by the first bits of their hash; each ends with the CRC32C of its number and its bytes
const (
	magic      = "TWINDEX1"
	headSize   = 128
	blockSize  = 24
	sumSize    = 4
	placeSize  = 4
	mostBits   = 24
	mostBucket = 16 << 20
	mostValues = 16 << 20
	mostBlocks = 1 << 22
)

// ErrDamaged says that bytes are no index, or not all of one.
var ErrDamaged = errors.New("this is no index of a segment, or it is damaged")

// ErrOther says that an index is of another file than the one that it lies beside.
var ErrOther = errors.New("this index is of another segment")

// Further ones, which are as little of the file beside them.
var (
	ErrForeign = errors.New("this index is of another ledger")
	ErrBefore  = errors.New("this index was made before lines of its segment were erased, and names whom they were about")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Index is an open index. One goroutine uses it.
type Index struct {
	from io.ReaderAt
	file *os.File // nil: it was parsed of something else

	of     Of
	blocks int
	values int
	bits   int
	places int64 // where they begin
	terms  int64 // where the buckets do
	size   int64 // of all buckets
	room   []byte
}

// Open opens an index. The error wraps [ErrDamaged], or is fs.ErrNotExist.
func Open(path string) (*Index, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		var x *Index
		if x, err = Read(f, info.Size()); err == nil {
			x.file = f
			return x, nil
		}
	}
	return nil, errors.Join(err, f.Close())
}

// Read reads an index of so many bytes. The error wraps [ErrDamaged].
func Read(from io.ReaderAt, size int64) (*Index, error) {
	var head [headSize]byte
	if size < headSize {
		return nil, fmt.Errorf("%w: it has %s", ErrDamaged, plural.Of(size, "byte"))
	}
	if _, err := from.ReadAt(head[:], 0); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	le := binary.LittleEndian
	if string(head[:len(magic)]) != magic || crc32.Checksum(head[:headSize-sumSize], castagnoli) != le.Uint32(
		head[headSize-sumSize:]) {
		return nil, fmt.Errorf("%w: its head is none", ErrDamaged)
	}
	x := &Index{
		from: from, of: Of{First: le.Uint64(head[8:]), End: le.Uint64(head[16:]), Bytes: int64(le.Uint64(head[24:]))},
		blocks: int(le.Uint32(head[64:])), bits: int(le.Uint32(head[68:])), values: int(le.Uint32(head[72:])),
		size: int64(le.Uint64(head[80:])),
	}
	copy(x.of.Digest[:], head[32:])
	if x.bits > mostBits || x.blocks > mostBlocks || x.values > mostValues || x.size < 0 || x.size > 1<<32-1 {
		return nil, fmt.Errorf("%w: its head is none", ErrDamaged)
	}
	x.places = headSize + int64(x.blocks)*blockSize + sumSize + int64(x.values) + sumSize
	x.terms = x.places + (1<<x.bits+1)*placeSize
	if x.terms+x.size != size {
		return nil, fmt.Errorf("%w: it has %s, and says %d", ErrDamaged, plural.Of(size, "byte"), x.terms+x.size)
	}
	return x, nil
}

// Close closes the file.
func (x *Index) Close() error {
	if x.file == nil {
		return nil
	}
	return x.file.Close()
}

// Of is the segment that the index is of.
func (x *Index) Of() Of { return x.of }

// at reads so many bytes, of which the last are a checksum. They hold until the next call.
func (x *Index) at(place int64, size int) ([]byte, error) {
	x.room = slices.Grow(x.room[:0], size)[:size]
	if _, err := x.from.ReadAt(x.room, place); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	b, sum := x.room[:size-sumSize], binary.LittleEndian.Uint32(x.room[size-sumSize:])
	if crc32.Checksum(b, castagnoli) != sum {
		return nil, fmt.Errorf("%w: a checksum is another one", ErrDamaged)
	}
	return b, nil
}

// Blocks are those of the segment, in order. The error wraps [ErrDamaged].
func (x *Index) Blocks() ([]Block, error) {
	b, err := x.at(headSize, x.blocks*blockSize+sumSize)
	if err != nil {
		return nil, err
	}
	all := make([]Block, x.blocks)
	for i := range all {
		one := b[i*blockSize:]
		all[i] = Block{
			First: binary.LittleEndian.Uint64(one), At: int64(binary.LittleEndian.Uint64(one[8:])),
			From: int64(binary.LittleEndian.Uint32(one[16:])), To: int64(binary.LittleEndian.Uint32(one[20:])),
		}
		if i > 0 && (all[i].First <= all[i-1].First || all[i].At <= all[i-1].At) || all[i].At < 0 ||
			all[i].At >= x.of.Bytes ||
			i == 0 && (all[0].First != x.of.First || all[0].At != 0) {
			return nil, fmt.Errorf("%w: its blocks are not in order", ErrDamaged)
		}
	}
	return all, nil
}

// Values are those that some members have in the segment, by the members' names: see [Listed]. A member with too many
// of them is left out. The error wraps [ErrDamaged].
func (x *Index) Values() (map[string][]string, error) {
	b, err := x.at(headSize+int64(x.blocks)*blockSize+sumSize, x.values+sumSize)
	if err != nil {
		return nil, err
	}
	all := map[string][]string{}
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("%w: its values cannot be read", ErrDamaged)
	}
	return all, nil
}

// Find appends the blocks that hold a term, in order. There may be some that do not. The error wraps [ErrDamaged].
func (x *Index) Find(dst []uint32, term uint64) ([]uint32, error) {
	number, rest := split(term, x.bits)
	var place [2 * placeSize]byte
	if _, err := x.from.ReadAt(place[:], x.places+int64(number)*placeSize); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	from, to := int64(binary.LittleEndian.Uint32(place[:])), int64(binary.LittleEndian.Uint32(place[placeSize:]))
	b, err := x.bucket(number, from, to)
	if err != nil {
		return nil, err
	}
	return x.among(dst, b, rest)
}

// bucket reads a bucket, without its checksum. It holds until the next call.
func (x *Index) bucket(number uint32, from, to int64) ([]byte, error) {
	if to < from+sumSize || to > x.size || to-from > mostBucket {
		return nil, fmt.Errorf("%w: a bucket is none", ErrDamaged)
	}
	x.room = slices.Grow(x.room[:0], int(to-from))[:to-from]
	if _, err := x.from.ReadAt(x.room, x.terms+from); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	b := x.room[:len(x.room)-sumSize]
	if sumOf(number, b) != binary.LittleEndian.Uint32(x.room[len(b):]) {
		return nil, fmt.Errorf("%w: a checksum is another one", ErrDamaged)
	}
	return b, nil
}

// among appends the blocks of a term that is in a bucket.
func (x *Index) among(dst []uint32, bucket []byte, rest uint32) ([]uint32, error) {
	wrong := fmt.Errorf("%w: a bucket is none", ErrDamaged)
	for len(bucket) > 0 {
		if len(bucket) < 4 {
			return nil, wrong
		}
		is := binary.LittleEndian.Uint32(bucket)
		n, size := binary.Uvarint(bucket[4:])
		if size <= 0 || n == 0 || n > uint64(x.blocks) {
			return nil, wrong
		}
		bucket = bucket[4+size:]
		block := uint64(0)
		for range n {
			step, size := binary.Uvarint(bucket)
			if block += step; size <= 0 || step > uint64(x.blocks) || block >= uint64(x.blocks) {
				return nil, wrong
			}
			if bucket = bucket[size:]; is == rest {
				dst = append(dst, uint32(block))
			}
			block++
		}
		if is > rest {
			break
		}
	}
	return dst, nil
}

// split is the bucket of a term, and what it is known by in there.
func split(term uint64, bits int) (bucket, rest uint32) {
	return uint32(term >> 1 >> (63 - bits)), uint32(term << bits >> 32)
}

// sumOf is the checksum of a bucket.
func sumOf(number uint32, b []byte) uint32 {
	var n [4]byte
	binary.LittleEndian.PutUint32(n[:], number)
	return crc32.Update(crc32.Checksum(n[:], castagnoli), castagnoli, b)
}
