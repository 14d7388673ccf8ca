package change

import (
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// profiles compares what the profiles that activities use say of classes, fields and constants.
func (c *comparison) profiles() {
	for _, id := range slices.Sorted(maps.Keys(c.new.Profiles)) {
		old, there := c.old.Profiles[id]
		if !there || !usesProfile(c.new, id) {
			continue // whose activities are new, or use another one than before: told there
		}
		where, changed := "profile "+id, c.new.Profiles[id]
		for _, class := range bothKeys(old.Classes, changed.Classes) {
			k, _ := hit.ParseClass(class)
			c.specs(where, class, specOf(old.Classes, class), specOf(changed.Classes, class), k)
		}
		for _, vendor := range bothKeys(old.Fields, changed.Fields) {
			for _, field := range bothKeys(old.Fields[vendor], changed.Fields[vendor]) {
				class := c.classOf(vendor, field)
				c.specs(where, "field "+field+" of "+vendor, fieldSpec(&old, vendor, field, class),
					fieldSpec(&changed, vendor, field, class), class)
			}
		}
		for _, vendor := range bothKeys(old.Set, changed.Set) {
			c.constants(where, vendor, old.Set[vendor], changed.Set[vendor])
		}
	}
}

// constants compares what fields of a vendor are set to: flags that restrict what it may do, most likely.
func (c *comparison) constants(where, vendor string, old, changed map[string]string) {
	for _, field := range bothKeys(old, changed) {
		before, was := old[field]
		after, is := changed[field]
		switch {
		case !was:
			c.add(where, Neutral, "field %s of %s is set to %q", field, vendor, after)
		case !is:
			c.add(where, Wider, "field %s of %s is set to %q no longer", field, vendor, before)
		case before != after:
			c.add(where, Wider, "field %s of %s is set to %q instead of %q", field, vendor, after, before)
		}
	}
}

func usesProfile(l *config.Loaded, id string) bool {
	return slices.ContainsFunc(l.Activities, func(a config.Activity) bool { return a.Profile == id })
}

func bothKeys[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// specOf is what a profile says of a class, written or by default.
func specOf(classes map[string]config.Minimise, class string) minimise.Spec {
	if m, ok := classes[class]; ok {
		return m.Spec
	}
	if k, _ := hit.ParseClass(class); k.KeptByDefault() {
		return minimise.Spec{Kind: minimise.Keep}
	}
	return minimise.Spec{}
}

// fieldSpec is what a profile says of a field: of itself, else of its class.
func fieldSpec(p *config.Profile, vendor, field string, class hit.Class) minimise.Spec {
	if m, ok := p.Fields[vendor][field]; ok {
		return m.Spec
	}
	return specOf(p.Classes, class.String())
}

// classOf is the class of a vendor's field; hit.Custom where only profiles know it.
func (c *comparison) classOf(vendor, field string) hit.Class {
	for _, l := range []*config.Loaded{c.new, c.old} {
		for _, r := range l.Policy.Recipients() {
			if r.ID != vendor {
				continue
			}
			for i := range r.Catalog.Fields {
				if r.Catalog.Fields[i].Path == field {
					return r.Catalog.Fields[i].Class
				}
			}
		}
	}
	return hit.Custom
}

// specs reports what is done to a value otherwise than before.
func (c *comparison) specs(where, what string, old, changed minimise.Spec, class hit.Class) {
	a, errA := minimise.Compile(old, class)
	b, errB := minimise.Compile(changed, class)
	if errA != nil || errB != nil {
		c.add(where, Wider, "%s is treated in another way", what)
		return
	}
	c.actions(where, what, a, b)
}

// actions reports an action that became another one. Which of the two lets more through Strictest says; where it cannot
// tell, the minimisers' general order. Of one minimiser what nobody can tell is wider.
func (c *comparison) actions(where, what string, a, b *minimise.Action) {
	if a.Kind() == minimise.Drop && b.Kind() == minimise.Drop || a.Kind() == b.Kind() && minimise.Strictest(a, b) == a &&
		minimise.Strictest(b, a) == b {
		return
	}
	x, y := a.Spec(), b.Spec()
	effect := Wider
	switch {
	case a.Kind() == b.Kind() && a.Kind() == minimise.URL:
		c.addresses(where, what, &x.URL, &y.URL)
		return
	case a.Kind() == b.Kind() && a.Kind() == minimise.Only:
		c.set(where, what+": values", x.Only, y.Only, Wider, Narrower)
		return
	case a.Kind() == b.Kind():
		effect = either(a.Kind() != minimise.Replace && minimise.Strictest(a, b) != b)
		c.add(where, effect, "%s %s instead of %s", what, done(b, true), done(a, true))
		return
	case a.Kind() == minimise.Drop:
	case b.Kind() == minimise.Drop, minimise.Strictest(a, b) == b, minimise.Strictest(a, b) != a && b.Rank() > a.Rank():
		effect = Narrower
	}
	c.add(where, effect, "%s %s instead of %s", what, done(b, false), done(a, false))
}

// addresses reports what is left of addresses otherwise than before.
func (c *comparison) addresses(where, what string, x, y *minimise.URLSpec) {
	added := slices.DeleteFunc(without(y.Query, x.Query), func(name string) bool {
		return slices.ContainsFunc(x.Query, func(pattern string) bool {
			head, open := strings.CutSuffix(pattern, "*")
			return open && strings.HasPrefix(strings.ToLower(name), strings.ToLower(head))
		})
	})
	if len(added) > 0 {
		c.add(where, Wider, "%s: query parameters added: %s", what, strings.Join(added, ", "))
	}
	if removed := without(x.Query, y.Query); len(removed) > 0 {
		c.add(where, Narrower, "%s: query parameters removed: %s", what, strings.Join(removed, ", "))
	}
	for _, part := range []struct {
		name     string
		old, new string
		order    []string // from what leaves most
	}{
		{"ids in the path", x.IDs, y.IDs, []string{"keep", "template", "cut"}},
		{"path", x.Path, y.Path, []string{"full", "first", "none"}},
		{"fragment", x.Fragment, y.Fragment, []string{"route", "drop"}},
	} {
		wider := slices.Index(part.order, part.new) < slices.Index(part.order, part.old)
		c.value(where, what+": "+part.name, either(wider), part.old, part.new)
	}
	if !slices.Equal(x.Templates, y.Templates) {
		c.add(where, Wider, "%s: templates read otherwise: what they keep of a path may be more", what)
	}
}

// done says what an action does, in a word or with its parameters.
func done(a *minimise.Action, whole bool) string {
	if !whole {
		return a.Kind().Done()
	}
	return a.Kind().String() + " (" + strings.Join(append([]string{a.Effect("en")}, a.Unsaid()...), "; ") + ")"
}

// classOrField is what a treatment is for.
type classOrField struct{ class, field string }

func (k classOrField) String() string {
	if k.field == "" {
		return k.class
	}
	return k.class + " field " + k.field
}

// treatments compares what two activities do to each class of data.
func (c *comparison) treatments(where string, old, changed *rules.Activity) {
	type key = classOrField
	collect := func(a *rules.Activity) (map[key]*minimise.Action, []key) {
		all, order := map[key]*minimise.Action{}, []key(nil)
		for _, t := range a.Treatments() {
			k := key{t.Class.String(), t.Field}
			if all[k] == nil { // the loosest stands first
				all[k], order = t.Action, append(order, k)
			}
		}
		return all, order
	}
	a, before := collect(old)
	b, after := collect(changed)
	for _, k := range after {
		c.actions(where, k.String(), a[k], b[k])
	}
	for _, k := range before {
		if b[k] == nil {
			c.actions(where, k.String(), a[k], nil)
		}
	}
}
