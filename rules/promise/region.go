package promise

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
)

// world is where visitors may be, as far as a policy and its promises tell places apart: places of which all of them
// say the same stand for each other.
type world struct {
	places []rules.Region
	from   map[*rules.Site][]rules.Region // those where a site may take visitors to be, that first where nothing tells
	named  []rules.Region                 // that anybody names
}

// newWorld gathers the places that a policy and promises tell apart.
func newWorld(p *rules.Policy, promises []Promise) *world {
	w := &world{from: map[*rules.Site][]rules.Region{}}
	add := func(r rules.Region) {
		if !slices.Contains(w.named, r) {
			w.named = append(w.named, r)
		}
	}
	for _, a := range p.Activities() {
		for _, r := range a.Regions() {
			add(r)
		}
	}
	for i := range promises {
		for _, c := range []*Condition{&promises[i].Never, promises[i].Unless} {
			if c != nil {
				for _, r := range c.Regions {
					add(r)
				}
			}
		}
	}
	for _, s := range p.Sites() {
		add(s.Regions().Default)
	}
	seen := map[string]bool{}
	for _, r := range w.all() {
		if key := w.signature(r); !seen[key] {
			seen[key] = true
			w.places = append(w.places, r)
		}
	}
	for _, s := range p.Sites() {
		of := s.Regions().Default
		w.from[s] = []rules.Region{of}
		for _, r := range w.places {
			if r != of && resolves(s, r) {
				w.from[s] = append(w.from[s], r)
			}
		}
	}
	return w
}

// all lists the places that there are: nowhere that is known, groups, countries, and of the countries that anybody
// names a part of, those parts and one that nobody names.
func (w *world) all() []rules.Region {
	all := []rules.Region{{}}
	parse := func(code string) {
		if r, err := rules.ParseRegion(code); err == nil {
			all = append(all, r)
		}
	}
	for _, group := range rules.RegionGroups() {
		parse(group)
	}
	for _, country := range rules.Countries() {
		parse(country)
	}
	for _, r := range slices.Clone(w.named) {
		if r.Part == [3]byte{} {
			continue
		}
		all = append(all, r)
		other := rules.Region{Country: r.Country, Part: [3]byte{'0', '0', '0'}}
		for slices.Contains(w.named, other) {
			other.Part[2]++
		}
		all = append(all, other)
	}
	return all
}

// signature is what all that is named says of a place, and what sort of place it is: a site may know countries alone.
func (w *world) signature(r rules.Region) string {
	var b strings.Builder
	for _, part := range []bool{r == rules.Region{}, r.Country == [2]byte{}, r.Part != [3]byte{}} {
		b.WriteByte(bit(part))
	}
	for _, of := range w.named {
		b.WriteByte(bit(r == of))
		b.WriteByte(bit(r.In(of)))
		b.WriteByte(bit(of.In(r)))
	}
	return b.String()
}

func bit(is bool) byte {
	if is {
		return '1'
	}
	return '0'
}

// resolves tells whether a site may take a visitor to be there.
func resolves(s *rules.Site, r rules.Region) bool {
	of := s.Regions()
	switch {
	case r == of.Default:
		return true
	case !of.Any:
		return false
	default:
		return r.Part == [3]byte{} || of.Parts
	}
}

// mayBeIn tells whether somebody of whom a place is known may be in one of the regions: whoever is somewhere in the EU
// may be in Germany.
func mayBeIn(r rules.Region, regions []rules.Region) bool {
	return len(regions) == 0 || r == rules.Region{} || slices.ContainsFunc(regions, func(of rules.Region) bool {
		return r.In(of) || of.In(r)
	})
}

// surelyIn tells whether that is known.
func surelyIn(r rules.Region, regions []rules.Region) bool {
	return len(regions) == 0 || slices.ContainsFunc(regions, r.In)
}
