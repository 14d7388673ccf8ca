package ledger

import (
	"bytes"
	"io"
	"os"
	"path/filepath"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// How many hashes are looked at around a number to find that of a record behind damage: at first, and at most. All that
// are looked at are no more than some for each byte of the segment that was read.
const (
	leastRenumbered = 64
	mostRenumbered  = 1 << 16
	mostForBytes    = 4
)

// renumber gives the record behind damage the number that its hash is stored under: a line's end that is gone makes one
// line of two records, and one that came to be makes two of one. Where it is not stored, lines are counted.
func (r *SegmentReader) renumber(d *Damage) {
	if !r.numbered {
		return
	}
	if r.stored == nil {
		var err error
		if r.stored, err = tree.List(filepath.Dir(r.seg.Path), 0); err != nil || r.stored == nil {
			r.stored = tree.Runs{}
		}
	}
	entry := EntryOf(r.behind)
	for around := uint64(0); around <= mostRenumbered; around = max(2*around, leastRenumbered) {
		from := max(d.First+1, r.next-min(r.next, around))
		end := min(uint64(r.stored.End()), r.next+around+1)
		if r.seg.End != 0 {
			end = min(end, r.seg.End)
		}
		if from >= end {
			continue
		}
		if r.looked += end - from; r.looked > leastRenumbered+mostForBytes*uint64(r.lines.at) {
			return
		}
		hashes := make([]byte, (end-from)*uint64(len(entry)))
		if r.stored.HashesAt(hashes, int64(from)) != nil {
			return
		}
		for n := from; n < end; n++ {
			if at := (n - from) * uint64(len(entry)); bytes.Equal(hashes[at:at+uint64(len(entry))], entry[:]) {
				r.next = n
				return
			}
		}
	}
}

// summary is what reading needs of a sealed segment's summary. The zero summary is that of one that has none.
type summary struct {
	end   uint64
	plain bool // its lines are those of the version before, without checksums
}

// headOfSummary is how many bytes of a summary are read: what is needed stands at its beginning.
const headOfSummary = 4 << 10

// summary reads it.
func (s Segment) summary() (sum summary) {
	if s.Old {
		return sum
	}
	f, err := os.Open(filepath.Join(filepath.Dir(s.Path), segment.FileName(s.First, ".sum")))
	if err != nil {
		return sum
	}
	defer func() { _ = f.Close() }()
	head, err := io.ReadAll(io.LimitReader(f, headOfSummary))
	if err != nil {
		return sum
	}
	return summary{gjson.GetBytes(head, "end").Uint(), gjson.GetBytes(head, "lines").Str == "json"}
}
