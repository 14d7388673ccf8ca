package ledger

import (
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Named says what the names in records of events stand for. It is asked only for what the segment that is being written
// has not named yet; i is the place of an event among those that are appended.
type Named interface {
	Shape(i int) Shape
	Rungs(i int) Rungs
}

// names are those that were given lately, each with the segment in which it was.
type names struct{ given *lru.Cache[string, string] }

// newNames makes room for so many, at least one.
func newNames(most int) names {
	given, err := lru.New[string, string](most)
	if err != nil {
		panic("BUG: a cache of no size")
	}
	return names{given}
}

// lacks tells whether a segment has not given a name yet.
func (n names) lacks(id, segment string) bool {
	in, ok := n.given.Get(id)
	return id != "" && (!ok || in != segment)
}

// name records what the names in the record of event i stand for, once a segment.
func (l *Ledger) name(now time.Time, e *Event, i int, by Named) error {
	if l.shapes.lacks(e.Shape, l.segment) {
		s := by.Shape(i)
		s.ID = strings.Clone(e.Shape)
		if err := l.add(now, KindShape, &s); err != nil {
			return err
		}
		l.shapes.given.Add(s.ID, l.segment)
	}
	if l.rungs.lacks(e.Rungs, l.segment) {
		r := by.Rungs(i)
		r.ID = strings.Clone(e.Rungs)
		if err := l.add(now, KindRungs, &r); err != nil {
			return err
		}
		l.rungs.given.Add(r.ID, l.segment)
	}
	return nil
}
