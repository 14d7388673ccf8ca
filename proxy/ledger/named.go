package ledger

import (
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Named says what the names in records of events stand for. It is asked only for what the segment that is being written
// has not named yet; i is the place of an event among those that are appended.
type Named interface {
	Shape(i int) Shape
	Rungs(i int) Rungs
}

// names are those that were given lately, each with the writer's era in which it was.
// They are used under the writer's mutex.
type names struct {
	given *simplelru.LRU[string, uint64]
	last  string // the one that was asked for last, or given since
	era   uint64 // in which it was given
}

// newNames makes room for so many, at least one.
func newNames(most int) names {
	given, err := simplelru.NewLRU[string, uint64](most, nil)
	if err != nil {
		panic("BUG: a cache of no size")
	}
	return names{given: given}
}

// lacks tells whether a name was not given in an era yet.
func (n *names) lacks(id string, era uint64) bool {
	if id == "" || id == n.last && era == n.era {
		return false
	}
	in, ok := n.given.Get(id)
	return !ok || in != era
}

// give notes that a name was given.
func (n *names) give(id string, era uint64) {
	n.given.Add(id, era)
	n.last, n.era = id, era
}

// name appends records of what the names in the record of event i stand for, once an era of the writer; there are n.
func (r *records) name(dst []byte, now time.Time, e *Event, i int, by Named, era uint64) (lines []byte, n int) {
	if r.shapes.lacks(e.Shape, era) {
		s := by.Shape(i)
		s.ID = strings.Clone(e.Shape)
		dst, n = r.mustEncode(dst, now, KindShape, &s, n)
		r.shapes.give(s.ID, era)
	}
	if r.rungs.lacks(e.Rungs, era) {
		of := by.Rungs(i)
		of.ID = strings.Clone(e.Rungs)
		dst, n = r.mustEncode(dst, now, KindRungs, &of, n)
		r.rungs.give(of.ID, era)
	}
	return dst, n
}

// mustEncode is encode of what a policy and a catalog are made of, and no hit: a
// part of it that fits in no line is a bug.
func (r *records) mustEncode(
	dst []byte, now time.Time, kind string, members divisible, before int,
) (lines []byte, n int) {
	lines, n, err := r.encode(dst, now, kind, members)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return lines, before + n
}
