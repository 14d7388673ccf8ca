package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// Standing is how a ledger's files stand: what its records say that a start must know, and the tree over them. It was made
// of the last summary that the log vouches for and of the records behind that.
type Standing struct {
	*Recovered
	dir          string
	unvouched    bool   // no record says that the summaries are those of their segments
	sealed       uint64 // number behind the records of that summary; the edge of the tree over them, and what they say
	sealedMemory *Recovered
	edge         tree.Edge   // of the tree over all records
	tail         []*Summary  // of each segment behind it, what its summary will be
	rest         []byte      // the entries of their records, 32 bytes each
	nodes        []tree.Node // of the tree's tiles that became complete by them
	old          bool        // it is of a version before, and is to be brought to numbers first
}

// standing is a ledger without records.
func standing(dir string) *Standing {
	return &Standing{Recovered: nothing(), dir: dir, sealedMemory: nothing()}
}

// Next is the number of the next record.
func (s *Standing) Next() uint64 { return uint64(s.edge.Size()) }

// Recover reads what a start must know of a ledger: a ledger that is not there remembers nothing; one that cannot be read is
// an error: it might hold a revocation.
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

// recoverFrom begins with the last summary that a record behind it vouches for. A process that died may have left one that
// none does: it is made again of its segment.
func recoverFrom(dir string, sums []uint64) (*Standing, error) {
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
			vouched = vouched || vouches(record, of, digest)
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
		of, err := s.summarise(f, each)
		if err != nil {
			return err
		}
		s.tail = append(s.tail, of)
	}
	s.Keys.Known = s.Keys.Known || len(files) > 0
	return s.readOld(each)
}

// summarise reads a segment, and tells what its summary is.
func (s *Standing) summarise(f Segment, each func(record []byte)) (*Summary, error) {
	b := newSummary(f.First, s.Recovered, &s.edge)
	got, err := scanSegment(f, func(line []byte, entry tree.Entry) error {
		s.rest = append(s.rest, entry[:]...)
		if line != nil {
			each(line)
		}
		err := b.add(line, entry)
		s.nodes = append(s.nodes, b.nodes...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return b.summary(got), nil
}

// summaryBuilder makes the summary of a segment, record by record.
type summaryBuilder struct {
	of     Summary
	memory *Recovered // goes on with the segment's records
	edge   *tree.Edge // likewise; nil: whoever asks for the summary adds it
	digest hash.Hash
	nodes  []tree.Node // that became complete
	entry  tree.Entry  // room for the last one
	latest [19]byte    // the second of To, as records say it
}

func newSummary(first uint64, memory *Recovered, edge *tree.Edge) *summaryBuilder {
	b := &summaryBuilder{memory: memory, edge: edge, digest: sha256.New()}
	b.of = Summary{Format: summaryFormat, First: first, Lines: LinesChecked}
	return b
}

// add adds a record; its line is nil where it was set aside.
func (b *summaryBuilder) add(line []byte, entry tree.Entry) error {
	b.entry = entry
	if b.edge != nil {
		b.nodes = b.edge.Append(b.entry[:], b.nodes[:0])
	}
	b.digest.Write(b.entry[:])
	if line == nil {
		return nil
	}
	b.time(line)
	return b.memory.observe(line)
}

// time notes when a record was written, to the second: From is rounded down, To up.
func (b *summaryBuilder) time(line []byte) {
	const before, seconds = `{"time":"`, "2006-01-02T15:04:05"
	if len(line) < len(before)+len(seconds) || string(line[:len(before)]) != before {
		return
	}
	text := line[len(before):][:len(seconds)]
	if string(text) == string(b.latest[:]) {
		return
	}
	at, err := time.Parse(seconds, string(text))
	if err != nil {
		return
	}
	if b.of.From.IsZero() || at.Before(b.of.From) {
		b.of.From = at
	}
	if up := at.Add(time.Second); up.After(b.of.To) {
		b.of.To = up
		copy(b.latest[:], text)
	}
}

// summary is the summary of what was added.
func (b *summaryBuilder) summary(got scanned) *Summary {
	memory := b.memory.clone()
	if got.plain {
		b.of.Lines = LinesPlain
	}
	b.of.End = b.of.First + got.n
	b.of.Bytes, b.of.Torn, b.of.Aside = got.bytes, got.torn, got.aside
	b.of.Digest = hex.EncodeToString(b.digest.Sum(nil))
	if b.of.Memory = *memory; b.edge != nil {
		edge := *b.edge
		b.of.Edge = &edge
	}
	return &b.of
}
