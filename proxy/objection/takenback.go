package objection

import (
	"encoding/binary"
	"slices"
)

// takenBack are scopes that a subject objected to once and took back, all of them, with the time of the last one: what
// happened before that stays refused. It is comparable, and never changes.
type takenBack struct {
	scopes Scopes
	at     int64 // Unix seconds
}

// standing is what a look-up finds for a subject.
type standing struct {
	scopes Scopes    // in force
	back   takenBack // and what was, once
	acting acting    // whose acts that is
	chosen chosenScopes
}

// flagTakenBack is added to the number of a form where what was taken back follows the scopes in force.
const flagTakenBack = 1 << 8

// append adds the stored bytes: the scopes with their length before them, and seconds after first.
func (b takenBack) append(to []byte, first int64) []byte {
	return binary.AppendVarint(appendText(to, b.scopes.set), b.at-first)
}

// takenBack takes them off; false where they are none.
func (d *decoder) takenBack(first int64) (takenBack, bool) {
	scopes, ok := parseScopes(d.bytes(d.uvarint()))
	return takenBack{scopes, first + d.varint()}, ok && scopes.Any()
}

// everythingAt is that everything was taken back.
func everythingAt(at int64) takenBack { return takenBack{Scopes{"\x00"}, at} } // All has number 0

// past is what was taken back, also of a record from before that was written down: where nothing is in force any more,
// everything was, with its last change. One that has choices says so, whether or not anything was.
func (r *record) past() takenBack {
	if !r.back.scopes.Any() && !r.scopes.Any() && r.chosen == (chosen{}) {
		return everythingAt(r.last)
	}
	return r.back
}

// mostMarks is above what marks of scopes can be: greater ones name none.
const mostMarks = 1 << 31

// taken adds to what was taken back of a record what was in force before and is no more; what is in force again is
// taken out. Nothing was taken back before what it was objected to.
func (r *record) taken(before, after []uint32, seconds int64) {
	marks := r.back.scopes.appendMarks(nil)
	at := r.back.at
	for _, mark := range before {
		if _, stays := slices.BinarySearch(after, mark); !stays && mark < mostMarks {
			marks, at = insert(marks, min(mark, keptMark)), max(at, seconds, r.last)
		}
	}
	marks = slices.DeleteFunc(marks, func(mark uint32) bool {
		return slices.ContainsFunc(after, func(again uint32) bool { return min(again, keptMark) == mark })
	})
	if len(marks) == 0 {
		at = 0
	}
	r.back = takenBack{scopesOf(marks), at}
}
