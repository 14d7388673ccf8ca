package tree

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// Why a tree is not one that goes on from a known one.
var (
	ErrSmaller = errors.New("the log is smaller than it was: it was cut short, or an older copy was put in its place")
	ErrOther   = errors.New("the log is another one than it was: records that were in it were changed")
)

// Continues tells whether a tree goes on from one that is known: it is as large, and holds all that was in that one as
// it was. The error wraps [ErrSmaller] or [ErrOther]; anything else is a fault in reading the hashes, which are those
// of the tree that is now ([Tiles.Hashes]), and then nothing is known.
func Continues(known, now tlog.Tree, hashes tlog.HashReader) error {
	empty := new(Edge).Tree()
	switch {
	case known.N < 0 || now.N < 0:
		return fmt.Errorf("a tree cannot have the size %d", min(known.N, now.N))
	case now.N < known.N:
		return fmt.Errorf("%w: %s, and there were %d", ErrSmaller, plural.Of(now.N, "record"), known.N)
	case known.N == 0 && known.Hash != empty.Hash:
		return fmt.Errorf("%w: what is known of it has no records and another root than a log without records", ErrOther)
	case known.N == now.N && known.Hash != now.Hash:
		return fmt.Errorf("%w: both have %s, and another root", ErrOther, plural.Of(now.N, "record"))
	case known.N == now.N || known.N == 0:
		return nil
	}
	proof, err := tlog.ProveTree(now.N, known.N, hashes)
	if err != nil {
		return fmt.Errorf("cannot read the tree: %w", err)
	}
	if tlog.CheckTree(proof, now.N, now.Hash, known.N, known.Hash) != nil {
		return fmt.Errorf("%w: among the first %s, of %d", ErrOther, plural.Of(known.N, "record"), now.N)
	}
	return nil
}

// Consistency proves that a tree holds all that was in a smaller one; nothing has to be said of an empty one.
func Consistency(from, to int64, hashes tlog.HashReader) (tlog.TreeProof, error) {
	if from == 0 && to >= 0 {
		return tlog.TreeProof{}, nil
	}
	return tlog.ProveTree(to, from, hashes)
}
