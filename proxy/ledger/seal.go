package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/tagwarden/tagwarden/proxy/ledger/index"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/pace"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// KindSealed is a record that says what a segment comes to that is written no more: first, end, segment, summary.
const KindSealed = "sealed"

// sealing is what is known of sealed segments. It is the background's, but for end.
type sealing struct {
	*records
	tree *grown

	busy   chan struct{} // who seals, packs or deletes segments has put something into it
	copies atomic.Int32  // how many copies are being made of the ledger: none is deleted meanwhile
	end    atomic.Uint64 // number behind the last one
	memory *Recovered    // of their records
	begun  time.Time     // when the segment that is written was begun
	first  uint64        // number of its first record
	own    uint64        // how many records in it say nothing but where the ledger itself stands

	// by number of its first record: a segment whose index is right, or cannot be made. The files' taker's
	indexed map[uint64]bool

	asked chan chan error // whoever wants all to be sealed at once, and waits for it
}

// sealFrom goes on from what stands.
func sealFrom(r *records, g *grown, from *Standing) *sealing {
	s := &sealing{records: r, tree: g, busy: make(chan struct{}, 1), memory: from.sealedMemory, indexed: map[uint64]bool{}}
	s.asked = make(chan chan error)
	s.begun, s.first = r.opts.Now(), from.Next()
	s.end.Store(from.sealed)
	return s
}

// takeFiles has the caller be who seals, packs or deletes segments, until giveFiles. The error is [ErrClosed].
func (s *sealing) takeFiles() error {
	select {
	case s.busy <- struct{}{}:
		return nil
	case <-s.stop:
		return ErrClosed
	}
}

func (s *sealing) giveFiles() { <-s.busy }

// sealedEnd is the number behind the last record of a sealed segment.
func (s *sealing) sealedEnd() uint64 { return s.end.Load() }

// roll ends the segment in time, or where it is long enough, or at once, and begins another. One that holds nothing but
// what the ledger itself said there goes on.
func (s *sealing) roll(now time.Time, atOnce bool) error {
	file := s.writer.File()
	if file.First != s.first { // a sync failed, and another was begun
		if err := s.rolled(now, file.First); err != nil {
			return err
		}
	}
	if file.N <= s.own || !atOnce && now.Sub(s.begun) < s.opts.Seal && file.Size < s.opts.Size {
		return nil
	}
	if s.writer.Present() != nil {
		return nil // who looks after the files says so: of one that was ended nobody would see that it was cut short
	}
	ended, err := s.writer.Roll()
	if err != nil || ended.N == 0 {
		return err
	}
	s.watched.whole(ended.Path, ended.Size)
	return s.rolled(now, s.writer.File().First)
}

// rolled notes that another segment was begun.
func (s *sealing) rolled(now time.Time, first uint64) error {
	s.begun, s.first, s.own = now, first, 1
	return errors.Join(s.tree.hashes.Roll(int64(first)), s.note(Note{Kind: KindSegment}))
}

// seal seals the oldest segment that is not sealed and is written no more. It tells whether there was one.
func (s *sealing) seal() (bool, error) {
	if err := s.takeFiles(); err != nil {
		return false, err
	}
	defer s.giveFiles()
	// It is asked first: were another one begun between the two, the listed end of this one would not be known.
	writing := s.writer.File().First
	files, err := numbered(s.opts.Dir)
	if err != nil {
		return false, err
	}
	for _, f := range files {
		if f.First >= s.sealedEnd() && f.First < writing && f.End != 0 {
			return true, s.sealOne(f)
		}
	}
	return false, nil
}

// ErrChanged says that a segment's lines are not those that were written to it.
var ErrChanged = errors.New("a line is another one than was written")

// sealOne writes a segment's summary, and records that it was sealed.
func (s *sealing) sealOne(f Segment) error {
	memory := s.memory.clone()
	b, terms := newSummary(f.First, memory, nil), index.NewBuilder(f.First)
	step, entries := s.steps(), storedEntries{from: s.tree.hashes, next: int64(f.First), end: int64(f.End)}
	got, err := scanSegment(f, func(line []byte, entry tree.Entry) error {
		at := entries.next
		if was, err := entries.take(); err != nil {
			return err
		} else if was != entry {
			return fmt.Errorf("%s: record %d: %w", f.Path, at, ErrChanged)
		}
		if err := step(len(line)); err != nil {
			return err
		}
		terms.Add(line, len(line)+1)
		return b.add(line, entry)
	})
	if err != nil {
		return fmt.Errorf("a segment of the ledger cannot be sealed: %w", err)
	}
	if err := s.tree.sync(); err != nil {
		return err
	}
	of := b.summary(got)
	if of.Edge, err = tree.EdgeOf(int64(of.End), s.tree.tiles().Hashes(s.tree.now())); err != nil {
		return fmt.Errorf("a segment of the ledger cannot be sealed: %w", err)
	}
	text, err := of.Text()
	if err != nil {
		return err
	}
	path := filepath.Join(s.opts.Dir, segment.FileName(f.First, SummarySuffix))
	if err := s.files.Replace(path, text, 0o600); err != nil {
		return fmt.Errorf("cannot write a segment's summary: %w", err)
	}
	record := sealedSegment{of, sha256.Sum256(text)}
	if err := s.put(synced, entry{KindSealed, &record}); err != nil {
		return err
	}
	s.own++
	s.memory = memory
	s.end.Store(of.End)
	s.index(of, terms, step)
	return nil
}

// storedEntries takes entries off those that are stored, in order, many at once.
type storedEntries struct {
	from      tree.Source
	next, end int64
	room      []byte
	read      []byte // and not taken yet
}

// atOnce is how many.
const atOnce = 1 << 12

func (s *storedEntries) take() (entry tree.Entry, err error) {
	if len(s.read) == 0 {
		n := int(min(atOnce, s.end-s.next)) * len(entry)
		s.room = slices.Grow(s.room[:0], n)[:n]
		s.read = s.room
		if err := s.from.HashesAt(s.read, s.next); err != nil {
			return entry, err
		}
	}
	s.read = s.read[copy(entry[:], s.read):]
	s.next++
	return entry, nil
}

// vouch adds records that segments of a version before are sealed: each has a
// summary since it was brought to its number.
func (s *sealing) vouch(entries []entry) ([]entry, error) {
	all, err := Summaries(s.opts.Dir)
	if err != nil {
		return nil, err
	}
	for _, first := range all {
		of, digest, err := ReadSummary(s.opts.Dir, first)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{KindSealed, &sealedSegment{of, digest}})
	}
	return entries, nil
}

// sealedSegment is a record that a segment was sealed.
type sealedSegment struct {
	of     *Summary
	digest [sha256.Size]byte
}

// MarshalLogObject writes the record's members.
func (s *sealedSegment) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddUint64("first", s.of.First)
	to.AddUint64("end", s.of.End)
	to.AddString("segment", s.of.Digest)
	to.AddString("summary", hex.EncodeToString(s.digest[:]))
	if s.of.Torn > 0 {
		to.AddInt64("torn", s.of.Torn)
	}
	return nil
}

// steps are what work in the background rests between. The error is [ErrClosed] where the ledger ends meanwhile.
func (s *sealing) steps() func(n int) error { return pace.Steps(s.stop, ErrClosed) }
