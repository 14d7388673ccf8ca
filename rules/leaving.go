package rules

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// Classes is a set of classes.
type Classes uint64

// ClassesOf makes a set.
func ClassesOf(list ...hit.Class) (set Classes) {
	for _, c := range list {
		set |= 1 << c
	}
	return set
}

// Has tells whether a class is in the set.
func (s Classes) Has(c hit.Class) bool { return s&(1<<c) != 0 }

// All yields the classes of the set, in their order.
func (s Classes) All(yield func(hit.Class) bool) {
	for c := range hit.NumClasses {
		if s.Has(c) && !yield(c) {
			return
		}
	}
}

// By is by what something leaves.
type By uint8

// By what something leaves: an action is done to a field of a hit or to a header, to the visitor's address, which the
// connection tells, or to a stream that is let through whole; a constant is set by a profile or written by the catalog,
// a vendor is told of choices, and a path goes out as it came in.
const (
	ByAction By = iota
	ByCarry
	ByStream
	BySet
	ByConstant
	ByState
	ByPath
)

// Leaving is something that may leave for a vendor by one of its endpoints.
type Leaving struct {
	// as catalog and policy name it: a path, "header NAME", "path"; "*" in it stands for names that nobody knows
	Field   string
	Classes Classes // what it is, all at once
	// what is done to it; nil of what no action is done to, and where nothing leaves but by another name
	Action *minimise.Action
	By     By
	Around bool             // it belongs to the whole request, not to an event
	Open   Classes          // that it may be of as well, by what a site calls it, or by what it holds
	Own    *minimise.Action // what is done to it where its name says another class than the catalog

	field int32     // the vendor's number of it, or None
	class hit.Class // that the profile has a line for, where it is no field
}

// Line is a line of a profile: its place in the file of profiles is below the profile's id. The zero Line is none: of
// what is kept without being listed, and of what no profile says.
type Line struct {
	Profile string
	At      []string // "classes" and a class; "fields" or "set", a vendor and a name
}

// Constant tells whether nothing of the visitor is in it.
func (l *Leaving) Constant() bool { return l.By == BySet || l.By == ByConstant || l.By == ByState }

// Outflow is all that may leave for a vendor by one of its endpoints, on activities that treat fields alike.
type Outflow struct {
	Recipient  *Recipient
	Endpoint   *catalog.Endpoint
	Activities []*Activity
	Leaving    []Leaving // of what is dropped nothing is listed

	plan *plan
	open []Classes // by the vendor's fields: see [Leaving.Open]
}

// OutflowsOf lists what may leave by a policy: read from the very plans that judging uses, in the order of the
// activities and of the catalog's endpoints. Nothing else leaves.
func OutflowsOf(p *Policy) (all []Outflow) {
	type key struct {
		plan           *plan
		endpoint, told string
		stream         bool
	}
	at, told, open := map[key]int{}, toldFields(p), openings{}
	for _, a := range p.activities {
		for i := range a.Recipient.Catalog.Endpoints {
			e := &a.Recipient.Catalog.Endpoints[i]
			if slices.ContainsFunc(a.refused, func(r *catalog.Endpoint) bool { return r.ID == e.ID }) {
				continue
			}
			tells := told[toldKey{a, e.ID}]
			k := key{a.plan, e.ID, strings.Join(tells, "\n"), a.Basis != basis.LegitimateInterest}
			n, known := at[k]
			if !known {
				n = len(all)
				at[k] = n
				o := Outflow{Recipient: a.Recipient, Endpoint: e, plan: a.plan, open: open.of(a.Recipient.Catalog)}
				o.Leaving = o.leavingOn(a, tells)
				all = append(all, o)
			}
			if of := &all[n]; !slices.Contains(of.Activities, a) {
				of.Activities = append(of.Activities, a)
			}
		}
	}
	return all
}

// leavingOn lists what may leave on an activity.
func (o *Outflow) leavingOn(a *Activity, told []string) (all []Leaving) {
	p, e, fields := o.plan, o.Endpoint, o.Recipient.Catalog.Fields
	for i := range e.Headers {
		h := &e.Headers[i]
		l := Leaving{Field: "header " + h.Name, Classes: classesOf(&fields[h.Field]), By: ByConstant,
			Around: true, field: h.Field}
		if h.Value == "" {
			l.By, l.Action = ByAction, p.byField[h.Field]
		}
		if l.Action != nil || l.By == ByConstant {
			all = append(all, l)
		}
	}
	all = append(all, gpcLeaving())
	for i := e.First; i < e.End; i++ {
		if !slices.ContainsFunc(e.Headers, func(h catalog.HeaderInfo) bool { return h.Field == i }) {
			all = o.fieldLeaving(all, i)
		}
	}
	for i := range e.State {
		l := stateLeaving(&e.State[i])
		if slices.Contains(told, l.Field) && !slices.ContainsFunc(all, func(o Leaving) bool {
			return o.By == ByState && o.Field == l.Field
		}) {
			all = append(all, l)
		}
	}
	if c := e.Carry; c != (catalog.Carry{}) && p.byClass[hit.IP] != nil {
		l := Leaving{Field: c.Field, Classes: ClassesOf(hit.IP), Action: p.byClass[hit.IP], By: ByCarry,
			Around: c.Field == "",
			field:  hit.None, class: hit.IP}
		switch {
		case c.Header != "":
			l.Field = "header " + c.Header
		case c.Query != "":
			l.Field = c.Query
		}
		all = append(all, l)
	}
	if stream := p.byClass[hit.Recording]; e.Kind == catalog.Opaque && stream.Kind() == minimise.Keep &&
		a.Basis != basis.LegitimateInterest {
		all = append(all, Leaving{Field: "body", Classes: ClassesOf(hit.Recording), Action: stream, By: ByStream,
			field: hit.None, class: hit.Recording})
	}
	if !e.Path.Literal() {
		all = append(all, pathLeaving())
	}
	return all
}

// fieldLeaving adds what may leave in a field.
func (o *Outflow) fieldLeaving(all []Leaving, field int32) []Leaving {
	p, f := o.plan, &o.Recipient.Catalog.Fields[field]
	l := Leaving{
		Field: f.Path, Classes: classesOf(f), Action: p.byField[field], Around: field >= o.Endpoint.Around,
		Open:  o.open[field],
		field: field,
	}
	if c := p.setOf[field]; c != hit.None {
		all = append(all, Leaving{Field: f.Path, Classes: l.Classes, By: BySet, Around: l.Around, field: field})
		if !f.Opens() {
			return all // the constant stands in place of every value
		}
	}
	if l.Own = l.Action; l.Own == nil {
		return all
	}
	if as := f.As(); as != hit.Unknown && f.Class != hit.Container { // but where its name says otherwise
		l.Classes |= ClassesOf(as)
		l.Action = minimise.Both(l.Action, p.byClass[as])
	}
	return append(all, l)
}

// classesOf is what a field is: what the catalog says, and what its name does where a policy alone knows it.
func classesOf(f *catalog.FieldInfo) Classes {
	set := ClassesOf(append([]hit.Class{f.Class}, f.Also...)...)
	if f.Says != hit.Unknown {
		set |= ClassesOf(f.Says)
	}
	return set
}

// As is what becomes of something where its name, or what it holds, says that it is of a class as well; nil where
// nothing is left, or no name says so.
func (o *Outflow) As(l *Leaving, class hit.Class) *minimise.Action {
	if !l.Open.Has(class) || l.Own == nil || l.Classes.Has(class) && l.Action != nil {
		return nil
	}
	if by := o.plan.byClass[class]; by != nil {
		return minimise.Both(l.Own, by)
	}
	return nil
}

// Could lists what would leave by the endpoint if a profile kept everything.
func (o *Outflow) Could() (all []Leaving) {
	e, fields := o.Endpoint, o.Recipient.Catalog.Fields
	var kept [hit.NumClasses]*minimise.Action
	keep := func(l Leaving, class hit.Class) {
		if kept[class] == nil {
			action, err := minimise.Compile(minimise.Spec{Kind: minimise.Keep}, class)
			if err != nil {
				return
			}
			kept[class] = action
		}
		l.Action, l.Own = kept[class], kept[class]
		all = append(all, l)
	}
	for i := range e.Headers {
		f := &fields[e.Headers[i].Field]
		keep(Leaving{Field: "header " + e.Headers[i].Name, Classes: classesOf(f), Around: true}, f.Class)
	}
	for i := e.First; i < e.End; i++ {
		f := &fields[i]
		classes := classesOf(f)
		if f.As() != hit.Unknown {
			classes |= ClassesOf(f.As())
		}
		keep(Leaving{Field: f.Path, Classes: classes, Around: i >= e.Around, Open: o.open[i]}, f.Class)
	}
	all = append(all, gpcLeaving())
	for i := range e.State {
		all = append(all, stateLeaving(&e.State[i]))
	}
	if e.Carry != (catalog.Carry{}) {
		keep(Leaving{Field: cmp.Or(e.Carry.Field, e.Carry.Query, "header "+e.Carry.Header), Classes: ClassesOf(hit.IP),
			By: ByCarry}, hit.IP)
	}
	if e.Kind == catalog.Opaque {
		keep(Leaving{Field: "body", Classes: ClassesOf(hit.Recording), By: ByStream}, hit.Recording)
	}
	if !e.Path.Literal() {
		all = append(all, pathLeaving())
	}
	return all
}

// pathLeaving is a path that goes out as it came in: in place of a variable stands a key or a version.
func pathLeaving() Leaving {
	return Leaving{Field: "path", Classes: ClassesOf(hit.Account, hit.Technical), By: ByPath, Around: true}
}

// gpcLeaving is a signal of the visitor's browser, which every vendor is told.
func gpcLeaving() Leaving {
	return Leaving{Field: "header Sec-GPC", Classes: ClassesOf(hit.ConsentSignal), By: ByConstant, Around: true}
}

// stateLeaving is a field in which a vendor is told of choices.
func stateLeaving(of *catalog.Statement) Leaving {
	return Leaving{Field: of.Name, Classes: ClassesOf(hit.ConsentSignal), By: ByState, Around: of.Place != catalog.InEvent}
}

// EndpointsOf lists all endpoints of all vendors of a policy, as ways by which something could leave: nothing does by
// them that [OutflowsOf] does not list.
func EndpointsOf(p *Policy) (all []Outflow) {
	open := openings{}
	for _, r := range p.recipients {
		for i := range r.Catalog.Endpoints {
			e := &r.Catalog.Endpoints[i]
			if !slices.ContainsFunc(all, func(o Outflow) bool { return o.Recipient == r && o.Endpoint.ID == e.ID }) {
				all = append(all, Outflow{Recipient: r, Endpoint: e, open: open.of(r.Catalog)})
			}
		}
	}
	return all
}

// Line is the line of the profile that lets something through.
func (o *Outflow) Line(l *Leaving) Line {
	p, fields := o.plan, o.Recipient.Catalog.Fields
	switch {
	case l.By == BySet:
		return Line{p.profile, []string{"set", o.Recipient.ID, l.Field}}
	case l.Action == nil:
		return Line{}
	case l.field == hit.None:
		return p.classLine(l.class)
	case p.fieldLines[l.field] != "":
		return Line{p.profile, []string{"fields", o.Recipient.ID, fields[l.field].Path}}
	default:
		return p.classLine(fields[l.field].Class)
	}
}

// LineAs is the line that lets such a value through: the class's, where that is what is done to it.
func (o *Outflow) LineAs(l *Leaving, class hit.Class) Line {
	if o.As(l, class) == l.Own {
		return o.Line(l)
	}
	return o.plan.classLine(class)
}

// Passes lists the classes of which anything is left where a field is of them and no line names it.
func (o *Outflow) Passes() (set Classes) {
	for class, action := range o.plan.byClass {
		if action != nil {
			set |= 1 << class
		}
	}
	return set
}

// toldKey is what a vendor is told something by.
type toldKey struct {
	activity *Activity
	endpoint string
}

// toldFields lists the fields in which a vendor is told of choices, from any site.
func toldFields(p *Policy) map[toldKey][]string {
	all := map[toldKey][]string{}
	for _, s := range p.ids {
		for _, r := range s.all {
			for i, told := range r.told {
				k := toldKey{r.ladder[i], r.Endpoint.ID}
				for at := range told.says {
					if name := told.says[at].name; !slices.Contains(all[k], name) {
						all[k] = append(all[k], name)
					}
				}
			}
		}
	}
	return all
}

// classLine is the line of the profile that a class goes by.
func (p *plan) classLine(class hit.Class) Line {
	if class.KeptByDefault() && p.classLines[class] == byDefault {
		return Line{}
	}
	return Line{p.profile, []string{"classes", class.String()}}
}
