package tree

import (
	"errors"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// TestContinues: between all pairs of sizes a tree goes on from the smaller one, and from nothing else.
func TestContinues(t *testing.T) {
	t.Parallel()
	const most = 300
	s := open(t, t.TempDir(), 0, nil)
	trees := []tlog.Tree{s.edge.Tree()}
	for n := range most {
		s.append(n + 1)
		trees = append(trees, s.edge.Tree())
	}
	entries := AppendEntries(nil, lines(0, most))
	stored := storedHashes(t, entries)
	for now := range trees {
		for known := range trees {
			err := Continues(trees[known], trees[now], stored)
			if known > now != errors.Is(err, ErrSmaller) || (err == nil) != (known <= now) {
				t.Fatalf("%d after %d: %v", now, known, err)
			}
			if known == 0 || known > now {
				continue
			}
			changed := trees[known]
			changed.Hash[now%32] ^= 1
			if err := Continues(changed, trees[now], stored); !errors.Is(err, ErrOther) {
				t.Fatalf("%d after another %d: %v", now, known, err)
			}
			proof, err := Consistency(int64(known), int64(now), stored)
			if err != nil || tlog.CheckTree(proof, int64(now), trees[now].Hash, int64(known), trees[known].Hash) != nil {
				t.Fatalf("%d after %d is not proved: %v", now, known, err)
			}
		}
		if proof, err := Consistency(0, int64(now), stored); err != nil || len(proof) != 0 {
			t.Errorf("%d after nothing: %v", now, err)
		}
	}
	// The same by tiles, which hold what they read against the tree as well.
	for _, known := range []int{1, 128, 255, 256, 257, 299} {
		if err := Continues(trees[known], trees[most], s.tiles().Hashes(trees[most])); err != nil {
			t.Errorf("%d after %d: %v", most, known, err)
		}
	}
	odd := trees[0]
	odd.Hash[0] ^= 1
	if err := Continues(odd, trees[5], stored); !errors.Is(err, ErrOther) {
		t.Errorf("after another empty tree: %v", err)
	}
	if err := Continues(tlog.Tree{N: -1}, trees[5], stored); err == nil {
		t.Error("after a tree of size -1")
	}
	fails := tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return nil, ErrMissing })
	if err := Continues(trees[3], trees[5], fails); !errors.Is(err, ErrMissing) || errors.Is(err, ErrOther) {
		t.Errorf("with hashes that cannot be read: %v", err)
	}
}

// storedHashes are hashes as tlog stores them, made by tlog: the second reading.
func storedHashes(t *testing.T, entries []byte) tlog.HashReader {
	t.Helper()
	var all []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		list := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			list[i] = all[at]
		}
		return list, nil
	})
	for n := int64(0); len(entries) > 0; n++ {
		more, err := tlog.StoredHashes(n, entries[:32], reader)
		if err != nil {
			t.Fatal(err)
		}
		all, entries = append(all, more...), entries[32:]
	}
	return reader
}
