package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/tagwarden/tagwarden/proxy/segment"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// KindRetention is a record that says which segments were deleted because they were old: first, end, text.
const KindRetention = "retention"

// retention is what such a record says.
type retention struct {
	first, end uint64 // numbers of the records that went
	text       string
}

// MarshalLogObject writes the record's members.
func (r *retention) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddUint64("first", r.first)
	to.AddUint64("end", r.end)
	to.AddString("text", r.text)
	return nil
}

// Retain deletes the oldest segments: those all of whose records were written before a time. Their hashes and summaries
// stay, so that what is left can be proved as before; so does a segment that is not sealed yet. It is
// recorded which are deleted, and that is signed, before they are. While the ledger is copied none is. The
// error says what could not be; n were.
func (l *Ledger) Retain(before time.Time) (n int, err error) {
	if err := l.sealing.takeFiles(); err != nil {
		return 0, err
	}
	defer l.sealing.giveFiles()
	if l.sealing.copies.Load() > 0 {
		return 0, nil
	}
	files, err := numbered(l.opts.Dir)
	if err != nil {
		return 0, err
	}
	var old []segment.File
	for _, f := range files {
		of, _, err := ReadSummary(l.opts.Dir, f.First)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return 0, err
		}
		if !of.To.Before(before) || of.End > l.sealing.sealedEnd() {
			break
		}
		old = append(old, segment.File{Path: f.Path, First: of.First, End: of.End})
	}
	if len(old) == 0 {
		return 0, nil
	}
	first, end := old[0].First, old[len(old)-1].End
	record := retention{first, end, fmt.Sprintf("deleted: %s, records %d to %d, from before %s",
		plural.Of(len(old), "segment"), first,
		end-1, before.UTC().Format(time.RFC3339))}
	if err := l.put(synced, entry{KindRetention, &record}); err != nil {
		return 0, err
	}
	if err := l.signing.sign(); err != nil { // what is not signed accounts for nothing
		return 0, err
	}
	for _, f := range old {
		if err := l.files.Remove(IndexPath(l.opts.Dir, f.First)); err != nil { // it holds subjects, too
			return n, fmt.Errorf("cannot delete the index of a segment of the ledger: %w", err)
		}
		if err := l.files.Remove(f.Path); err != nil {
			return n, fmt.Errorf("cannot delete a segment of the ledger: %w", err)
		}
		n++
	}
	return n, nil
}
