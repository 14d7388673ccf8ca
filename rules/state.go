package rules

import (
	"bytes"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// told is what a vendor is told of the visitor's choices, in its own fields, of an event that travels on one activity
// by one route. It is constant: what of it holds for a hit is chosen by where the page was silent, and by region.
type told struct {
	advertising catalog.Advertising
	keep        signal.Storage // storage types that may be stated as granted
	mode        signal.Mode    // what is stated where the page said nothing
	says        []statement    // by name; of one name the first whose regions fit holds
	choices     choices        // what may be stated of the site's own categories
}

// statement is a field that the vendor is told something in.
type statement struct {
	name    string
	member  []byte // the last part of the name
	field   int32
	place   catalog.Place
	signal  string
	when    catalog.When
	text    []byte
	list    [][]byte // in place of text: a list of texts
	regions []Region // nil: everywhere, but for unknown
	unknown bool     // also, or alone, where the region is not known
}

func (s *statement) holdsIn(region Region) bool {
	if s.everywhere() || s.unknown && region == (Region{}) {
		return true
	}
	return slices.ContainsFunc(s.regions, region.In)
}

func (s *statement) everywhere() bool { return s.regions == nil && !s.unknown }

func (s *statement) equal(o *statement) bool {
	return s.name == o.name && s.when == o.when && bytes.Equal(s.text, o.text) &&
		slices.EqualFunc(s.list, o.list, bytes.Equal) && slices.Equal(s.regions, o.regions) && s.unknown == o.unknown
}

// covers is the one rule of what an activity's purposes cover, as storage types of consent mode. A purpose covers a
// type where it is in the category that the site takes the type for: marketing for those of advertising, analytics for
// that of statistics, others where signals.consent_mode says so. Where the site says nothing of that, a purpose covers
// advertising too that is one of selecting it or of profiles for it in the TCF (2, 3, 4), or targeted advertising in US
// law; profiles (3, 4) and targeted advertising cover personalised advertising; the TCF's measuring of content and
// audiences (8, 9) covers statistics. That a purpose counts as a sale or as sharing makes it no advertising.
func (a *Activity) covers(r *signal.Reader) signal.Storage {
	set := r.StorageIn(a.categories)
	if r.MapsStorage() {
		return set
	}
	targeted := a.us&signal.TargetedAdvertising != 0
	if targeted || a.tcf.Has(2) || a.tcf.Has(3) || a.tcf.Has(4) {
		set |= signal.AdStorage | signal.AdUserData
	}
	if targeted || a.tcf.Has(3) || a.tcf.Has(4) {
		set |= signal.AdPersonalization
	}
	if a.tcf.Has(8) || a.tcf.Has(9) {
		set |= signal.AnalyticsStorage
	}
	return set
}

// grounds is what an activity travels on at a site: for advertising, for statistics, and which storage types may be
// stated as granted.
func (a *Activity) grounds(r *signal.Reader) (ads catalog.Advertising, stats catalog.Analytics, keep signal.Storage) {
	covered := a.covers(r)
	switch a.Basis {
	case basis.Consent:
		keep = covered
		if covered.Has(signal.AdStorage) {
			ads = catalog.AdvertisingOnConsent
		}
		if covered.Has(signal.AnalyticsStorage) {
			stats = catalog.AnalyticsOnConsent
		}
	case basis.OptOut:
		keep = covered
		if covered.Has(signal.AdStorage) {
			ads = catalog.AdvertisingOnOptOut
		}
	case basis.LegitimateInterest:
		stats = catalog.AnalyticsOnInterest
	default:
	}
	return ads, stats, keep
}

// told compiles what the vendor of a route is told of events that travel on an activity.
func (c *compiler) told(s *Site, r *Route, a *Activity) (*told, error) {
	t := new(told)
	var analytics catalog.Analytics
	t.advertising, analytics, t.keep = a.grounds(s.signals)
	t.choices = a.choices(s.signals)
	for i := range r.Endpoint.State {
		from := &r.Endpoint.State[i]
		said := func(s statement) bool { return s.name == from.Name && s.everywhere() }
		if !from.Holds(t.advertising, analytics) || slices.ContainsFunc(t.says, said) {
			continue
		}
		s := statement{
			name: from.Name, member: lastMember(from.Name), field: from.Field, place: from.Place, signal: from.Signal,
			when: from.When, text: []byte(from.Text),
		}
		for _, text := range from.List {
			s.list = append(s.list, []byte(text))
		}
		for _, code := range from.Regions {
			if code == catalog.UnknownRegion {
				s.unknown = true
				continue
			}
			region, err := ParseRegion(code)
			if err != nil {
				return nil, wrong("vendors."+r.Recipient.ID, "state: %v", err)
			}
			s.regions = append(s.regions, region)
		}
		t.says = append(t.says, s)
	}
	slices.SortStableFunc(t.says, func(a, b statement) int { return strings.Compare(a.name, b.name) })
	if err := t.settle(); err != nil {
		return nil, wrong("vendors."+r.Recipient.ID, "%v", err)
	}
	return t, nil
}

// settle reads what is stated in consent mode, and takes back what may not be granted.
func (t *told) settle() error {
	for i := range t.says {
		s := &t.says[i]
		if s.signal == "" {
			continue
		}
		if s.signal == "npa" {
			continue // where advertising is denied
		}
		mode, ok := signal.ReadMode(s.signal, s.member, s.text)
		if s.signal == "gcs" && len(s.text) != 4 || s.signal == "gcd" && len(s.text) < 10 {
			return wrong("state."+s.name, "%q is no value of %s", s.text, s.signal)
		}
		if ok {
			t.mode.And(mode)
		}
	}
	t.mode = t.mode.Settled(t.keep, signal.Mode{})
	for i := range t.says {
		s := &t.says[i]
		if text, ok := signal.AppendMode(nil, s.signal, s.member, s.text, t.mode); ok {
			s.text = text
		}
	}
	return nil
}

// and adds what is told of events that travel on another activity: of what they share is told what may be told of each.
func (t *told) and(o *told) {
	t.advertising = min(t.advertising, o.advertising)
	t.keep &= o.keep
	t.mode.Least(o.mode)
	t.says = slices.DeleteFunc(t.says, func(s statement) bool { return s.allows() && !o.has(&s) })
	for i := range o.says {
		if s := &o.says[i]; !s.allows() && !t.has(s) {
			t.says = append(t.says, *s)
		}
	}
	slices.SortStableFunc(t.says, func(a, b statement) int { return strings.Compare(a.name, b.name) })
}

// allows tells whether a statement may allow something: what stands where the page is silent, and is not settled.
func (s *statement) allows() bool { return s.when == catalog.Silent && !isMode(s.signal) }

func (t *told) has(s *statement) bool {
	return slices.ContainsFunc(t.says, func(o statement) bool { return o.equal(s) })
}

// Overruled is a constant of a profile (set:) that states more than its event may: what the vendor is told takes its
// place.
type Overruled struct {
	Profile, Vendor, Field, Activity string
	Set                              string // what the profile says
	Told                             string // what the vendor is told
}

// Overruled lists the constants of profiles that state more than they may, in the order of the activities.
func (p *Policy) Overruled() []Overruled { return p.overruled }

// tells compiles what is told on each rung of a route.
func (c *compiler) tells(s *Site, r *Route) error {
	for _, a := range r.ladder {
		t, err := c.told(s, r, a)
		if err != nil {
			return err
		}
		c.overrule(t, r, a)
		r.told = append(r.told, t)
		r.tells = r.tells || len(t.says) > 0
	}
	return nil
}

// overrule has the constants of an activity's profile state no more than the vendor may be told. What they state in its
// place is said by them alone.
func (c *compiler) overrule(t *told, r *Route, a *Activity) {
	for i := 0; i < len(a.plan.set); i++ {
		set := a.plan.set[i]
		names := func(s statement) bool { return s.name == set.name }
		at := slices.IndexFunc(t.says, names)
		info := &r.Recipient.Catalog.Fields[set.field]
		var text []byte
		if at >= 0 && t.says[at].list != nil {
			text = t.says[at].text
			a.plan = a.plan.without(i)
			i--
		} else {
			text = set.text
			switch lowered, known := t.lowered(info.Signal, &set); {
			case known:
				text = lowered
			case at >= 0 && t.says[at].when != catalog.Silent:
				text = t.says[at].text
			}
			t.says = slices.DeleteFunc(t.says, names)
		}
		if bytes.Equal(text, set.text) {
			continue
		}
		o := Overruled{a.plan.profile, r.Recipient.ID, set.name, a.ID, string(set.text), string(text)}
		if !slices.Contains(c.policy.overruled, o) {
			c.policy.overruled = append(c.policy.overruled, o)
		}
		if at < 0 || i >= 0 && i < len(a.plan.set) && a.plan.set[i].name == set.name {
			a.plan = a.plan.with(i, text)
		}
	}
}

// lowered is what a constant may state of what is told in consent mode; known is false of other fields.
func (t *told) lowered(kind string, set *constant) (text []byte, known bool) {
	member := lastMember(set.name)
	switch kind {
	case "npa":
		if t.mode.Denied()&aboutAds == 0 || string(set.text) == "true" {
			return set.text, true
		}
		return []byte("1"), true
	case "gcs", "gcd", "ga4_mp_consent":
		mode, _ := signal.ReadMode(kind, member, set.text)
		settled := mode.Settled(t.keep, t.mode)
		form := set.text
		if kind == "gcs" && len(form) != 4 {
			form = []byte("G1--")
		}
		if kind == "gcd" && len(form) < 10 {
			form = []byte("13l3l3l3l5l1")
		}
		switch kind {
		case "gcs":
			if out, ok := signal.DowngradeGCS(nil, form, t.keep, settled); ok {
				return out, true
			}
		case "gcd":
			if out, ok := signal.DowngradeGCD(nil, form, t.keep, settled); ok {
				return out, true
			}
		}
		out, _ := signal.AppendMode(nil, kind, member, form, settled)
		return out, true
	case "us_privacy", "gpp":
		if t.advertising != catalog.NoAdvertising {
			return set.text, true
		}
		downgrade := signal.DowngradeUSP
		if kind == "gpp" {
			downgrade = iab.DowngradeGPP
		}
		out, _ := downgrade(nil, set.text)
		return out, true
	default:
		return nil, false
	}
}

// with is the plan with another text for a constant.
func (p *plan) with(at int, text []byte) *plan {
	other := *p
	other.set = slices.Clone(p.set)
	other.set[at].text = text
	return &other
}

// without is the plan without a constant.
func (p *plan) without(at int) *plan {
	other := *p
	other.set = slices.Delete(slices.Clone(p.set), at, at+1)
	other.setOf = slices.Clone(p.setOf)
	for field, c := range p.setOf {
		switch {
		case c == int32(at):
			other.setOf[field] = hit.None
		case c > int32(at):
			other.setOf[field] = c - 1
		}
	}
	return &other
}

// lastMember is the last part of a path.
func lastMember(name string) []byte { return []byte(name[strings.LastIndexByte(name, '.')+1:]) }
