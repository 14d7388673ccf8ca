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
	kept             bool // an opt-out that is kept is taken back, too: the browser does not send the signal
}

// outcome is what became of it.
type outcome struct {
	identified int // for how many identifiers it was done, or would have been
	// something was taken back, but not for identifiers of which this browser proves no act, or others' acts keep it
	elsewhere bool
}

// carryOut does what a visitor asks for: on disk and in force for every identifier first, then in the cookies. An error
// means that nothing was done, neither here nor there.
//
// The cookies depend on what was asked for and on what the request brought, never on what the store held
// for an identifier that is not proven.
func (v *visit) carryOut(w wish) (outcome, error) {
	ids := v.recognised(append(slices.Clone(v.ids), w.ids...))
	// Whoever proves nothing takes from the bucket whether or not it is in force already: else an empty bucket would tell.
	free := len(ids) == 0 || !w.kept && len(v.proven(ids)) == len(ids) && v.already(w.object, w.takeBack, ids, nil)
	if !free {
		if wait := v.limits.page(v.from); wait > 0 {
			return outcome{}, errTooMany{wait}
		}
	}
	chosen := sorted(append(without(v.chosen, w.takeBack), w.object...))
	d, err := v.store(w, ids)
	if err != nil {
		return outcome{}, err
	}
	v.told = 0 // what was decided was on what came before
	v.setCookies(v.ctx, v.site.cookieAge(), chosen, d.proofs())
	return outcome{identified: len(d.ids), elsewhere: len(w.takeBack) > 0 && v.elsewhere(d, w)}, nil
}

// deed is what is done in the store for a visitor, act by act: each identifier is objected for in the act that the
// browser proves for it, or in a new one, and taken back is what its proofs are of.
type deed struct {
	ids      []objection.ID // without those that the store says are none
	held     [][]proof      // of each, that the browser brought
	made     []proof        // of each, for what it objects to
	acts     objection.Acts
	backs    []objection.Holder // of the first acts, that take back
	receipts []objection.Receipt
}

// store puts the change into the store: first what is taken back, then what is objected to.
func (v *visit) store(w wish, ids []objection.ID) (*deed, error) {
	change := objection.Change{Source: w.source, Site: v.site.ID, Campaign: w.campaign}
	if len(ids) == 0 {
		if len(w.object)+len(w.takeBack) == 0 {
			return &deed{}, nil
		}
		if change.Object, change.TakeBack = v.news(w, v.said); len(change.Object)+len(change.TakeBack) > 0 {
			v.opts.CookieOnly(change)
		}
		return &deed{}, nil
	}
	fresh, err := v.newAct()
	if err != nil {
		return nil, err
	}
	for {
		d := &deed{ids: ids}
		for _, id := range ids {
			d.held = append(d.held, v.proofsFor(v.Pages, id))
		}
		if len(w.takeBack) > 0 {
			change.TakeBack = w.takeBack
			d.takesBack(change)
			change.TakeBack = nil
		}
		if len(w.object) > 0 {
			change.Object = w.object
			d.objects(v.Pages, change, fresh)
			change.Object = nil
		}
		if w.kept && len(ids) > 0 {
			back := change
			back.TakeBack, back.Holder = []string{objection.KeptOptOut}, objection.Holder{Kind: objection.Kept}
			d.acts.Acts = append(d.acts.Acts, objection.Act{IDs: ids, Change: back}) // behind those that receipts are asked of
		}
		if len(d.acts.Acts) == 0 {
			return d, nil
		}
		d.receipts, err = do(v, d.acts)
		left, found := v.withoutBadCookie(err, ids)
		if !found {
			return d, err
		}
		ids = left
	}
}

// withoutBadCookie leaves the identifier out that an error says is none, of the browser's and of some,
// where a cookie holds it: one that only looks like an identifier must not keep a visitor from
// choosing. It says whether there was one.
func (b *browser) withoutBadCookie(err error, ids []objection.ID) (left []objection.ID, found bool) {
	name, ok := badCookie(err)
	isBad := func(id objection.ID) bool { return id.Name == name }
	if !ok || !slices.ContainsFunc(b.ids, isBad) {
		return ids, false
	}
	b.ids = slices.DeleteFunc(slices.Clone(b.ids), isBad)
	return slices.DeleteFunc(slices.Clone(ids), isBad), true
}

// takesBack adds an act for each holder that something is proven of.
func (d *deed) takesBack(change objection.Change) {
	for i, id := range d.ids {
		for _, p := range d.held[i] {
			at := slices.Index(d.backs, p.holder())
			if at < 0 {
				at, d.backs = len(d.backs), append(d.backs, p.holder())
				change.Holder = p.holder()
				d.acts.Acts = append(d.acts.Acts, objection.Act{Change: change})
			}
			d.acts.Acts[at].IDs = append(d.acts.Acts[at].IDs, id)
		}
	}
}

// objects adds an act for each holder that the browser has, or gets.
func (d *deed) objects(p *Pages, change objection.Change, fresh [actSize]byte) {
	first := len(d.acts.Acts)
	for i, id := range d.ids {
		own := p.proofOf(id, fresh)
		for _, held := range d.held[i] {
			if held.holder().Kind == objection.Browser {
				own = held
			}
		}
		d.made = append(d.made, own)
		same := func(a objection.Act) bool { return a.Change.Holder == own.holder() }
		at := slices.IndexFunc(d.acts.Acts[first:], same)
		if at < 0 {
			at = len(d.acts.Acts) - first
			change.Holder = own.holder()
			d.acts.Acts = append(d.acts.Acts, objection.Act{Change: change})
		}
		d.acts.Acts[first+at].IDs = append(d.acts.Acts[first+at].IDs, id)
	}
}

// proofs are what the browser proves now: what it objected to, and what it had proven before but for acts of which
// nothing is left.
func (d *deed) proofs() []proof {
	all := slices.Clone(d.made)
	for _, held := range d.held {
		for _, p := range held {
			if at := slices.Index(d.backs, p.holder()); at < 0 || at < len(d.receipts) && d.receipts[at].Own {
				all = append(all, p)
			}
		}
	}
	return all
}

// elsewhere tells whether something of what was taken back may stand still: by acts that are not this browser's. It
// asks what stands once all that it proves is ended, for an act and what is from before may be of one identifier.
func (v *visit) elsewhere(d *deed, w wish) bool {
	for _, held := range d.held {
		if len(held) == 0 {
			return true
		}
	}
	if len(d.backs) == 0 {
		return false
	}
	stands, err := v.opts.Objector.Standing(d.ids, nil)
	if err != nil {
		return true
	}
	return slices.ContainsFunc(stands, func(scope string) bool {
		return !slices.Contains(w.object, scope) && scope != objection.KeptOptOut &&
			(slices.Contains(w.takeBack, scope) || slices.Contains(w.takeBack, all))
	})
}

// do hands acts to the store, and notes whether all nodes know of them.
func do(v *visit, acts objection.Acts) ([]objection.Receipt, error) {
	receipts, err := v.act(acts)
	v.untold = v.untold || slices.ContainsFunc(receipts, func(r objection.Receipt) bool { return r.Untold })
	return receipts, err
}

// act hands acts to the store, and waits.
func (p *Pages) act(acts objection.Acts) ([]objection.Receipt, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return p.opts.Objector.Act(ctx, acts)
}

// already tells whether everything that is asked for stands as it is wanted, for each of the identifiers and subjects.
// It is acknowledged by the store all the same, which sees to it that what came before is in force.
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
