package promise

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// flow is what may leave by an endpoint on some activities; or, where nothing says on which, what could.
type flow struct {
	*rules.Outflow
	from  []*rules.Site // whence hits get there
	kinds []leaves      // one of each kind, the plainest: as promises see them that name no fields, others are the same
	as    func(l *rules.Leaving, class hit.Class) *minimise.Action
	open  rules.Classes // which of these classes anything is let through of
	paths *paths
}

// kindOf is what promises that name no fields see of something that leaves.
type kindOf struct {
	classes  rules.Classes
	action   *minimise.Action
	constant bool
	path     bool
}

// openAs is by what it is decided how something is treated that is called otherwise.
type openAs struct {
	classes, open rules.Classes
	own           *minimise.Action
	star          bool
}

// newFlow gathers what leaves of what is listed, where as is what becomes of something of one more class, of those of
// which anything is let through.
func newFlow(p *rules.Policy, o *rules.Outflow, leaving []rules.Leaving, open rules.Classes,
	as func(l *rules.Leaving, class hit.Class) *minimise.Action) flow {
	f := flow{Outflow: o, as: as, open: open}
	for _, s := range p.Sites() {
		if s.Leads(o.Recipient, o.Endpoint.ID) {
			f.from = append(f.from, s)
		}
	}
	at := map[kindOf]int{}
	names := map[openAs]bool{} // looked at already
	var add func(l leaves)
	add = func(l leaves) {
		if !l.reaches() {
			return
		}
		k := kindOf{l.classes, l.action, l.Constant(), l.By == rules.ByPath}
		n, known := at[k]
		switch {
		case !known:
			at[k] = len(f.kinds)
			f.kinds = append(f.kinds, l)
		case l.obscure < f.kinds[n].obscure:
			f.kinds[n] = l
		default:
			return
		}
		if !l.inside {
			for _, part := range l.parts() {
				add(part)
			}
		}
	}
	for i := range leaving {
		of := &leaving[i]
		add(asItIs(of))
		k := openAs{of.Classes, of.Open, of.Own, strings.Contains(of.Field, "*")}
		if of.Open == 0 || names[k] {
			continue
		}
		names[k] = true
		for c := range (of.Open & open).All {
			if action := as(of, c); action != nil {
				add(calledSo(of, c, action))
			}
		}
	}
	return f
}

// find finds something that leaves and is the promise's, and something of these that the exception is surely not about;
// nil where there is none. Of several it takes the plainest.
func (f *flow) find(of *Promise) (any, free *leaves) {
	exception := of.Unless != nil && of.Unless.saysOfFields()
	look := func(l *leaves) {
		if any != nil && any.obscure <= l.obscure && (!exception || free != nil && free.obscure <= l.obscure) ||
			!of.Never.mayCover(l, f.paths.all) {
			return
		}
		if any == nil || l.obscure < any.obscure {
			any = l
		}
		if exception && (free == nil || l.obscure < free.obscure) && !of.Unless.surelyCovers(l) {
			free = l
		}
	}
	if len(of.Never.Fields) == 0 && (of.Unless == nil || len(of.Unless.Fields) == 0) {
		for i := range f.kinds {
			look(&f.kinds[i])
		}
		return any, free
	}
	f.each(of, look)
	return any, free
}

// each yields what leaves field by field, for promises that name some.
func (f *flow) each(of *Promise, yield func(l *leaves)) {
	var named map[string]bool
	if len(of.Never.Fields) > 0 {
		if named = f.paths.covered(of.Never.Fields); len(named) == 0 {
			return
		}
	}
	for i := range f.Leaving {
		l := &f.Leaving[i]
		if named != nil && !named[l.Field] {
			continue
		}
		look := func(one leaves) {
			if !one.reaches() {
				return
			}
			yield(&one)
			for _, part := range one.parts() {
				yield(&part)
			}
		}
		look(asItIs(l))
		for c := range (l.Open & f.open).All {
			if action := f.as(l, c); action != nil {
				look(calledSo(l, c, action))
			}
		}
	}
}

// paths are the fields of an endpoint, whether anything of them leaves or not.
type paths struct {
	all  map[string]bool
	memo map[string]map[string]bool // by names: the fields in which something of one of them may stand
}

// covered are the fields in which something of one of the names may stand.
func (p *paths) covered(names []string) map[string]bool {
	key := strings.Join(names, "\n")
	if known, ok := p.memo[key]; ok {
		return known
	}
	found := map[string]bool{}
	for path := range p.all {
		if slices.ContainsFunc(names, func(name string) bool { return covers(path, name, p.all) }) {
			found[path] = true
		}
	}
	p.memo[key] = found
	return found
}
