package promise

import (
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/rules"
)

// Violation is a promise that a judged hit broke.
type Violation struct {
	Promise string `json:"promise"` // its id
	Event   string `json:"event"`
	Field   string `json:"field"`
	Class   string `json:"class"`

	Activity string `json:"activity"`
}

// String says which, and by what.
func (v Violation) String() string {
	return fmt.Sprintf("promise %s is broken: %s leaves in %s with %s on %s", v.Promise, v.Class, v.Field,
		EventWords(v.Event), v.Activity)
}

// Hit is what left of a hit that was judged, and whence it came.
type Hit struct {
	Site   string
	Region rules.Region
	Left   []rules.Left
}

// BrokenBy lists which promises a hit broke, each once: of its events, activities and fields the first. Where the proof
// of a promise says kept, none does.
func BrokenBy(promises []Promise, of *Hit, where Where) (all []Violation) {
	for i := range promises {
		if v := promises[i].brokenBy(of, where); v != nil {
			all = append(all, *v)
		}
	}
	return all
}

func (of *Promise) brokenBy(h *Hit, where Where) *Violation {
	if len(of.Never.Sites) > 0 && !slices.Contains(of.Never.Sites, h.Site) || !mayBeIn(h.Region, of.Never.Regions) {
		return nil
	}
	for i := range h.Left {
		l := &leaves{Leaving: &h.Left[i].Leaving, classes: h.Left[i].Classes, action: h.Left[i].Action}
		if !l.reaches() || !of.Never.mayCover(l, nil) {
			continue
		}
		for _, e := range h.Left[i].Events {
			places := where(e.Activity)
			if !of.Never.mayBe(e.Activity, places) || !of.Never.Events.IsEmpty() && !of.Never.Events.Has(e.Name) ||
				of.excepts(h, l, &e, places) {
				continue
			}
			return &Violation{of.ID, e.Name, l.Field, classOf(of, l).String(), e.Activity.ID}
		}
	}
	return nil
}

// excepts tells whether the exception surely holds.
func (of *Promise) excepts(h *Hit, l *leaves, e *rules.LeftEvent, places []Place) bool {
	u := of.Unless
	return u != nil && u.surelyIs(e.Activity, places) && (len(u.Sites) == 0 || slices.Contains(u.Sites, h.Site)) &&
		surelyIn(h.Region, u.Regions) && (u.Events.IsEmpty() || u.Events.Has(e.Name)) && u.surelyCovers(l)
}
