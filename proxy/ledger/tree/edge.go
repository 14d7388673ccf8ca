package tree

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// Edge is the right edge of a tree (a compact range from its first leaf): all that is needed to add leaves, and to name
// the root. The zero Edge is that of an empty tree.
type Edge struct {
	size  int64
	nodes [maxBits]tlog.Hash // by level, where size has that bit: the complete subtree that ends the tree there
}

// maxBits is how many bits a tree's size has at most.
const maxBits = 63

// Node is a node that became complete and stands in a tile: the one over the next 256^Level leaves, Level from 1 on.
type Node struct {
	Level int
	Hash  tlog.Hash
}

// Size is how many leaves the tree has.
func (e *Edge) Size() int64 { return e.size }

// Append adds leaves for entries, 32 bytes each, and appends to full what became complete by them of the tiles' levels
// from 1 on, in that order. It allocates nothing but what full may need.
func (e *Edge) Append(entries []byte, full []Node) []Node {
	if len(entries)%tlog.HashSize != 0 {
		panic("BUG: entries of the tree are not 32 bytes each")
	}
	for ; len(entries) > 0; entries = entries[tlog.HashSize:] {
		h := leaf(entries)
		level := 0
		for ; e.size>>level&1 != 0; level++ {
			if h = tlog.NodeHash(e.nodes[level], h); (level+1)%Height == 0 {
				full = append(full, Node{(level + 1) / Height, h})
			}
		}
		e.nodes[level] = h
		e.size++
	}
	return full
}

// leaf is the hash of the leaf that holds the first entry: SHA-256 of a zero byte
// and the entry (RFC 6962, section 2.1).
func leaf(entries []byte) tlog.Hash {
	var b [1 + tlog.HashSize]byte
	copy(b[1:], entries)
	return sha256.Sum256(b[:])
}

// Tree is the tree's size and root; the root of an empty one is SHA-256 of nothing (RFC 6962, section 2.1).
func (e *Edge) Tree() tlog.Tree {
	if e.size == 0 {
		return tlog.Tree{Hash: sha256.Sum256(nil)}
	}
	level := bits.TrailingZeros64(uint64(e.size))
	root := e.nodes[level]
	for level++; e.size>>level != 0; level++ {
		if e.size>>level&1 != 0 {
			root = tlog.NodeHash(e.nodes[level], root)
		}
	}
	return tlog.Tree{N: e.size, Hash: root}
}

// EdgeOf is the right edge of a tree of a size, of the hashes of that tree or of one that goes on from it.
func EdgeOf(size int64, hashes tlog.HashReader) (*Edge, error) {
	e := &Edge{size: size}
	var indexes []int64
	for level := maxBits - 1; level >= 0; level-- {
		if size>>level&1 != 0 {
			indexes = append(indexes, tlog.StoredHashIndex(level, size>>level-1))
		}
	}
	nodes, err := hashes.ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	for level := maxBits - 1; level >= 0; level-- {
		if size>>level&1 != 0 {
			e.nodes[level], nodes = nodes[0], nodes[1:]
		}
	}
	return e, nil
}

// ErrEdge says that bytes are no edge of a tree.
var ErrEdge = errors.New("this is no right edge of a tree")

// Bytes are the edge, to go on from later: the size in 8 bytes, the most significant first, and the hash of each
// complete subtree from left to right, 32 bytes each. Nothing in them says whether they are right: the root does.
func (e *Edge) Bytes() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 8+tlog.HashSize*bits.OnesCount64(uint64(e.size))), uint64(e.size))
	for level := maxBits - 1; level >= 0; level-- {
		if e.size>>level&1 != 0 {
			b = append(b, e.nodes[level][:]...)
		}
	}
	return b
}

// ParseEdge reads what [Edge.Bytes] gives, and nothing else. The error wraps [ErrEdge].
func ParseEdge(b []byte) (*Edge, error) {
	if len(b) < 8 {
		return nil, fmt.Errorf("%w: it has %s, and its size alone takes 8", ErrEdge, plural.Of(len(b), "byte"))
	}
	size := binary.BigEndian.Uint64(b)
	if size>>maxBits != 0 {
		return nil, fmt.Errorf("%w: its size is %d", ErrEdge, size)
	}
	if want := 8 + tlog.HashSize*bits.OnesCount64(size); len(b) != want {
		return nil, fmt.Errorf("%w: it has %s, and one of size %d has %d", ErrEdge, plural.Of(len(b), "byte"), size, want)
	}
	e := &Edge{size: int64(size)}
	b = b[8:]
	for level := maxBits - 1; level >= 0; level-- {
		if size>>level&1 != 0 {
			b = b[copy(e.nodes[level][:], b):]
		}
	}
	return e, nil
}

// MarshalText gives [Edge.Bytes] in base64, for a summary in JSON.
func (e *Edge) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, e.Bytes()), nil
}

// UnmarshalText reads what [Edge.MarshalText] gives, and nothing else. The error wraps [ErrEdge].
func (e *Edge) UnmarshalText(text []byte) error {
	b, err := decode64(string(text))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrEdge, err)
	}
	read, err := ParseEdge(b)
	if err != nil {
		return err
	}
	*e = *read
	return nil
}

// decode64 decodes base64 (RFC 4648, section 4) that stands in the one form in which it is written.
func decode64(text string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(b) != text {
		return nil, errors.New("it is no base64 in its one form (RFC 4648, section 4, padded, no bits left over)")
	}
	return b, nil
}

// decodeHash decodes a hash.
func decodeHash(text string) (h tlog.Hash, err error) {
	b, err := decode64(text)
	if err == nil && len(b) != len(h) {
		err = fmt.Errorf("it has %s, and a hash has %d", plural.Of(len(b), "byte"), len(h))
	}
	if err != nil {
		return h, err
	}
	return tlog.Hash(b), nil
}
