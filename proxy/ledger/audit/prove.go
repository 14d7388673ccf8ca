package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// ErrNotSigned says that a record cannot be proved yet.
var ErrNotSigned = errors.New("no checkpoint covers this record yet: the server signs one every few seconds")

// Prove makes a proof of a record, by the log's key and those of witnesses as their files hold them; "": that in the
// folder. It is made against the newest checkpoint that covers the record, and against one that witnesses signed where
// there is one. Of a record whose line is gone it says which record tells so.
func Prove(dir string, number uint64, key string, witnesses ...string) ([]byte, error) {
	v := &verification{opts: Options{Dir: dir, Key: key, Witnesses: witnesses}, dir: dir, report: &Report{}}
	if err := v.keys(); err != nil {
		return nil, err
	}
	wanted := tree.Wanted{Number: int64(number)}
	var by *tree.Wanted
	var err error
	if wanted.Line, by, err = find(dir, number); err != nil {
		return nil, err
	}
	if wanted.Line == nil {
		if by == nil {
			return nil, v.notThere(number)
		}
		wanted.By = by
	}
	needed := int64(number)
	if wanted.By != nil {
		needed = by.Number
	}
	checkpoint, err := v.covering(needed)
	if err != nil {
		return nil, err
	}
	tiles, err := tilesOf(dir)
	if err != nil {
		return nil, err
	}
	return tree.MakeProof(wanted, checkpoint, v.proofKeys(), tiles)
}

// CheckProof tells what a proof file proves, by the log's key and those of witnesses.
func CheckProof(file []byte, key note.Verifier, witnesses ...note.Verifier) (*tree.Proof, error) {
	return tree.CheckProof(file, tree.Keys{Log: key, Witnesses: witnesses, Erases: Erases})
}

// notThere says why there is no line of a record.
func (v *verification) notThere(number uint64) error {
	gone := fmt.Errorf("the line of record %d is not there, and no record says that it was erased", number)
	if text, err := readWhole(filepath.Join(v.dir, ledger.CheckpointFile)); err == nil {
		if c, err := tree.OpenCheckpoint(text, v.key); err == nil && number >= uint64(c.Tree.N) {
			return fmt.Errorf("there is no record %d: the newest checkpoint is of %s, from 0 on", number,
				plural.Of(c.Tree.N, "record"))
		}
	}
	return gone
}

func (v *verification) proofKeys() tree.Keys {
	return tree.Keys{Log: v.key, Witnesses: v.witnesses, Erases: Erases}
}

// covering is a checkpoint of more than so many records.
func (v *verification) covering(number int64) ([]byte, error) {
	names := []string{ledger.CheckpointFile}
	if len(v.witnesses) > 0 {
		names = []string{witnessedFile, ledger.CheckpointFile}
	}
	size := int64(0)
	for _, name := range names {
		text, err := readWhole(filepath.Join(v.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read a checkpoint: %w", err)
		}
		c, err := tree.OpenCheckpoint(text, v.key, v.witnesses...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if c.Tree.N > number {
			return text, nil
		}
		size = max(size, c.Tree.N)
	}
	return nil, fmt.Errorf("record %d: %w; the newest one is of %s", number, ErrNotSigned, plural.Of(size, "record"))
}

// tilesOf reads the tiles of a folder's tree.
func tilesOf(dir string) (*tree.Tiles, error) {
	t := new(tree.Tiles)
	for level := range topLevel + 1 {
		files, err := listHashes(dir, level)
		if err != nil {
			return nil, err
		}
		if level == 0 {
			t.Entries = files.runs()
			continue
		}
		t.Levels[level] = files.runs()
	}
	return t, nil
}

// Find is the line of a record, as [Prove] finds it; nil where it is gone. By is then the number of the record that
// says that it was erased; nil where none does.
func Find(dir string, number uint64) (line []byte, by *uint64, err error) {
	line, erased, err := find(dir, number)
	if err == nil && line == nil && erased != nil {
		n := uint64(erased.Number)
		by = &n
	}
	return line, by, err
}

// find is the line of a record; where it is not there the record that says why, if one does: the latest.
func find(dir string, number uint64) (line []byte, by *tree.Wanted, err error) {
	segments, err := ledger.Segments(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range segments {
		if s.Old || number < s.First || s.End != 0 && number >= s.End {
			continue
		}
		err := eachRecord(s, func(n uint64, record []byte) bool {
			if n == number {
				line = bytes.Clone(record)
			}
			return n < number
		})
		if err != nil || line != nil {
			return line, nil, err
		}
	}
	for _, s := range segments {
		if s.Old {
			continue
		}
		err := eachRecord(s, func(n uint64, record []byte) bool {
			if n > number && Erases(record, int64(number)) == nil {
				by = &tree.Wanted{Number: int64(n), Line: bytes.Clone(record)}
			}
			return true
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return nil, by, nil
}

// eachRecord hands over a segment's records, past what is damaged, until it is told to end.
func eachRecord(s ledger.Segment, each func(number uint64, record []byte) bool) error {
	r, err := s.Open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was deleted meanwhile
	}
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	for {
		for r.Next() {
			if number, known := r.Number(); known && !each(number, r.Record()) {
				return nil
			}
		}
		if r.Err() == nil {
			return nil
		}
		if err := r.Err(); !r.Skip() {
			return err
		}
	}
}

// GoneBy is the record that says that the line of a record is gone, by its number; false where
// that line is there, or no record says so.
func GoneBy(dir string, number uint64) (by uint64, record []byte, is bool, err error) {
	line, said, err := find(dir, number)
	if err != nil || line != nil || said == nil {
		return 0, nil, false, err
	}
	return uint64(said.Number), said.Line, true, nil
}
