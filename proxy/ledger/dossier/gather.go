package dossier

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/ledger/words"
)

// gathering is a report that is being made.
type gathering struct {
	report *Report
	names  Names
	uses   map[useKey]*use
	denied map[deniedKey]*Denied
	events []query.Event
	of     map[query.Event]*use
	queued map[query.Event]bool
	first  uint64 // number of the first event
	about  int    // records
}

type useKey struct{ site, vendor, activity, basis, assessment string }

type deniedKey struct{ site, vendor, reason string }

// use is a Use, with its fields as sets.
type use struct {
	Use
	kept, changed, dropped map[string]bool
}

// Gather asks a ledger about a person: by the hashes that its records have, and by those alone. What
// is wrong with them is a [*query.Fault].
func Gather(ctx context.Context, l *query.Ledger, asked Asked, names Names) (*Report, error) {
	g := &gathering{
		report: &Report{Asked: asked, Choices: []Choice{}, Acts: []Act{}, Readings: []Reading{}, Erased: []Erasure{}},
		names:  names,
		uses:   map[useKey]*use{}, denied: map[deniedKey]*Denied{}, of: map[query.Event]*use{},
		queued: map[query.Event]bool{},
	}
	q := (&query.Question{Reading: asked.Reading}).And(query.Subject, asked.Subjects...)
	tally, err := l.Ask(ctx, q, func(f *query.Found) bool { g.take(f); return true })
	if err != nil {
		return nil, err
	}
	g.report.Log = Log{Records: tally.Records, About: g.about, From: g.report.Log.From, Damaged: tally.Damaged}
	told, err := l.Outcomes(ctx, g.first, g.events)
	if err != nil {
		return nil, err
	}
	for _, event := range g.events {
		g.end(event, told[event])
	}
	if err := g.gone(ctx, l); err != nil {
		return nil, err
	}
	g.finish()
	return g.report, nil
}

// take adds a record. What the person asked for counts whenever that was: it may be in force.
func (g *gathering) take(f *query.Found) {
	said := gjson.ParseBytes(f.Record)
	at, kind := said.Get("time").Time(), said.Get("kind").Str
	asked := &g.report.Asked
	if kind == ledger.KindEvent && (at.Before(asked.Since) || !asked.Until.IsZero() && !at.Before(asked.Until)) {
		return
	}
	g.about++
	g.from(at)
	switch kind {
	case ledger.KindEvent:
		g.event(f, said, at)
	case ledger.KindChoice:
		choice := Choice{
			Number: f.Number, At: at, Chosen: said.Get("chosen").Time(), Site: text(said, "site"),
			Granted: list(said, "granted"),
			Refused: list(said, "refused"), Text: text(said, "text"), TextKept: said.Get("text_kept").Bool(),
			Version:  text(said, "version"),
			Platform: text(said, "platform"), Vouched: said.Get("vouched").Bool(), By: text(said, "by"),
		}
		choice.Says = choice.inWords()
		g.report.Choices = append(g.report.Choices, choice)
	case ledger.KindReading:
		read := Reading{Number: f.Number, At: at, By: text(said, "by"), Verb: text(said, "verb"),
			Through: text(said, "through")}
		read.Says = read.inWords()
		g.report.Readings = append(g.report.Readings, read)
	default:
		act := Act{
			Number: f.Number, Kind: strings.Clone(kind), At: at, Scopes: list(said, "scopes"),
			Restriction: said.Get("restriction").Bool(),
			Site:        text(said, "site"), Source: text(said, "source"), By: text(said, "by"), Because: text(said, "because"),
			Stands: list(said, "stands"), Until: said.Get("until").Time(),
		}
		if kind == ledger.KindDecided {
			act.Scopes, act.By = list(said, "purposes"), text(said, "decided_by")
		}
		act.Says = g.saysAct(&act)
		g.report.Acts = append(g.report.Acts, act)
	}
}

func text(said gjson.Result, name string) string { return strings.Clone(said.Get(name).String()) }

func list(said gjson.Result, name string) (all []string) {
	for _, one := range said.Get(name).Array() {
		all = append(all, strings.Clone(one.String()))
	}
	return all
}

// event adds an event.
func (g *gathering) event(f *query.Found, said gjson.Result, at time.Time) {
	site, vendor := text(said, "site"), text(said, "vendor")
	if said.Get("decision").Str != "permit" {
		key := deniedKey{site, vendor, text(said, "reason")}
		d := g.denied[key]
		if d == nil {
			d = &Denied{Site: site, Vendor: vendor, Reason: key.reason, Why: reason(key.reason), First: at}
			g.denied[key] = d
		}
		d.Events, d.Last = d.Events+1, at
		return
	}
	key := useKey{site, vendor, text(said, "activity"), text(said, "basis"), text(said, "assessment")}
	u := g.uses[key]
	if u == nil {
		u = &use{kept: map[string]bool{}, changed: map[string]bool{}, dropped: map[string]bool{}}
		u.Use = Use{Site: site, Vendor: vendor, Activity: key.activity, Basis: key.basis,
			Assessment: key.assessment, First: at,
			Names: map[string]int{}}
		g.uses[key] = u
	}
	u.Events, u.Last = u.Events+1, at
	u.Names[text(said, "name")]++
	if said.Get("decided").Exists() {
		u.Despite++
	}
	if s := f.Shape; s != nil {
		add(u.kept, s.Kept)
		add(u.changed, s.Changed)
		add(u.dropped, s.Dropped)
	}
	event := query.Event{Hit: said.Get("hit").Uint(), Index: uint32(said.Get("event").Uint())}
	if len(g.events) == 0 {
		g.first = f.Number
	}
	g.events = append(g.events, event)
	g.of[event], g.queued[event] = u, said.Get("queued").Bool()
}

func add(to map[string]bool, names []string) {
	for _, name := range names {
		to[name] = true
	}
}

// end counts what became of an event.
func (g *gathering) end(event query.Event, told []query.Outcome) {
	o := &g.of[event].Outcomes
	last := ""
	if len(told) > 0 {
		last = told[len(told)-1].Outcome
	}
	switch {
	case last == ledger.Delivered:
		o.Delivered++
	case last == ledger.Dropped:
		o.Dropped++
	case last == ledger.HandedOver:
		o.HandedOver++
	case last == ledger.Deferred, last == ledger.Parked, last == "" && g.queued[event]:
		o.Waiting++
	default:
		o.Unknown++
	}
}

// gone adds what is not in the log any more, and when keys were replaced that subjects are hashed with.
func (g *gathering) gone(ctx context.Context, l *query.Ledger) error {
	kinds := []string{ledger.KindRetention, ledger.KindKey, ledger.KindSetAside}
	for _, kind := range []string{"erasure", "erased"} {
		if slices.Contains(query.Kinds(), kind) {
			kinds = append(kinds, kind)
		}
	}
	q := (&query.Question{}).And("kind", kinds...)
	shredded := time.Time{}
	_, err := l.Ask(ctx, q, func(f *query.Found) bool {
		said := gjson.ParseBytes(f.Record)
		at := said.Get("time").Time()
		if said.Get("kind").Str == ledger.KindKey {
			if says := said.Get("text").Str; strings.HasPrefix(says, "rotated") &&
				strings.Contains(says, "ledger subjects shredded") {
				shredded = at
			}
			return true
		}
		g.report.Erased = append(g.report.Erased, Erasure{f.Number, at, saysGone(said, words.Line(f.Record, words.Names{}))})
		return true
	})
	g.report.Limits = limits(shredded, g.report.Asked.Nobody)
	return err
}

// finish puts what was gathered in order.
func (g *gathering) finish() {
	g.report.Uses, g.report.Denied = []Use{}, []Denied{}
	for _, u := range g.uses {
		u.Kept, u.Changed, u.Dropped = slices.Sorted(maps.Keys(u.kept)), slices.Sorted(maps.Keys(u.changed)),
			slices.Sorted(maps.Keys(u.dropped))
		u.Purposes, u.Titles = []string{}, []string{}
		for purpose, activities := range g.names.Carried {
			if slices.Contains(activities, u.Activity) {
				u.Purposes = append(u.Purposes, purpose)
			}
		}
		slices.Sort(u.Purposes)
		for _, purpose := range u.Purposes {
			u.Titles = append(u.Titles, cmp.Or(g.names.Titles[purpose], purpose))
		}
		g.report.Uses = append(g.report.Uses, u.Use)
	}
	slices.SortFunc(g.report.Uses, func(a, b Use) int {
		return cmp.Or(cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Activity, b.Activity), cmp.Compare(a.Site, b.Site),
			cmp.Compare(a.Basis, b.Basis), cmp.Compare(a.Assessment, b.Assessment))
	})
	for _, d := range g.denied {
		g.report.Denied = append(g.report.Denied, *d)
	}
	slices.SortFunc(g.report.Denied, func(a, b Denied) int {
		return cmp.Or(cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Site, b.Site))
	})
	g.told()
}

// from notes since when there are records about the person.
func (g *gathering) from(at time.Time) {
	if from := &g.report.Log.From; from.IsZero() || at.Before(*from) {
		*from = at
	}
}
