package objection

import (
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"
)

// tree is the right edge of the Merkle tree over the change log: all that adding a leaf needs. What is complete is
// stored: for each leaf its own hash, and then those of the subtrees of 2, 4, 8 ... leaves that it completed. That is
// tlog's order. They are in runs, as the changes are.
type tree struct {
	size uint64
	edge [64]tlog.Hash // by level, where size has that bit: the complete subtree that ends the tree at this level
}

// add appends the hash of a leaf, and returns what is to be stored for it, appended to dst.
func (t *tree) add(dst []byte, leaf tlog.Hash) []byte {
	h := leaf
	dst = append(dst, h[:]...)
	level := 0
	for ; t.size>>level&1 != 0; level++ {
		h = tlog.NodeHash(t.edge[level], h)
		dst = append(dst, h[:]...)
	}
	t.edge[level] = h
	t.size++
	return dst
}

// head names the tree's state.
func (t *tree) head() Head {
	var root tlog.Hash
	some := false
	for level := range 64 {
		switch {
		case t.size>>level&1 == 0:
		case !some:
			root, some = t.edge[level], true
		default:
			root = tlog.NodeHash(t.edge[level], root)
		}
	}
	if !some {
		return emptyHead
	}
	return Head{Size: t.size, Root: root}
}

// emptyHead is the head of an empty log, as RFC 6962 has it: the hash of nothing.
var emptyHead = func() Head {
	root, err := tlog.TreeHash(0, tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return nil, nil }))
	if err != nil {
		panic(err) // it reads nothing
	}
	return Head{Root: root}
}()

// hashes reads the hashes that are stored.
func hashes(tx *bolt.Tx) tlog.HashReader {
	c := tx.Bucket(bucketTree).Cursor()
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		list := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			last := (uint64(n)+1)<<level - 1 // the leaf that completed it
			key, value := seekRun(c, last+1)
			if key == nil {
				return nil, missingHash(last)
			}
			at := 32 * uint64(index-tlog.StoredHashIndex(0, int64(binary.BigEndian.Uint64(key)-1)))
			if at+32 > uint64(len(value)) {
				return nil, missingHash(last)
			}
			copy(list[i][:], value[at:])
		}
		return list, nil
	})
}

func missingHash(leaf uint64) error {
	return fmt.Errorf("%w: a hash of change %d of the log is missing", ErrDamaged, leaf+1)
}

// headAt makes the head that the log had when it held that many changes.
func headAt(tx *bolt.Tx, size uint64) (Head, error) {
	root, err := tlog.TreeHash(int64(size), hashes(tx))
	return Head{Size: size, Root: root}, err
}

// loadTree reads the right edge.
func loadTree(tx *bolt.Tx, size uint64) (*tree, error) {
	t := &tree{size: size}
	stored := hashes(tx)
	for level := range 64 {
		if size>>level&1 == 0 {
			continue
		}
		list, err := stored.ReadHashes([]int64{tlog.StoredHashIndex(level, int64(size>>level-1))})
		if err != nil {
			return nil, err
		}
		t.edge[level] = list[0]
	}
	return t, nil
}
