package recompute

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// Promises is what a policy promises.
type Promises struct {
	All    []Promise
	Places map[string][]promise.Place // by activity: where the vendor's machines stand, as far as somebody says it
}

// Promise is a promise with its words.
type Promise struct {
	promise.Promise
	Says   string
	Same   string // by what one knows it again in another policy
	Signed string // digest of what an approver signs of it, hexadecimal
}

// Bounds of what is remembered of promises.
const (
	mostCombined = 50_000 // ways in which events travelled
	mostSpans    = 100    // in which one promise was in force
)

// promises is what policies promised, and how records stand to it.
type promises struct {
	current  string // digest of the policy in force; "" where nobody knows it yet
	rows     map[string]*HeldPromise
	order    []string
	signed   map[string]Signature // by id and digest of what was signed
	combined map[combination]*combined
	beyond   combined // events that are not remembered one way by one
	unknown  uint64   // events of policies that are not known
}

func newPromises() promises {
	return promises{rows: map[string]*HeldPromise{}, signed: map[string]Signature{}, combined: map[combination]*combined{}}
}

// combination is all that matters of an event for promises.
type combination struct {
	place    string // policy, site, vendor, endpoint, region
	activity string
	name     string
	shape    *shape
}

// combined are events that are alike in it.
type combined struct {
	digest string
	of     promise.Recorded // but for the activity
	id     string           // the activity's
	count  uint64
	first  uint64    // number of the first record
	at     time.Time // of it
	own    []promise.Held
	breaks bool
}

// promising is a walk as what holds events against promises.
type promising struct{ *walk }

// inForce notes that a policy is in force from the record on that is read.
func (w promising) inForce(digest string) {
	p := &w.promises
	if w.opts.Promises == nil || digest == "" || digest == p.current {
		return
	}
	orBefore := p.current == "" && w.first > 0
	p.current = strings.Clone(digest)
	held := map[string]bool{}
	for _, of := range w.promisesOf(digest).All {
		held[of.Same] = true
		row := p.rows[of.Same]
		if row == nil {
			row = &HeldPromise{ID: of.ID, InForce: []InForce{}}
			p.rows[of.Same], p.order = row, append(p.order, of.Same)
		}
		row.Says, row.digest = of.Says, of.Signed
		switch n := len(row.InForce); {
		case n == 0 || row.InForce[n-1].UntilRecord != 0 && n < mostSpans:
			row.InForce = append(row.InForce, InForce{Since: w.line.at, Record: w.line.number, OrBefore: orBefore})
		case row.InForce[n-1].UntilRecord != 0: // it comes and goes
			row.InForce[n-1].Until, row.InForce[n-1].UntilRecord = time.Time{}, 0
		}
	}
	for same, row := range p.rows {
		if n := len(row.InForce); !held[same] && n > 0 && row.InForce[n-1].UntilRecord == 0 {
			row.InForce[n-1].Until, row.InForce[n-1].UntilRecord = w.line.at, w.line.number
		}
	}
}

// promisesOf is what the policy of a digest promises; nothing where it is not known.
func (w promising) promisesOf(digest string) Promises {
	if w.opts.Promises == nil || w.judged.policy(digest).Policy == nil {
		return Promises{}
	}
	return w.opts.Promises(digest)
}

// named notes that a record names a policy: where none says which was in force, it is that.
func (w promising) named(digest string) {
	if w.promises.current == "" {
		w.inForce(digest)
	}
}

// sign notes which promises came into force that an approver signed.
func (p *promises) sign(l *line) {
	said := lineOf(l)
	of := Signature{
		Version: int(said.Get("promises_version").Int()), At: said.Get("approved").Time().UTC(),
		By: strings.Clone(said.Get("key").Str),
	}
	each(said.Get("promises"), func(item gjson.Result) { p.signed[strings.Clone(item.Str)] = of })
}

// promised holds an event that was permitted against the promises that were in force for it: those of the policy that
// decided.
func (w promising) promised(e *event, r *rungs, c *carrier) {
	if w.opts.Promises == nil {
		return
	}
	if r.policy.Policy == nil {
		w.promises.unknown++
		return
	}
	key := combination{place: r.where(), activity: e.Activity, name: e.Name, shape: w.judged.shapes[e.shape]}
	of := w.promises.combined[key]
	if of == nil {
		of = w.combine(&key, e, r, c)
	}
	of.count++
	if !of.breaks {
		return
	}
	promised := w.opts.Promises(r.digest).All
	for i := range of.own {
		if held := &of.own[i]; held.State == promise.Broken {
			w.breach(e, &promised[i], held)
		}
	}
}

// where is all that rungs say of whence an event came, and whither it went.
func (r *rungs) where() string {
	if r.place == "" {
		r.place = strings.Join([]string{r.digest, r.of.Site, r.of.Vendor, r.of.Endpoint, r.of.Region}, "\n")
	}
	return r.place
}

// combine holds the first event of a combination against its policy's promises, and remembers what that came to. There
// is a bound to that: of further ones it is added up at once.
func (w promising) combine(key *combination, e *event, r *rungs, c *carrier) *combined {
	p := &w.promises
	of := &combined{
		digest: r.digest, id: strings.Clone(e.Activity), first: w.line.number, at: w.line.at,
		of: promise.Recorded{
			Site: r.of.Site, Region: c.region, Endpoint: r.of.Endpoint, Event: strings.Clone(e.Name),
			Scrubbed:  !rules.NameIsWhole(e.Name),
			Shapeless: key.shape == nil,
		},
	}
	if s := key.shape; s != nil {
		of.of.Kept, of.of.Changed = s.leaves[:s.kept], s.leaves[s.kept:]
	}
	of.own = w.hold(of, r.policy, w.opts.Promises(r.digest).All)
	of.breaks = slices.ContainsFunc(of.own, func(h promise.Held) bool { return h.State == promise.Broken })
	if len(p.combined) >= w.opts.combined {
		of.count++
		w.addUp(of)
		of.count--
		p.beyond.count++
		return of
	}
	key.activity, key.name = of.id, of.of.Event
	p.combined[*key] = of
	return of
}

// hold holds events against promises, of their own policy or another.
func (w promising) hold(of *combined, policy *policy, promised []Promise) []promise.Held {
	if len(promised) == 0 {
		return nil
	}
	if policy.records == nil {
		places := w.opts.Promises(of.digest).Places
		policy.records = promise.NewRecords(policy.Policy, func(a *rules.Activity) []promise.Place { return places[a.ID] })
	}
	all := make([]promise.Promise, len(promised))
	for i := range promised {
		all[i] = promised[i].Promise
	}
	activities := policy.Activities()
	at := slices.IndexFunc(activities, func(a *rules.Activity) bool { return a.ID == of.id })
	if at < 0 {
		return slices.Repeat([]promise.Held{{State: promise.Untold}}, len(promised))
	}
	recorded := of.of
	recorded.Activity = activities[at]
	return policy.records.Hold(all, &recorded)
}

// breach says that an event broke a promise.
func (w promising) breach(e *event, of *Promise, held *promise.Held) {
	done := held.Does
	if done == "keep" {
		done = "as it came"
	}
	f := w.of(e, PromiseBroken, fmt.Sprintf("%q (%s) left on %s with %s, %s, and promise %s says: %s", held.Field,
		held.Class, e.Activity,
		promise.EventWords(e.Name), done, of.ID, of.Says))
	f.Promise = &Breach{
		ID: of.ID, Says: of.Says, Activity: strings.Clone(e.Activity), Name: strings.Clone(e.Name), Field: held.Field,
		Class:  held.Class,
		Action: held.Does,
	}
	w.found(f)
}

// addUp adds events to what is said of the promises of their policy.
func (w promising) addUp(of *combined) {
	for i, promised := range w.opts.Promises(of.digest).All {
		row := w.promises.rows[promised.Same]
		if row == nil { // its policy was never said to be in force
			row = &HeldPromise{ID: promised.ID, Says: promised.Says, digest: promised.Signed, InForce: []InForce{}}
			w.promises.rows[promised.Same], w.promises.order = row, append(w.promises.order, promised.Same)
		}
		row.add(of.own[i].State, of.count)
	}
}

// promised says how records stand to promises: of each policy's own, and to those
// of the newest what was recorded before.
func (w closing) promised() {
	p := &w.promises
	if w.opts.Promises == nil {
		w.report.unsaid("whether promises were kept: no policies were given")
		return
	}
	if p.unknown > 0 {
		w.report.unsaid("whether promises were kept by %s: the policy that decided them is not known",
			plural.Of(p.unknown, "event"))
	}
	by := map[string][]*combined{}
	for _, of := range p.combined {
		promising(w).addUp(of)
		by[of.digest] = append(by[of.digest], of)
	}
	newest := promising(w).promisesOf(p.current).All
	for digest, all := range by {
		w.before(digest, all, newest)
	}
	for _, same := range p.order {
		row := p.rows[same]
		if of, is := p.signed[row.ID+" "+row.digest]; is {
			row.Signed = &of
		}
		if row.Before != nil {
			row.Before.Untold += p.unknown + p.beyond.count
		}
		w.report.Promises = append(w.report.Promises, *row)
	}
}

// before holds events that were decided under a policy against those of the newest promises that it did not make.
func (w closing) before(digest string, all []*combined, newest []Promise) {
	own := w.opts.Promises(digest).All
	later := slices.DeleteFunc(slices.Clone(newest), func(n Promise) bool {
		return slices.ContainsFunc(own, func(o Promise) bool { return o.Same == n.Same })
	})
	if len(later) == 0 {
		return
	}
	_, known := w.judged.policies[digest]
	policy := w.judged.policy(digest)
	if !known { // it was forgotten, since there are many
		delete(w.judged.policies, digest)
	}
	if policy.Policy == nil {
		return
	}
	for _, of := range all {
		for i, held := range promising(w).hold(of, policy, later) {
			row := w.promises.rows[later[i].Same]
			if row.Before == nil {
				row.Before = &Before{}
			}
			row.Before.add(held.State, of.count)
			if b := row.Before; held.State == promise.Broken && (b.At.IsZero() || of.first < b.Record) {
				b.Record, b.At, b.Activity, b.Field, b.Class = of.first, of.at, of.id, held.Field, held.Class
			}
		}
	}
}
