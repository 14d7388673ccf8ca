package rules_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// subj makes a subject of an event; subjects with the same number are one.
func subj(event int32, class hit.Class, number byte) rules.Subject {
	return rules.Subject{Event: event, Class: class, Hash: [16]byte{8: number}, Ledger: [16]byte{number}}
}

// visitorsOf lists the first event of each event's visitor.
func visitorsOf(v *rules.Visitors, subjects []rules.Subject, events int) []int {
	v.Join(subjects, events)
	var all []int
	for e := range events {
		all = append(all, v.Of(e))
	}
	return all
}

// TestEventsOfOneVisitor: what events share makes one visitor of them where it is a person's or a browser's, directly
// or through others, and nothing else does.
func TestEventsOfOneVisitor(t *testing.T) {
	t.Parallel()
	const browser, person, device = hit.ClientID, hit.UserID, hit.DeviceID
	for _, c := range []struct {
		name     string
		events   int
		subjects []rules.Subject
		want     []int
	}{
		{"no subject", 3, nil, []int{0, 1, 2}},
		{"one event", 1, []rules.Subject{subj(0, person, 1)}, []int{0}},
		{"each its own", 2, []rules.Subject{subj(0, person, 1), subj(1, person, 2)}, []int{0, 1}},
		{"the same person", 3, []rules.Subject{subj(0, person, 1), subj(1, person, 2), subj(2, person, 1)}, []int{0, 1, 0}},
		{"through a browser", 3, []rules.Subject{
			subj(0, person, 1), subj(1, browser, 2), subj(2, person, 1), subj(2, browser, 2),
		}, []int{0, 0, 0}},
		{"a chain from its end", 4, []rules.Subject{
			subj(3, browser, 3), subj(2, browser, 3), subj(2, device, 2), subj(1, device, 2), subj(1, person, 1),
			subj(0, person, 1),
		}, []int{0, 0, 0, 0}},
		{"two visitors, one after the other", 4, []rules.Subject{
			subj(0, browser, 1), subj(1, browser, 2), subj(2, browser, 1), subj(3, browser, 2),
		}, []int{0, 1, 0, 1}},
		{"what all share", 3, []rules.Subject{subj(0, person, 1), subj(hit.Shared, browser, 2)}, []int{0, 0, 0}},
		{"an address", 2, []rules.Subject{subj(0, hit.IP, 1), subj(1, hit.IP, 1)}, []int{0, 1}},
		{"an address that all share", 2, []rules.Subject{subj(hit.Shared, hit.IP, 1)}, []int{0, 1}},
		{"a session, an event, an order, a group", 2, []rules.Subject{
			subj(0, hit.SessionID, 1), subj(1, hit.SessionID, 1), subj(0, hit.EventID, 2), subj(1, hit.EventID, 2),
			subj(0, hit.TransactionID, 3), subj(1, hit.TransactionID, 3), subj(0, hit.Account, 4), subj(1, hit.Account, 4),
			subj(0, hit.ExternalID, 5), subj(1, hit.ExternalID, 5),
		}, []int{0, 1}},
	} {
		if got := visitorsOf(new(rules.Visitors), c.subjects, c.events); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestEveryClassJoinsOrDoesNot: what identifies a person or a browser joins, and no other class does, least of all
// external ids: a company is not one visitor.
func TestEveryClassJoinsOrDoesNot(t *testing.T) {
	t.Parallel()
	join := []hit.Class{hit.AdvertisingID, hit.ClientID, hit.DeviceID, hit.Email, hit.Phone, hit.UserID}
	for class := range hit.NumClasses {
		got := visitorsOf(new(rules.Visitors), []rules.Subject{subj(0, class, 1), subj(1, class, 1)}, 2)
		if joined := got[1] == 0; joined != slices.Contains(join, class) {
			t.Errorf("%s: %v", class, joined)
		}
	}
}

// TestVisitorsAreTheClosure: for hits of chance, with the same memory again and again, visitors are what a closure
// finds that joins any two events with a subject in common until nothing changes; and objections go exactly as far.
func TestVisitorsAreTheClosure(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(1, 2))
	classes := []hit.Class{hit.UserID, hit.ClientID, hit.Email, hit.IP, hit.SessionID}
	var v rules.Visitors
	for round := range 3000 {
		events := 1 + chance.IntN(9)
		subjects := make([]rules.Subject, chance.IntN(14))
		for i := range subjects {
			event := int32(chance.IntN(events))
			if chance.IntN(40) == 0 {
				event = hit.Shared
			}
			number := byte(chance.IntN(8))
			subjects[i] = subj(event, classes[int(number)%len(classes)], number)
		}
		want := closure(subjects, events)
		if got := visitorsOf(&v, subjects, events); !slices.Equal(got, want) {
			t.Fatalf("round %d: %v, want %v: %+v", round, got, want, subjects)
		}
		objections := make([]rules.Objections, events)
		for e := range objections {
			objections[e].Purposes = uint64(chance.IntN(2)) << e
		}
		shared := slices.Clone(objections)
		v.Share(shared)
		for e := range shared {
			var all rules.Objections
			for other := range want {
				if want[other] == want[e] {
					all.Merge(objections[other])
				}
			}
			if shared[e] != all {
				t.Fatalf("round %d, event %d: %+v, want %+v", round, e, shared[e], all)
			}
		}
		if v.Reset(); v.Joined() {
			t.Fatal("it remembers the hit")
		}
	}
}

// closure is the slow reading: events are joined, two by two, until nothing changes.
func closure(subjects []rules.Subject, events int) []int {
	first := make([]int, events)
	for e := range first {
		first[e] = e
	}
	join := func(a, b int) (changed bool) {
		low := min(first[a], first[b])
		changed = first[a] != low || first[b] != low
		first[a], first[b] = low, low
		return changed
	}
	for changed := true; changed; {
		changed = false
		for _, a := range subjects {
			if a.Class == hit.IP || a.Class == hit.SessionID {
				continue
			}
			for _, b := range subjects {
				switch {
				case a.Event == hit.Shared:
					for e := range events {
						changed = join(0, e) || changed
					}
				case b.Event != hit.Shared && a.Hash == b.Hash:
					changed = join(int(a.Event), int(b.Event)) || changed
				}
			}
		}
	}
	return first
}
