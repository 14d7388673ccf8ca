package visitor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// patience bounds how long a visitor waits for a change to be begun. One that was begun is waited for.
const patience = 15 * time.Second

// errTooMany says that a limit was reached, and how long to wait.
type errTooMany struct{ wait time.Duration }

// Error says what happened.
func (errTooMany) Error() string { return "too many changes" }

// wish is what a visitor asks for.
type wish struct {
	object, takeBack []string       // scopes; what is taken back is taken back first
	ids              []objection.ID // that a page gave, beside those in cookies
	source, campaign string
}

// outcome is what became of it.
type outcome struct {
	identified int  // for how many identifiers it was done, or would have been
	elsewhere  bool // something was taken back, but not for identifiers of which it is not proven that they were objected for here
}

// carryOut does what a visitor asks for: on disk and in force for every identifier first, then in the cookies. An error means that nothing
// was done, neither here nor there.
//
// The cookies depend on what was asked for and on what the request brought, never on what the store held for an identifier that is not
// proven.
func (v *visit) carryOut(w wish) (outcome, error) {
	ids := recognised(append(slices.Clone(v.ids), w.ids...))
	proven := v.proven(ids, v.proofs)
	// Whoever proves nothing takes from the bucket whether or not it is in force already: else an empty bucket would tell.
	if free := len(ids) == 0 || len(proven) == len(ids) && v.already(w.object, w.takeBack, ids, nil); !free {
		if wait := v.limits.page(v.from); wait > 0 {
			return outcome{}, errTooMany{wait}
		}
	}
	chosen := sorted(append(without(v.chosen, w.takeBack), w.object...))
	stands, ids, err := v.store(w, ids, proven)
	if err != nil {
		return outcome{}, err
	}
	elsewhere := len(w.takeBack) > 0 && len(v.proven(ids, v.proofs)) < len(ids)
	proofs := make([]proof, 0, len(ids))
	switch {
	case len(w.object) > 0:
		proven = ids
	case !stands && len(chosen) == 0:
		proven = nil // everything was taken back: there is nothing left to prove
	}
	for _, id := range proven {
		proofs = append(proofs, v.proofOf(id))
	}
	v.setCookies(v.ctx, chosen, proofs)
	return outcome{identified: len(ids), elsewhere: elsewhere}, nil
}

// store puts the change into the store: what is taken back for the proven identifiers, then what is objected to for all. It tells whether
// anything stands for the proven ones after it, and returns the identifiers that were none of the store's taken out.
func (v *visit) store(w wish, ids, proven []objection.ID) (stands bool, used []objection.ID, err error) {
	change := objection.Change{Source: w.source, Site: v.site.ID, Campaign: w.campaign}
	change.Holder.Kind = objection.Role
	if len(ids) == 0 {
		change.Object, change.TakeBack = w.object, w.takeBack
		v.opts.CookieOnly(change)
		return false, nil, nil
	}
	for {
		var acts objection.Acts
		if len(w.takeBack) > 0 && len(proven) > 0 {
			back := change
			back.TakeBack = w.takeBack
			acts.Acts = append(acts.Acts, objection.Act{IDs: proven, Change: back})
		}
		if len(w.object) > 0 && len(ids) > 0 {
			object := change
			object.Object = w.object
			acts.Acts = append(acts.Acts, objection.Act{IDs: ids, Change: object})
		}
		if len(acts.Acts) == 0 {
			return false, ids, nil
		}
		receipts, err := v.act(acts)
		if name, ok := badCookie(err); ok && slices.ContainsFunc(v.ids, func(id objection.ID) bool { return id.Name == name }) {
			// A cookie that only looks like an identifier must not keep a visitor from objecting.
			isBad := func(id objection.ID) bool { return id.Name == name }
			v.ids = slices.DeleteFunc(slices.Clone(v.ids), isBad)
			ids, proven = slices.DeleteFunc(slices.Clone(ids), isBad), slices.DeleteFunc(slices.Clone(proven), isBad)
			continue
		}
		return len(receipts) > 0 && len(receipts[0].InForce) > 0, ids, err
	}
}

// act hands acts to the store, and waits.
func (p *Pages) act(acts objection.Acts) ([]objection.Receipt, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return p.opts.Objector.Act(ctx, acts)
}

// already tells whether everything that is asked for stands as it is wanted, for each of the identifiers and subjects. It is acknowledged by
// the store all the same, which sees to it that what came before is in force.
func (p *Pages) already(object, takeBack []string, ids []objection.ID, subjects []objection.Subject) bool {
	wanted := objection.Change{Object: object, TakeBack: takeBack}
	asWanted := func(ids []objection.ID, subjects []objection.Subject) bool {
		inForce, err := p.opts.Objector.Standing(ids, subjects)
		return err == nil && wanted.Stands(inForce)
	}
	for i := range ids {
		if !asWanted(ids[i:i+1], nil) {
			return false
		}
	}
	for i := range subjects {
		if !asWanted(nil, subjects[i:i+1]) {
			return false
		}
	}
	return true
}

// badCookie returns the name of the identifier that an error says is none.
func badCookie(err error) (string, bool) {
	if fault, ok := errors.AsType[*objection.Fault](err); ok {
		return strings.CutPrefix(fault.What, "ids.")
	}
	return "", false
}
