package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// KindSealed is a record that says what a segment comes to that is written no more: first, end, segment, summary.
const KindSealed = "sealed"

// sealing is what is known of sealed segments. It is the background's, but for end.
type sealing struct {
	end    atomic.Uint64 // number behind the last one
	edge   tree.Edge     // of the tree over their records
	memory *Recovered    // of their records
	begun  time.Time     // when the segment that is written was begun
	first  uint64        // number of its first record
}

// sealFrom goes on from what stands.
func (l *Ledger) sealFrom(from *Standing) {
	s := &l.sealing
	s.edge, s.memory = from.sealedEdge, from.sealedMemory
	s.begun, s.first = l.opts.Now(), from.Next()
	s.end.Store(from.sealed)
}

// sealedEnd is the number behind the last record of a sealed segment.
func (l *Ledger) sealedEnd() uint64 { return l.sealing.end.Load() }

// roll ends the segment in time, or where it is long enough, and begins another.
func (l *Ledger) roll(now time.Time) error {
	file := l.writer.File()
	if file.First != l.sealing.first {
		l.sealing.first, l.sealing.begun = file.First, now
	}
	if age := now.Sub(l.sealing.begun); file.N <= 1 || age < l.opts.Seal && file.Size < l.opts.Size {
		return nil
	}
	if err := l.writer.SyncTo(file.First + file.N); err != nil {
		return err
	}
	if _, err := l.writer.Roll(); err != nil {
		return err
	}
	l.sealing.first, l.sealing.begun = l.writer.File().First, now
	if err := l.tree.hashes.Roll(int64(l.sealing.first)); err != nil {
		return err
	}
	return l.Note(Note{Kind: KindSegment})
}

// seal seals the oldest segment that is not sealed and is written no more. It tells whether there was one.
func (l *Ledger) seal() (bool, error) {
	files, err := numbered(l.opts.Dir)
	if err != nil {
		return false, err
	}
	writing := l.writer.File().First
	for _, f := range files {
		if f.First < l.sealedEnd() || f.First >= writing {
			continue
		}
		return true, l.sealOne(f)
	}
	return false, nil
}

// ErrChanged says that a segment's lines are not those that were written to it.
var ErrChanged = errors.New("a line is another one than was written")

// sealOne writes a segment's summary, and records that it was sealed.
func (l *Ledger) sealOne(f Segment) error {
	memory, edge := l.sealing.memory.clone(), l.sealing.edge
	b := newSummary(f.First, memory, &edge)
	step := l.steps()
	var stored tree.Entry
	at := int64(f.First)
	got, err := scanSegment(f, func(line []byte, entry tree.Entry) error {
		if err := l.tree.hashes.HashesAt(stored[:], at); err != nil {
			return err
		}
		if stored != entry {
			return fmt.Errorf("%s: record %d: %w", f.Path, at, ErrChanged)
		}
		at++
		if err := step(len(line)); err != nil {
			return err
		}
		return b.add(line, entry)
	})
	if err != nil {
		return fmt.Errorf("a segment of the ledger cannot be sealed: %w", err)
	}
	if err := l.tree.sync(); err != nil {
		return err
	}
	of := b.summary(got)
	text, err := of.Text()
	if err != nil {
		return err
	}
	path := filepath.Join(l.opts.Dir, segment.FileName(f.First, SummarySuffix))
	if err := l.files.Replace(path, text, 0o600); err != nil {
		return fmt.Errorf("cannot write a segment's summary: %w", err)
	}
	record := sealedSegment{of, sha256.Sum256(text)}
	if err := l.put(synced, entry{KindSealed, &record}); err != nil {
		return err
	}
	l.sealing.edge, l.sealing.memory = edge, memory
	l.sealing.end.Store(of.End)
	return nil
}

// vouch records that segments of a version before are sealed: each has a summary since it was brought to its number.
func (l *Ledger) vouch() error {
	all, err := Summaries(l.opts.Dir)
	if err != nil {
		return err
	}
	for _, first := range all {
		of, digest, err := ReadSummary(l.opts.Dir, first)
		if err != nil {
			return err
		}
		if err := l.put(synced, entry{KindSealed, &sealedSegment{of, digest}}); err != nil {
			return err
		}
	}
	return nil
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

// Work in the background is done in steps of so many bytes, with a rest between two.
const (
	stepBytes = 1 << 20
	stepRest  = 5 * time.Millisecond
)

// steps counts bytes, and rests where a step is done. The error is [ErrClosed] where the ledger ends meanwhile.
func (l *Ledger) steps() func(n int) error {
	done := 0
	return func(n int) error {
		if done += n; done < stepBytes {
			return nil
		}
		done = 0
		t := time.NewTimer(stepRest)
		defer t.Stop()
		select {
		case <-l.stop:
			return ErrClosed
		case <-t.C:
			return nil
		}
	}
}
