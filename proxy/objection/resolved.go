package objection

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// Resolved is a store as one policy sees it: scopes are translated to the policy's own.
type Resolved struct {
	store *Store
	known func(scope string) (rules.Objections, bool)
	lift  func(l rules.Lift, purposes []string) rules.Lift // nil: no decision lifts anything
	in    func(category string) signal.Categories          // nil: no choice says anything

	mu    sync.Mutex
	table atomic.Pointer[[]translation] // by number; shorter than the dictionary where scopes are new
}

// translation is what a scope stands for. One that the policy does not know (any more) stands for nothing.
type translation struct {
	objections rules.Objections
	known      bool
	category   signal.Categories // that it is a choice about
}

// Resolve translates for a policy: known returns what it makes of a scope's name.
func (s *Store) Resolve(known func(scope string) (rules.Objections, bool)) *Resolved {
	r := &Resolved{store: s, known: known}
	r.translate()
	return r
}

// Lifting returns it with decisions in the policy's words: without them, none lifts anything.
func (r *Resolved) Lifting(lift func(l rules.Lift, purposes []string) rules.Lift) *Resolved {
	r.lift = lift
	return r
}

// Choosing returns it with choices in the policy's words, by what a category is there: without it, none says anything.
func (r *Resolved) Choosing(in func(category string) signal.Categories) *Resolved {
	r.in = in
	r.table.Store(nil)
	r.translate()
	return r
}

// translate makes the table anew.
func (r *Resolved) translate() []translation {
	r.mu.Lock()
	defer r.mu.Unlock()
	var table []translation
	if old := r.table.Load(); old != nil {
		table = slices.Clip(*old)
	}
	for _, name := range (*r.store.names.Load())[len(table):] {
		var t translation
		if category, ok := strings.CutPrefix(name, categoryScope); !ok {
			t.objections, t.known = r.known(name)
		} else if r.in != nil {
			t.category = r.in(category)
		}
		table = append(table, t)
	}
	r.table.Store(&table)
	return table
}

// Lookup returns what the subject of that hash objected to, or has restricted, and what it took back. An error means
// that nobody knows.
func (r *Resolved) Lookup(hash [16]byte) (rules.Objections, error) {
	found, err := r.store.lookUp(hash)
	if err != nil {
		return rules.Objections{}, err
	}
	var all rules.Objections
	if found.scopes.Any() {
		if all, err = r.inWords(found.scopes); err != nil {
			return rules.Objections{}, err
		}
		all.Lifts = r.lifts(&hash, found.acting)
	}
	if found.back.scopes.Any() {
		back, err := r.inWords(found.back.scopes)
		if err != nil {
			return rules.Objections{}, err
		}
		all.TakenBack = back.AsTakenBack(found.back.at)
	}
	if found.chosen != (chosenScopes{}) && r.in != nil {
		if all.Receipts, err = r.receipt(&found.chosen); err != nil {
			return rules.Objections{}, err
		}
	}
	return all, nil
}

// receipt translates what stands by choices.
func (r *Resolved) receipt(found *chosenScopes) (of signal.Receipt, err error) {
	if of.Granted, err = r.categories(found.granted); err != nil {
		return signal.Receipt{}, err
	}
	of.At = found.at
	of.Refused, err = r.categories(found.refused)
	return of, err
}

// categories translates scopes that are categories.
func (r *Resolved) categories(scopes Scopes) (all signal.Categories, err error) {
	table := *r.table.Load()
	for mark, ok := scopes.next(); ok; mark, ok = scopes.next() {
		n := int(mark / 2)
		if n >= len(table) {
			if table = r.translate(); n >= len(table) {
				return 0, errUnknownNumber
			}
		}
		all |= table[n].category
	}
	return all, nil
}

// inWords translates scopes.
func (r *Resolved) inWords(scopes Scopes) (all rules.Objections, err error) {
	table := *r.table.Load()
	for mark, ok := scopes.next(); ok; mark, ok = scopes.next() {
		if since, kept := keptAt(mark); kept {
			all.KeptOptOut = max(all.KeptOptOut, since)
			continue
		}
		n := int(mark / 2)
		if n >= len(table) {
			// A scope that is newer than the table. It got its name before anybody could read its number.
			if table = r.translate(); n >= len(table) {
				return rules.Objections{}, errUnknownNumber
			}
		}
		if t := &table[n]; t.known {
			all.Merge(t.objections)
			all.Restricted = all.Restricted || mark&1 != 0
		}
	}
	return all, nil
}

// Unknown lists the scopes that somebody's objection holds and the policy does not know: they have no effect.
func (r *Resolved) Unknown() []string {
	marks, names, table := r.store.state.Load().marks, *r.store.names.Load(), r.translate()
	var list []string
	for n := range min(len(table), len(marks)/2) {
		if !table[n].known && marks[2*n]+marks[2*n+1] > 0 {
			list = append(list, names[n])
		}
	}
	slices.Sort(list)
	return list
}
