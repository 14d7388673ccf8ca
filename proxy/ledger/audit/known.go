package audit

import (
	"bytes"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// What is stored of a tree is in several places: lines, their entries, nodes of tiles. Where they do not agree, the
// signed root says which is right, from the top down: of two nodes that make one which is known, both are known.

// known are records of which the root says what they are, or not.
type known struct {
	lo, hi int64
	by     *source   // whose entries they are; nil: nobody has them
	hash   tlog.Hash // of the tree over them
}

// width is how many records a full tile of the lowest level is about.
const width = 1 << tree.Height

// source says what the entries of records are, or nodes above them.
type source struct {
	name  string
	entry func(number int64) []byte // nil: it does not know
	// node is what is stored of the node over so many records; nil: nothing. below says what is not.
	level int
	nodes levels
	below *source

	tiles map[int64]*tlog.Hash // by number of a tile; nil: it does not know
}

// over is the hash of the tree over records.
func (s *source) over(lo, hi int64) (tlog.Hash, bool) {
	if s.below != nil {
		size := int64(1) << (tree.Height * s.level)
		if hi-lo == size && lo%size == 0 {
			stored := s.nodes.at(s.level, lo/size)
			if stored == nil {
				return s.below.over(lo, hi)
			}
			return tlog.Hash(stored), true
		}
		if hi-lo < size {
			return s.below.over(lo, hi)
		}
	} else if hi-lo == width && lo%width == 0 {
		return s.tile(lo / width)
	}
	if hi-lo == 1 {
		entry := s.entry(lo)
		if entry == nil {
			return tlog.Hash{}, false
		}
		return tlog.RecordHash(entry), true
	}
	mid := lo + split(hi-lo)
	left, ok := s.over(lo, mid)
	if !ok {
		return left, false
	}
	right, ok := s.over(mid, hi)
	return tlog.NodeHash(left, right), ok
}

// tile is the hash over a full tile, which is made once.
func (s *source) tile(n int64) (tlog.Hash, bool) {
	if made, there := s.tiles[n]; there {
		if made == nil {
			return tlog.Hash{}, false
		}
		return *made, true
	}
	var edge tree.Edge
	for i := range int64(width) {
		entry := s.entry(n*width + i)
		if entry == nil {
			s.tiles[n] = nil
			return tlog.Hash{}, false
		}
		edge.Append(entry, nil)
	}
	made := edge.Tree().Hash
	s.tiles[n] = &made
	return made, true
}

// split is how many of n records, n at least 2, are in the left half of a tree (RFC 6962, section 2.1).
func split(n int64) int64 {
	k := int64(1)
	for k*2 < n {
		k *= 2
	}
	return k
}

// knowing finds out what is known of a tree.
type knowing struct {
	entries []*source // that have entries, the one to be believed first
	all     []*source // and those with nodes
	got     []known
}

// find finds out what is known of the records below a hash that is.
func (k *knowing) find(lo, hi int64, hash tlog.Hash) {
	for _, s := range k.entries {
		if made, ok := s.over(lo, hi); ok && made == hash {
			k.add(known{lo, hi, s, hash})
			return
		}
	}
	if hi-lo > 1 {
		mid := lo + split(hi-lo)
		for _, a := range k.all {
			left, ok := a.over(lo, mid)
			if !ok {
				continue
			}
			for _, b := range k.all {
				if right, ok := b.over(mid, hi); ok && tlog.NodeHash(left, right) == hash {
					k.find(lo, mid, left)
					k.find(mid, hi, right)
					return
				}
			}
		}
	}
	k.add(known{lo, hi, nil, hash})
}

// add adds what was found, in order.
func (k *knowing) add(of known) {
	if n := len(k.got); n > 0 && of.by != nil && k.got[n-1].by == of.by {
		k.got[n-1].hi = of.hi
		return
	}
	k.got = append(k.got, of)
}

// mixed are the entries that lines and files together make up, where one line was changed and the entry of another:
// each of few differences is tried both ways. nil: there is none.
func mixed(a, b *source, of known) [][]byte {
	const most = 10
	if of.hi-of.lo > width {
		return nil
	}
	var all [][]byte
	var at []int
	for n := of.lo; n < of.hi; n++ {
		x, y := bytes.Clone(a.entry(n)), bytes.Clone(b.entry(n))
		if x == nil || y == nil {
			return nil
		}
		if !bytes.Equal(x, y) {
			at = append(at, len(all))
		}
		all = append(all, x)
	}
	if len(at) > most {
		return nil
	}
	for mask := range 1 << len(at) {
		try := append([][]byte(nil), all...)
		for i, place := range at {
			if mask>>i&1 != 0 {
				try[place] = bytes.Clone(b.entry(of.lo + int64(place)))
			}
		}
		if hashOf(try) == of.hash {
			return try
		}
	}
	return nil
}

// hashOf is the hash of the tree over entries.
func hashOf(entries [][]byte) tlog.Hash {
	var edge tree.Edge
	for _, e := range entries {
		edge.Append(e, nil)
	}
	return edge.Tree().Hash
}
