package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// Reader reads the records of a ledger in the order of their numbers, over all its segments, while a server writes,
// packs and deletes them or none does. Segments that were deleted because they were old are passed over; one that is
// missing between others is [Damage].
//
// After Next returned false without an error it may be called again, and goes on with what has been written since.
type Reader struct {
	dir   string
	next  uint64 // number of the next record that is wanted
	known bool   // numbers are known: it began at a numbered segment, or with the first record of all
	count uint64 // number behind the last line of the segments that were read: that of an old one's first line

	list   []Segment
	listed time.Time // when the folder had changed last when that was listed
	sure   bool      // it would have another time if it had changed since

	now *SegmentReader // nil: none is open
	of  Segment        // the one that is, or was last
	err error
}

// Read begins to read with the record of a number. Where that was deleted, it begins with the oldest that is there.
func Read(dir string, from uint64) *Reader { return &Reader{dir: dir, next: from, known: true} }

// Close ends reading.
func (r *Reader) Close() error {
	if r.now == nil {
		return nil
	}
	err := r.now.Close()
	r.count, r.now = r.now.next, nil
	return err
}

// Record is the record that Next found, as it is stored, without the line's end. It holds until the next call.
func (r *Reader) Record() []byte { return r.now.Record() }

// Number is its number. False where nothing says which it has: see [Last].
func (r *Reader) Number() (uint64, bool) { return r.now.Number() }

// Segment is the file of the segment that it is in, by the name that it has until it is packed. Names that records give
// others hold in it: they may stand in front of its record of kind [KindSegment].
func (r *Reader) Segment() string { return strings.TrimSuffix(r.of.Path, ".zst") }

// Err is why Next returned false: a [Damage], or that something cannot be read at all; nil at the end.
func (r *Reader) Err() error { return r.err }

// Skip has Next go on behind the damage that it stopped at. False where it stopped at something else.
func (r *Reader) Skip() bool {
	d, is := errors.AsType[*Damage](r.err)
	if !is {
		return false
	}
	if r.err = nil; r.now != nil {
		r.now.Skip()
	}
	if d.Numbered {
		r.next = max(r.next, d.End)
	}
	return true
}

// Next goes on to the next record.
func (r *Reader) Next() bool {
	for r.err == nil {
		if r.now != nil && r.read() {
			return true
		}
		if r.err != nil || !r.goOn() {
			return false
		}
	}
	return false
}

// read reads on in the segment that is open.
func (r *Reader) read() bool {
	for {
		for r.now.Next() {
			number, known := r.now.Number()
			if known && number < r.next {
				continue // it was not asked for, or stood in the segment before as well
			}
			r.next = number + 1
			return true
		}
		err := r.now.Err()
		if err == nil {
			if r.known {
				r.next = max(r.next, r.now.next) // the last ones may have been set aside
			}
			return false
		}
		if d, is := errors.AsType[*Damage](err); is && d.Numbered && d.First < d.End && d.End <= r.next {
			r.now.Skip() // nobody asked for it
			continue
		}
		if !r.readAgain(err) {
			r.err = err
			return false
		}
	}
}

// readAgain tells whether what seemed to be damage was a change of the folder, and sees to it.
func (r *Reader) readAgain(err error) bool {
	if r.now.waited && r.known { // what was read then may have been taken back: a full disk
		return r.reopen(r.of) == nil
	}
	if !errors.Is(err, errShort) {
		return false
	}
	r.sure = false // a segment that is begun, or packed, while the folder is listed may be missing
	if r.relist() != nil {
		return false
	}
	at := slices.IndexFunc(r.list, func(s Segment) bool { return !s.Old && s.First == r.of.First })
	return at >= 0 && r.endsBefore(r.list[at].End)
}

// goOn goes on to the next segment, or sees that there is more to read in this one. False where there is nothing, or
// err says why not. What seems to be wrong with the folder is looked at once more: it changes while it is listed.
func (r *Reader) goOn() bool {
	for try := 0; ; try++ {
		if r.err = r.relist(); r.err != nil {
			return false
		}
		s, found := r.following()
		if !found {
			return false
		}
		if end := r.missing(s); end != 0 {
			if r.sure = false; try > 0 {
				r.err = &Damage{Path: r.dir, First: r.next, End: end, Numbered: true, Why: errHole}
				return false
			}
			continue
		}
		if r.now != nil && r.sameAsNow(s) {
			return r.more(s)
		}
		if !s.Old && !r.known {
			r.err = errRenamed
			return false
		}
		err := r.open(s)
		if err == nil {
			return true
		}
		if r.sure = false; !errors.Is(err, fs.ErrNotExist) || try > 2 {
			r.err = err
			return false
		}
		r.of = s
	}
}

// errRenamed ends a reader that does not know where it is any more.
var errRenamed = errors.New("a newer version has given the ledger's records numbers: read it again")

// missing tells whether records are missing before a segment, or behind what the one that is open should hold: up to
// which; 0: none are.
func (r *Reader) missing(s Segment) (end uint64) {
	switch {
	case s.Old:
	case r.now != nil && r.sameAsNow(s):
		if r.now.ended() && r.next < s.End {
			return s.End
		}
	case s.First > r.next && s.First != r.list[0].First:
		return s.First
	}
	return 0
}

// sameAsNow tells whether a segment is the one that is open.
func (r *Reader) sameAsNow(s Segment) bool {
	return s.Old == r.of.Old && (s.Old && s.Path == r.of.Path || !s.Old && s.First == r.of.First)
}

// more tells whether there is more to read in the segment that is open, which the folder still ends with, or did.
func (r *Reader) more(s Segment) bool {
	switch {
	case r.known && r.now.replaced():
		r.err = r.reopen(r.of)
		return r.err == nil
	case r.known && r.now.shorter():
		end, err := r.of.count()
		if err == nil {
			r.next = min(r.next, end) // the others were taken back: those that follow have their numbers
			err = r.reopen(r.of)
		}
		r.err = err
		return err == nil
	case s.End != 0 && r.now.seg.End == 0:
		return r.endsBefore(s.End)
	}
	return false
}

// endsBefore notes that the segment that is open ends before a record. False where nothing changes by that.
func (r *Reader) endsBefore(end uint64) bool {
	if end != 0 {
		r.of.End = end
	}
	return r.now.endsBefore(end)
}

// following is the segment to read next: that with the next record. It may be the one that is open.
func (r *Reader) following() (Segment, bool) {
	old := slices.IndexFunc(r.list, func(s Segment) bool { return s.Old })
	numbered := r.list
	if old >= 0 {
		numbered = r.list[:old]
	}
	if r.of.Old && old >= 0 {
		at := slices.IndexFunc(r.list, func(s Segment) bool { return s.Old && s.Path > r.of.Path })
		if at < 0 {
			return r.of, r.now != nil
		}
		return r.list[at], true
	}
	for i, s := range slices.Backward(numbered) {
		if s.First > r.next {
			continue
		}
		if i == len(numbered)-1 && old >= 0 && r.now != nil && r.sameAsNow(s) {
			return r.list[old], true // it is read
		}
		return s, true
	}
	if len(r.list) == 0 {
		return Segment{}, false
	}
	return r.list[0], true
}

// open opens a segment.
func (r *Reader) open(s Segment) error {
	if err := r.Close(); err != nil {
		return err
	}
	if s.Old {
		s.First = r.count
	}
	return r.reopen(s)
}

// reopen reads a segment once more from its beginning; what was read of it is passed over.
func (r *Reader) reopen(s Segment) error {
	if err := r.Close(); err != nil {
		return err
	}
	now, err := s.open(r.known)
	if err != nil {
		return err
	}
	r.now, r.of = now, s
	r.next = max(r.next, s.First)
	return nil
}

// unsure is how long after a change a further one may have the same time.
const unsure = 2 * time.Second

// relist lists the folder, where it may have changed.
func (r *Reader) relist() error {
	info, err := os.Stat(r.dir)
	if err == nil && r.list != nil && r.sure && info.ModTime().Equal(r.listed) {
		return nil
	}
	list, err2 := Segments(r.dir)
	if err2 == nil {
		err2 = r.lost(list)
	}
	if err2 != nil {
		return err2
	}
	if r.list = list; err == nil {
		r.listed = info.ModTime()
		r.sure = time.Since(r.listed) > unsure
	}
	return nil
}

// lost tells whether an old segment that is still to be read has gone. One that was deleted because it was old is older
// than all that are left; those that have no numbers show no hole in them.
func (r *Reader) lost(list []Segment) error {
	for _, s := range r.list {
		if s.Old && s.Path > r.of.Path && len(list) > 0 && list[0].Old && list[0].Path < s.Path &&
			!slices.ContainsFunc(list, func(left Segment) bool { return left.Path == s.Path }) {
			return fmt.Errorf("cannot open a segment: %s: %w", s.Path, fs.ErrNotExist)
		}
	}
	return nil
}
