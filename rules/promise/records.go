package promise

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// Untold says of a record that it does not hold what would tell whether a promise was kept.
const Untold State = "untold"

// Recorded is what the record of an event that was permitted says of what left with it, and whence it came.
type Recorded struct {
	Site     string
	Region   rules.Region
	Endpoint string
	Activity *rules.Activity
	Event    string // "" where it has none
	Scrubbed bool   // that name is not the whole of what it was called

	Kept, Changed []string // fields, as catalog and policy name them; "*" is what neither knows
	Shapeless     bool     // which fields left is not known
}

// Held is how a record stands to a promise.
type Held struct {
	State State // Kept, Broken or Untold
	Field string
	Class string
	Does  string // what was done to it: "kept" as it came, or as the profile says
}

// Records holds records of events against promises, as far as they say: which fields left, and not what they were
// called within, nor what else of a request did. Where every way in which a record may be meant breaks a promise it is
// broken, where none does it is kept; else it is untold.
type Records struct {
	where Where
	flows []rules.Outflow
	by    map[recordedBy]*recordedFlow
}

// recordedBy is by what something left.
type recordedBy struct {
	activity *rules.Activity
	endpoint string
}

// NewRecords makes ready to hold records that were made under a policy.
func NewRecords(p *rules.Policy, where Where) *Records {
	return &Records{where: where, flows: rules.OutflowsOf(p), by: map[recordedBy]*recordedFlow{}}
}

// recordedFlow is what may leave by an endpoint on an activity, as records name it.
type recordedFlow struct {
	*rules.Outflow
	fields map[string][]leaves // by name: what it may have been when it left
	beside []leaves            // what may leave, and no record says
	could  map[string]leaves   // every field of the endpoint, as if it were kept
	paths  map[string]bool
	holds  []string // fields that hold others, which records name as they are called within
}

// flow is by what a record says that something left; nil where the policy knows nothing of the kind.
func (r *Records) flow(of *Recorded) *recordedFlow {
	key := recordedBy{of.Activity, of.Endpoint}
	f, known := r.by[key]
	if known {
		return f
	}
	at := slices.IndexFunc(r.flows, func(o rules.Outflow) bool {
		return o.Endpoint.ID == of.Endpoint && slices.Contains(o.Activities, of.Activity)
	})
	if at >= 0 {
		f = newRecordedFlow(&r.flows[at])
	}
	r.by[key] = f
	return f
}

func newRecordedFlow(o *rules.Outflow) *recordedFlow {
	f := &recordedFlow{Outflow: o, fields: map[string][]leaves{}, could: map[string]leaves{}, paths: map[string]bool{}}
	for i := range o.Leaving {
		l := &o.Leaving[i]
		if !inRecords(l) {
			f.beside = append(f.beside, asItIs(l))
		}
		if l.By == rules.ByPath || l.By == rules.ByStream || strings.HasPrefix(l.Field, "header ") {
			continue // no field is called so
		}
		add := func(one leaves) {
			f.fields[l.Field] = append(append(f.fields[l.Field], one), one.parts()...)
		}
		if l.Action != nil || l.Constant() {
			add(asItIs(l))
		}
		for c := range l.Open.All {
			if action := o.As(l, c); action != nil {
				add(calledSo(l, c, action))
			}
		}
	}
	for i := o.Endpoint.First; i < o.Endpoint.End; i++ {
		if field := &o.Recipient.Catalog.Fields[i]; field.Class == hit.Container || len(field.Open) > 0 {
			f.holds = append(f.holds, field.Path)
		}
	}
	could := o.Could()
	for i := range could {
		l := &could[i]
		f.paths[l.Field] = true
		if one := asItIs(l); inRecords(l) {
			if was, twice := f.could[l.Field]; twice {
				one.classes |= was.classes
			}
			f.could[l.Field] = one
		}
	}
	return f
}

// inRecords tells whether records surely name something among the fields that left: they do so of query and body, and
// not of headers, the path and streams. Statements and addresses may stand in the
// place of a field, which is named then.
func inRecords(l *rules.Leaving) bool {
	return !strings.HasPrefix(l.Field, "header ") && (l.By == rules.ByAction || l.By == rules.BySet)
}

// Hold holds a record against promises, each by itself.
func (r *Records) Hold(promises []Promise, of *Recorded) []Held {
	all := make([]Held, len(promises))
	f, places := r.flow(of), r.where(of.Activity)
	for i := range promises {
		all[i] = promises[i].hold(of, f, places)
	}
	return all
}

// hold holds a record against one.
func (p *Promise) hold(of *Recorded, f *recordedFlow, places []Place) Held {
	event, excepted := p.Never.speaks(of), no
	if len(p.Never.Sites) > 0 && !slices.Contains(p.Never.Sites, of.Site) || !mayBeIn(of.Region, p.Never.Regions) ||
		!p.Never.mayBe(of.Activity, places) || event == no {
		return Held{State: Kept}
	}
	if u := p.Unless; u != nil {
		excepted = u.speaks(of)
		if !u.surelyIs(of.Activity, places) || len(u.Sites) > 0 && !slices.Contains(u.Sites, of.Site) ||
			!surelyIn(of.Region, u.Regions) {
			excepted = no
		}
	}
	if f == nil || of.Shapeless {
		return Held{State: Untold}
	}
	held := Held{State: Kept}
	take := func(of *Held) (done bool) {
		if of.State == Broken || of.State == Untold && held.State == Kept {
			held = *of
		}
		return held.State == Broken
	}
	ask := asked{p, f, event, excepted}
	for i, list := range [][]string{of.Kept, of.Changed} {
		for _, field := range list {
			if one := ask.field(field, i == 0); take(&one) {
				return held
			}
		}
	}
	for i := range f.beside {
		if l := &f.beside[i]; l.reaches() && ask.of(l) != no {
			take(&Held{State: Untold, Field: l.Field, Class: classOf(p, l).String()})
		}
	}
	return held
}

// answer is what a record says of a question.
type answer uint8

const (
	no answer = iota
	perhaps
	sure
)

// and is what two answers come to together, and not what one does that excepts what the other says.
func (a answer) and(b answer) answer { return min(a, b) }
func (a answer) not() answer         { return sure - a }

// speaks tells whether what a condition says of events holds of the one of a record.
func (c *Condition) speaks(of *Recorded) answer {
	switch {
	case c.Events.IsEmpty() || c.Events.Has(""): // all of them
		return sure
	case of.Scrubbed:
		return perhaps
	case c.Events.Has(of.Event):
		return sure
	default:
		return no
	}
}

// asked is what is asked of each field of a record.
type asked struct {
	*Promise
	flow            *recordedFlow
	event, excepted answer // what is to be said of the event, whatever left
}

// field says what a field that left, as it came or not, comes to.
func (a asked) field(name string, kept bool) Held {
	ways := a.flow.fields[name]
	if len(ways) == 0 {
		return a.outside(name, kept)
	}
	held, some, all := Held{State: Kept}, false, true
	for i := range ways {
		l := &ways[i]
		switch is := a.of(l); {
		case !l.reaches(), is == no: // of what is replaced nothing does; what was empty is kept then
			all = false
		default:
			all = all && is == sure
			if !some || l.obscure == 0 {
				held.Field, held.Class, held.Does = name, classOf(a.Promise, l).String(), does(l)
			}
			some = true
		}
	}
	switch {
	case some && all:
		held.State = Broken
	case some:
		held.State = Untold
	}
	return held
}

// outside says it of a field that left though the profile drops it, or the endpoint knows none of that name.
func (a asked) outside(name string, kept bool) Held {
	l, known := a.flow.could[name]
	if !known {
		if !a.Never.saysOfFields() && (a.Unless == nil || !a.Unless.saysOfFields()) && a.event.and(a.excepted.not()) == sure {
			return Held{State: Broken, Field: name, Does: "keep"}
		}
		return Held{State: Untold, Field: name}
	}
	is, does := a.of(&l), "keep"
	if !kept { // what was made of it nobody knows: it may be less than is left of it as it came
		does = "changed"
		if is == sure && (a.Never.LooserThan != nil || a.Unless != nil && a.Unless.LooserThan != nil) {
			is = perhaps
		}
	}
	switch {
	case is == no && (kept || a.Unless == nil || a.Unless.LooserThan == nil) && a.of(anyOfIt(l)) == no:
		return Held{State: Kept}
	case is == sure:
		return Held{State: Broken, Field: name, Class: classOf(a.Promise, &l).String(), Does: does}
	default:
		return Held{State: Untold, Field: name, Class: classOf(a.Promise, &l).String(), Does: does}
	}
}

// anyOfIt is something that is of all classes at once that it may be of.
func anyOfIt(l leaves) *leaves {
	l.classes |= l.Open
	return &l
}

// of tells whether something that left breaks the promise.
func (a asked) of(l *leaves) answer {
	is := a.Never.covering(l, a.flow).and(a.event)
	if is == no || a.Unless == nil {
		return is
	}
	return is.and(a.excepted.and(a.Unless.covering(l, a.flow).and(a.Unless.only(l))).not())
}

// covering tells whether what a condition says of fields holds of something that left.
func (c *Condition) covering(l *leaves, f *recordedFlow) answer {
	named := *c
	if named.Fields = nil; !named.mayCover(l, f.paths) {
		return no
	}
	if len(c.Fields) == 0 {
		return sure
	}
	is := no
	for _, name := range c.Fields {
		switch {
		case isUnder(name, l.Field):
			return sure
		case covers(l.Field, name, f.paths), // it may stand for a field of such a name
			slices.ContainsFunc(f.holds, func(field string) bool { return isUnder(name, field) || isUnder(field, name) }):
			// or within one
			is = perhaps
		}
	}
	return is
}

// only tells whether something is of classes of the condition alone.
func (c *Condition) only(l *leaves) answer {
	if c.Classes != 0 && l.classes&^c.Classes != 0 {
		return no
	}
	return sure
}

// does is what is done to something, as [Counter.Does] says it.
func does(l *leaves) string {
	if l.action == nil {
		return (&Counter{By: l.By}).Does()
	}
	return (&Counter{By: rules.ByAction, Action: l.action}).Does()
}
