package proxy

import (
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// Objections is asked who objected to what, by hashes of the newest form. An error means that
// nobody knows: nothing is forwarded then.
type Objections interface {
	// Lookup returns the scopes that the subject of that hash objected to, the zero value where there are none. It is
	// asked for every identifier of every event, from many goroutines at once, and must not block on writers.
	Lookup(subject [16]byte) (rules.Objections, error)
}

// lookUpObjections asks for the objections of every subject. An identifier that all events share counts for each of
// them; what is found for one event counts for all events of its visitor.
func lookUpObjections(s *Server, h *hitContext) result {
	// Asked now: the body may have taken its time.
	h.in.ObjectionsUnavailable = s.objections.Err() != nil || s.objections.Full()
	h.in.ObjectionsStale = s.nodes.stale()
	h.acts = s.objections.Version()
	events := len(h.j.Hit.Events)
	var shared rules.Objections
	anything, person := false, false
	for range events {
		h.j.Objections = append(h.j.Objections, rules.Objections{})
	}
	for i := range h.j.Subjects {
		subject := &h.j.Subjects[i]
		found, err := h.snapshot.objections.Lookup(subject.Hash)
		if err != nil {
			fault(s.opts.Log, "objections cannot be looked up", err)
			return refused(rules.Failed)
		}
		if found != (rules.Objections{}) {
			anything, person = true, person || found.Any() && subject.Kind == rules.Person
		}
		anything = anything || found.TakenBack.Any()
		if subject.Event == hit.Shared {
			shared.Merge(found)
		} else {
			h.j.Objections[subject.Event].Merge(found)
		}
	}
	for e := range h.j.Objections {
		h.j.Objections[e].Merge(shared)
	}
	if anything && events > 1 {
		h.visitors.Join(h.j.Subjects, events)
		h.visitors.Share(h.j.Objections)
	}
	if person && h.snapshot.Loaded.Server.Objections.Follow && !h.in.ObjectionsUnavailable {
		s.follower.see(h)
	}
	if s.keeper.wants(h) {
		s.keeper.see(h)
	}
	return next
}
