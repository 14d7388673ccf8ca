package signal

import (
	"fmt"

	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// platform reads the cookies of one consent management platform, and maps its own ids to consent categories.
type platform struct {
	cmp      cmp.Platform
	settings cmp.Settings
	ids      map[string]Categories // what each id stands for
	all      Categories            // what any of them stands for
	where    string
}

// newPlatform compiles a site's mapping. Ids that the site does not map mean nothing to it; where it maps none, the known ones have
// their defaults, and free ones stand for themselves.
func newPlatform(s *Source, c cmp.Platform, number map[string]int) (*platform, error) {
	p := &platform{cmp: c, settings: s.Settings, ids: map[string]Categories{}, where: "cookie"}
	for i, name := range c.Names(s.Settings) {
		if i == 0 {
			p.where = "cookie " + name
		}
	}
	ids, err := mapped(c.String(), s.Categories, c.DefaultCategories(), number)
	if err != nil {
		return nil, err
	}
	for id, set := range ids {
		if s.Categories != nil && !c.Known(id) {
			return nil, fmt.Errorf("signals.%s.categories: %q is no id of it", c, id)
		}
		p.ids[id] = set
		p.all |= set
	}
	return p, nil
}

// mapped resolves a mapping of a source's ids: the site's, the defaults, or, where there are neither, every category under its own name.
func mapped(source string, given, defaults map[string]string, number map[string]int) (map[string]Categories, error) {
	ids := map[string]Categories{}
	if given == nil && defaults == nil {
		for name, n := range number {
			ids[name] = 1 << n
		}
		return ids, nil
	}
	for id, category := range given {
		n, ok := number[category]
		if !ok {
			return nil, fmt.Errorf("signals.%s.categories: no purpose is in category %q", source, category)
		}
		ids[id] |= 1 << n
	}
	if given == nil {
		for id, category := range defaults {
			if n, ok := number[category]; ok {
				ids[id] |= 1 << n
			}
		}
	}
	return ids, nil
}

// said is what a platform's statement comes to. A yes counts only where the visitor's act is recorded; of two ids that stand for one
// category both must be granted; an id of the site's mapping that the statement does not name is not granted.
func (p *platform) said(statement cmp.Statement, items []cmp.Item) SourceReading {
	said := SourceReading{State: statement.State}
	if statement.Objection {
		said.Refused, said.Objected = p.all, p.all
	}
	switch {
	case statement.State == Absent, statement.Decided == cmp.Unknowable:
		return said
	case statement.State == Malformed, statement.Decided != cmp.Decides:
		said.Doubt = p.all &^ said.Refused
		return said
	}
	said.At = statement.At()
	for i := range items {
		item := &items[i]
		set := p.ids[string(item.ID)]
		if string(item.ID) == "*" {
			set = p.all
		}
		switch {
		case set == 0:
		case item.List == cmp.CategoryLI || item.List == cmp.ServiceLI:
			if !item.Granted {
				said.Objected |= set
			}
		case item.Granted:
			said.Granted |= set
		default:
			said.Refused |= set
		}
	}
	if !statement.Objection {
		p.unnamed(&said, items)
	}
	said.Granted &^= said.Refused | said.Doubt
	return said
}

// unnamed leaves in doubt the categories of ids that the statement does not name.
func (p *platform) unnamed(said *SourceReading, items []cmp.Item) {
	if p.settled(items) {
		return
	}
	for id, set := range p.ids {
		found := false
		for i := range items {
			l := items[i].List
			if found = (l == cmp.Category || l == cmp.Service) && string(items[i].ID) == id; found {
				break
			}
		}
		if !found {
			said.Doubt |= set &^ said.Refused
		}
	}
}

// settled tells whether one flag stands for everything.
func (p *platform) settled(items []cmp.Item) bool {
	for i := range items {
		if string(items[i].ID) == "*" {
			return true
		}
	}
	return false
}
