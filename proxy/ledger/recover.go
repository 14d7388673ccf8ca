package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// Standing is how a ledger's files stand: what its records say that a start must know, and the tree over them. It was
// made of the last summary that the log vouches for and of the records behind that.
type Standing struct {
	*Recovered
	dir          string
	unvouched    bool   // no record says that the summaries are those of their segments
	sealed       uint64 // number behind the records of that summary; the edge of the tree over them, and what they say
	sealedMemory *Recovered
	edge         tree.Edge   // of the tree over all records
	tail         []uint64    // of each segment behind it, the number of its first record
	rest         []byte      // the entries of their records, 32 bytes each
	nodes        []tree.Node // of the tree's tiles that became complete by them
	old          bool        // it is of a version before, and is to be brought to numbers first

	erased    []uint64  // records behind that summary whose lines were erased
	accounted []Erasure // what records behind it say of that
}

// standing is a ledger without records.
func standing(dir string) *Standing {
	return &Standing{Recovered: nothing(), dir: dir, sealedMemory: nothing()}
}

// Next is the number of the next record.
func (s *Standing) Next() uint64 { return uint64(s.edge.Size()) }

// Recover reads what a start must know of a ledger: a ledger that is not there remembers nothing; one that cannot be
// read is an error: it might hold a revocation.
func Recover(dir string) (*Standing, error) {
	sums, err := Summaries(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return standing(dir), nil
	}
	if err == nil {
		var s *Standing
		if s, err = recoverFrom(dir, sums); err == nil {
			return s, nil
		}
	}
	return nil, fmt.Errorf("the ledger cannot be read, and might say which assessments were revoked: %w", err)
}

// recoverFrom begins with the last summary that a record behind it vouches for. A process that died may have left one
// that none does: it is made again of its segment.
func recoverFrom(dir string, sums []uint64) (*Standing, error) {
	signed := signedSize(dir)
	for _, first := range slices.Backward(sums) {
		of, digest, err := ReadSummary(dir, first)
		if errors.Is(err, ErrSummary) {
			continue // it is made again
		}
		if err != nil {
			return nil, err
		}
		s := standing(dir)
		s.Recovered, s.sealedMemory = &of.Memory, of.Memory.clone()
		s.sealed, s.edge = of.End, *of.Edge
		vouched := false
		err = s.readTail(func(record []byte) {
			vouched = vouched || s.Next() < signed && vouches(record, of, digest)
		})
		if err != nil {
			return nil, err
		}
		// Of segments that were just brought to numbers no record can say so yet.
		s.unvouched = !vouched && of.Lines == LinesPlain && s.Next() == of.End
		if vouched || s.unvouched {
			return s, nil
		}
	}
	s := standing(dir)
	return s, s.readTail(func([]byte) {})
}

// signedSize is how many records the newest checkpoint covers, as it says: whether it is signed is
// seen when the ledger is opened. A record behind it vouches for nothing, since anybody could have put
// it there. Where there is none, all may.
func signedSize(dir string) uint64 {
	text, err := os.ReadFile(filepath.Join(dir, CheckpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return math.MaxUint64
	}
	c, torn := tree.Unverified(text)
	if err != nil || torn != nil {
		return 0
	}
	return uint64(c.Tree.N)
}

// vouches tells whether a record says that a summary is that of its segment.
func vouches(record []byte, of *Summary, digest [sha256.Size]byte) bool {
	if string(kindOf(record)) != KindSealed {
		return false
	}
	said := gjson.GetManyBytes(record, "first", "end", "segment", "summary")
	return said[0].Uint() == of.First && said[1].Uint() == of.End && said[2].Str == of.Digest &&
		said[3].Str == hex.EncodeToString(digest[:])
}

// readTail reads the records behind the last summary.
func (s *Standing) readTail(each func(record []byte)) error {
	files, err := numbered(s.dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.First < s.sealed {
			continue
		}
		if f.First != s.Next() {
			return fmt.Errorf("%s: records %d to %d are missing before it", f.Path, s.Next(), f.First-1)
		}
		if err := s.grow(f, each); err != nil {
			return err
		}
		s.tail = append(s.tail, f.First)
	}
	s.Keys.Known = s.Keys.Known || len(files) > 0
	if err := s.accountErased(); err != nil {
		return err
	}
	return s.readOld(each)
}

// accountErased tells whether records say of each line that was erased that it was to go: a line that somebody else
// took away might have said what a start must know. None is erased of a segment that is not sealed: there are some
// behind the last summary only where that of a later segment was lost.
func (s *Standing) accountErased() error {
	for _, number := range s.erased {
		if !slices.ContainsFunc(s.accounted, func(e Erasure) bool { return e.Covers(number) }) {
			return fmt.Errorf("record %d is said to be erased, and no record says so: put its segment back from a copy", number)
		}
	}
	s.erased, s.accounted = nil, nil
	return nil
}

// grow reads a segment: what its records say, and the tree over them.
func (s *Standing) grow(f Segment, each func(record []byte)) error {
	signed := signedSize(s.dir)
	got, err := scanSegment(f, func(line []byte, entry tree.Entry) error {
		if line != nil {
			if each(line); string(kindOf(line)) == KindErasure && s.Next() < signed {
				if e, err := ParseErasure(line); err == nil {
					s.accounted = append(s.accounted, e)
				}
			}
		}
		s.rest = append(s.rest, entry[:]...)
		s.nodes = s.edge.Append(s.rest[len(s.rest)-len(entry):], s.nodes)
		if line == nil {
			return nil
		}
		return s.observe(line)
	})
	s.erased = append(s.erased, got.erased...)
	return err
}
