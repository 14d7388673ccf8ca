package signal

import (
	"fmt"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// platform reads the cookies of one consent management platform, and maps its own ids to consent categories.
type platform struct {
	cmp      cmp.Platform
	settings cmp.Settings
	ids      map[string]Categories // what each id stands for
	all      Categories            // what any of them stands for
	services map[string]string     // by id of a service: the vendor that it is; nil where the site maps none
	mapped   map[string]bool       // vendors that a service is mapped to
	where    string
}

// newPlatform compiles a site's mapping. Ids that the site does not map mean nothing to it; where it maps none, the
// known ones have their defaults, and free ones stand for themselves.
func newPlatform(s *Source, c cmp.Platform, number map[string]int) (*platform, error) {
	p := &platform{
		cmp: c, settings: s.Settings, ids: map[string]Categories{}, services: s.Services, where: "cookie",
	}
	if s.Services != nil && !c.KeepsServices() {
		return nil, fmt.Errorf("signals.%s.services: it keeps no services apart from its categories", c)
	}
	for i, name := range c.Names(s.Settings) {
		if i == 0 {
			p.where = "cookie " + name
		}
	}
	ids, err := mapped(c.String(), s.Categories, c.DefaultCategories(), number)
	if err != nil {
		return nil, err
	}
	for _, vendor := range s.Services {
		if p.mapped == nil {
			p.mapped = map[string]bool{}
		}
		p.mapped[vendor] = true
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

// mapped resolves a mapping of a source's ids: the site's, the defaults, or, where there are
// neither, every category under its own name.
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

// said is what a platform's statement comes to, for a vendor. A yes and a no count only where the visitor's act is
// recorded; of two ids that stand for one category both must be granted; an id of the site's mapping that the statement
// does not name is not granted.
func (p *platform) said(statement cmp.Statement, items []cmp.Item, d *Declaration) SourceReading {
	said := SourceReading{State: statement.State}
	if statement.Objection {
		said.Refused, said.Declined, said.Objected = p.all, p.all, p.all
	}
	switch {
	case statement.State == Absent, statement.Decided == cmp.Unknowable:
		return said
	case statement.State == Malformed, statement.Decided != cmp.Decides:
		said.Doubt = p.all &^ said.Refused
		return said
	}
	said.At = statement.At()
	said.Service = p.service(&statement, items, d)
	var tcf, plain Categories // refused as a purpose of the TCF, and as anything else
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
			if p.cmp.TCFPurpose(item.ID) {
				tcf |= set
			} else {
				plain |= set
			}
		}
	}
	if !statement.Objection {
		p.unnamed(&said, items, statement.AcceptedOnly)
	}
	said.Declined = said.Refused
	if !statement.Objection {
		said.TCFOnly = tcf &^ plain
	}
	said.Granted &^= said.Refused | said.Doubt
	return said
}

// service tells whether the visitor refused the service that the vendor is. Where a site maps services, it is one of
// those that are mapped to the vendor, by their ids; else one that is called as banners commonly call it. Of a platform
// that lists what was accepted, and no more, what is not in the list was refused: a mapped one by an act; one of a
// common name perhaps, for nobody said that the banner has it.
func (p *platform) service(st *cmp.Statement, items []cmp.Item, d *Declaration) Refusal {
	if !p.cmp.KeepsServices() {
		return NotRefused
	}
	if p.services != nil && !p.mapped[d.ID] {
		return NotRefused
	}
	named, accepted := false, false
	for i := range items {
		item := &items[i]
		if item.List != cmp.Service && item.List != cmp.ServiceLI {
			continue
		}
		accepted = accepted || item.Granted
		if !p.isService(item.ID, d) {
			continue
		}
		if named = true; !item.Granted {
			return Declined
		}
	}
	switch {
	case named || !st.ServicesAccepted:
		return NotRefused
	case p.services != nil:
		return Declined
	case accepted && len(d.Services) > 0:
		return Withheld
	default:
		return NotRefused
	}
}

// isService tells whether an id is that of a service which the vendor is.
func (p *platform) isService(id []byte, d *Declaration) bool {
	if p.services != nil {
		return d.ID != "" && p.services[string(id)] == d.ID
	}
	for _, name := range d.Services {
		if CommonName(id, name) {
			return true
		}
	}
	return false
}

// CommonName tells whether an id of a service is a name of [Declaration.Services], but for its case and the marks
// between its words. An id that Didomi made of a vendor's name has that name as far as the id holds it.
func CommonName[Text string | []byte](id Text, name string) bool {
	id, made := didomiName(id)
	at := 0
	for i := range len(id) {
		c := id[i]
		if !ascii.IsAlnum(c) {
			if c == '-' || c == '_' || c == ' ' || c == '.' {
				continue
			}
			return false
		}
		if at == len(name) || ascii.Lower(c) != name[at] {
			return false
		}
		at++
	}
	return at == len(name) || made && at == didomiLetters
}

// Didomi calls a vendor that a site added c:googleana-4TXnJigR: the first letters of its name, and eight at random.
const (
	didomiLetters = 9
	didomiRandom  = 8
)

// didomiName is the name in an id that Didomi made; made is false of any other id, which comes back as it is.
func didomiName[Text string | []byte](id Text) (name Text, made bool) {
	at := len(id) - didomiRandom - 1
	if at < len("c:")+1 || id[0] != 'c' || id[1] != ':' || id[at] != '-' {
		return id, false
	}
	for i := at + 1; i < len(id); i++ {
		if !ascii.IsAlnum(id[i]) {
			return id, false
		}
	}
	return id[len("c:"):at], true
}

// unnamed is about the categories of ids that the statement does not name: they are in doubt; or refused, where it
// names all that were accepted, and no more.
func (p *platform) unnamed(said *SourceReading, items []cmp.Item, acceptedOnly bool) {
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
		switch {
		case found:
		case acceptedOnly:
			said.Refused |= set
		default:
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
