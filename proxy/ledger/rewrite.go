package ledger

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// rewrite writes a packed segment anew, without the lines of some records, whose numbers are in order, and puts
// it in the place of the one that was: wherever it ends, one of the two is there whole. It returns of which
// records the lines are gone then. A segment whose lines are not those that were sealed is left as it is:
// nobody could tell any more what it was.
func (s *sealing) rewrite(f Segment, numbers []uint64) (erased []uint64, err error) {
	of, _, err := ReadSummary(s.opts.Dir, f.First)
	if err != nil {
		return nil, err
	}
	f.End = of.End
	beside := f.Path + packing
	index := IndexPath(s.opts.Dir, f.First) // it names whom the lines were about
	delete(s.indexed, f.First)              // and is made again once they are gone
	if err := errors.Join(s.files.Remove(index), s.files.Remove(beside)); err != nil {
		return nil, err
	}
	if erased, err = s.rewritten(f, beside, of, numbers); err != nil {
		return nil, fmt.Errorf("lines of a segment of the ledger cannot be erased: %w",
			errors.Join(err, s.files.Remove(beside)))
	}
	if err := s.files.Rename(beside, f.Path); err != nil {
		return nil, err
	}
	// Somebody may have made an index meanwhile of the lines that were there. No line is left of what was set aside.
	return erased, errors.Join(s.files.Remove(index),
		s.files.Remove(filepath.Join(s.opts.Dir, segment.FileName(f.First, AsideSuffix))))
}

// rewritten writes the new segment, and reads it back: what it says of the tree is what the one that was said.
func (s *sealing) rewritten(f Segment, to string, of *Summary, numbers []uint64) (erased []uint64, err error) {
	out, err := s.files.Begin(to, 0o600)
	if err != nil {
		return nil, err
	}
	if err = errors.Join(s.packWithout(out, f, of, numbers), out.Sync(), out.Close()); err != nil {
		return nil, err
	}
	back := f
	back.Path = to
	return s.sameEntries(back, of, numbers)
}

// packWithout writes in frames what writeWithout does.
func (s *sealing) packWithout(to io.Writer, f Segment, of *Summary, numbers []uint64) error {
	lines, into := io.Pipe()
	written := make(chan error, 1)
	go func() {
		buffered := bufio.NewWriterSize(into, firstBuffer)
		err := s.writeWithout(buffered, f, of, numbers)
		if err == nil {
			err = buffered.Flush()
		}
		written <- err
		_ = into.CloseWithError(err) // nil ends the lines
	}()
	_, err := packFrames(to, lines)
	_ = lines.CloseWithError(err) // who writes ends, too
	return cmp.Or(<-written, err)
}

// writeWithout writes the lines of a segment, and in place of some what the tree holds of them.
func (s *sealing) writeWithout(to io.Writer, f Segment, of *Summary, numbers []uint64) error {
	step, digest, at := s.steps(), sha256.New(), f.First
	var room []byte
	var before []uint64 // records whose lines were gone
	got, err := scanSegment(f, func(line []byte, entry tree.Entry) error {
		digest.Write(entry[:])
		_, goes := slices.BinarySearch(numbers, at)
		at++
		if line == nil || goes {
			room = appendErased(room[:0], entry)
		} else {
			room = append(append(room[:0], line...), '\n')
		}
		if line == nil && !goes {
			before = append(before, at-1)
		}
		if _, err := to.Write(room); err != nil {
			return err
		}
		return step(len(line) + len(room))
	})
	for _, n := range before {
		if _, gone := slices.BinarySearch(got.erased, n); !gone && err == nil {
			err = fmt.Errorf("%s: record %d was set aside since, and no record says that it goes", f.Path, n)
		}
	}
	if err == nil && (at != of.End || hex.EncodeToString(digest.Sum(nil)) != of.Digest) {
		err = fmt.Errorf("%s: %w", f.Path, ErrChanged)
	}
	return err
}

// sameEntries tells whether a segment holds what makes its part of the tree, and no line that was to go.
func (s *sealing) sameEntries(f Segment, of *Summary, numbers []uint64) (erased []uint64, err error) {
	step, digest := s.steps(), sha256.New()
	got, err := scanSegment(f, func(line []byte, entry tree.Entry) error {
		digest.Write(entry[:])
		return step(len(line))
	})
	if err != nil {
		return nil, err
	}
	if got.n != of.End-of.First || hex.EncodeToString(digest.Sum(nil)) != of.Digest {
		return nil, ErrReadBack
	}
	for _, n := range numbers {
		if _, gone := slices.BinarySearch(got.erased, n); !gone {
			return nil, ErrReadBack
		}
	}
	return got.erased, nil
}
