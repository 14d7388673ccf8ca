package ledger

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
)

// KindRetention is a record that says which segments were deleted because they were old: text.
const KindRetention = "retention"

// stemLayout is the time in a segment's name.
const stemLayout = "20060102T150405.000000000Z"

// Retain deletes the oldest segments: those all of whose records were written before a time. The one that is being written
// stays. It is recorded which are deleted, before they are. The error says what could not be; n were.
func (l *Ledger) Retain(before time.Time) (n int, err error) {
	all, err := Segments(l.opts.Dir)
	if err != nil {
		return 0, err
	}
	var old []string
	for i := range len(all) - 1 {
		begun, known := begunAt(all[i+1].Path)
		if !known || begun.After(before) || l.writes(all[i].Path) {
			break
		}
		old = append(old, all[i].Path)
	}
	if len(old) == 0 {
		return 0, nil
	}
	text := fmt.Sprintf("deleted: %d segments, %s to %s, with records from before %s", len(old), filepath.Base(old[0]),
		filepath.Base(old[len(old)-1]), before.UTC().Format(time.RFC3339))
	if err := l.Note(Note{Kind: KindRetention, Text: text}); err != nil {
		return 0, err
	}
	for _, path := range old {
		if err := (durable.Files{Disk: l.opts.Disk}).Remove(path); err != nil {
			return n, fmt.Errorf("cannot delete a segment of the ledger: %w", err)
		}
		n++
	}
	return n, nil
}

// writes tells whether a segment is the one that is being written.
func (l *Ledger) writes(path string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return path == l.segment
}

// begunAt is when a segment was begun, by its name. Where the clock had gone back it says a later time.
func begunAt(path string) (time.Time, bool) {
	stem, _, _ := strings.Cut(filepath.Base(path), "-")
	at, err := time.Parse(stemLayout, stem)
	return at, err == nil
}
