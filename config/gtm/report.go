package gtm

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// Outcome is what becomes of a tag once hits go by tagwarden. Every tag has one.
type Outcome string

// The outcomes, in the order in which they are reported.
const (
	Through   Outcome = "through"   // one setting changed, it sends to tagwarden
	Rebuild   Outcome = "rebuild"   // its vendor is in the catalog, but this tag cannot be pointed here
	Uncovered Outcome = "uncovered" // it sends past tagwarden
	Stays     Outcome = "stays"     // it sends nothing by itself, as far as can be seen
	Paused    Outcome = "paused"    // it does not fire
	Dead      Outcome = "dead"      // it sends to what takes nothing any more
)

// Outcomes are all of them, in that order.
var Outcomes = []Outcome{Through, Rebuild, Uncovered, Stays, Paused, Dead}

// Report is what is said of a container.
type Report struct {
	File      string          `json:"file"`
	Container string          `json:"container"` // its public id
	Name      string          `json:"name"`
	For       []string        `json:"for"` // web, server, amp, ios, android
	Tags      []Judged        `json:"tags"`
	Outcomes  map[Outcome]int `json:"outcomes"` // how many tags; they add up to all
	Vendors   []*Vendor       `json:"vendors"`  // of the proposed configuration
	Zones     []Zoned         `json:"zones"`
	Variables []Naming        `json:"variables"` // scripts of the container's own that name hosts
	Clients   []Client        `json:"clients"`
	Counts    Counts          `json:"counts"`
	Templates int             `json:"templates"`
	Unused    []string        `json:"unused_templates"` // by no tag, and no variable or client
	Own       int             `json:"variables_of_its_own"`
	Notes     []string        `json:"notes"`

	host    string // the site's
	signals []signal
}

// Judged is a tag and what becomes of it.
type Judged struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Template string   `json:"template,omitempty"` // the name of its custom template
	Products []string `json:"products"`           // whose it is, as far as is known
	Vendor   string   `json:"vendor,omitempty"`   // of the proposed configuration
	IDs      []string `json:"ids,omitempty"`      // of accounts at Google
	Consent  Asked    `json:"consent"`
	Outcome  Outcome  `json:"outcome"`
	Hosts    []string `json:"hosts,omitempty"` // that it names and that are of no vendor that is known here
	Why      string   `json:"why"`
	Do       string   `json:"do,omitempty"`

	fires bool
}

// Asked is what a tag asks of consent before it fires.
type Asked struct {
	Status string   `json:"status"` // not_said, not_set, not_needed, needed
	Types  []string `json:"types,omitempty"`
}

// Zoned is a zone and the containers that run in it.
type Zoned struct {
	Name       string   `json:"name"`
	Containers []string `json:"containers"`
}

// Naming is a script that names hosts.
type Naming struct {
	Name  string   `json:"name"`
	Hosts []string `json:"hosts"`
}

// Vendor is a vendor of the proposed configuration.
type Vendor struct {
	ID       string   `json:"id"`
	Catalog  string   `json:"catalog"`
	Name     string   `json:"name"`
	Prefix   string   `json:"prefix,omitempty"`
	Upstream string   `json:"upstream,omitempty"` // as the container names it
	Region   string   `json:"region,omitempty"`   // of the account, as the container's tags name its hosts
	Tags     []string `json:"tags"`               // that it is there for
	Consent  []string `json:"consent"`            // types that these ask for
	Sets     []string `json:"sets,omitempty"`     // parameters that tags of Google Analytics give their events

	product  *product
	file     *catalog.File
	comments []string
}

// signal is a consent platform that a tag loads.
type signal struct{ tag, platform, line string }

// Assess says what becomes of a container's tags.
func Assess(c *Container) *Report {
	r := &Report{
		File: c.File, Container: c.ID, Name: c.Name, Clients: c.Clients, Counts: c.Counts, Templates: len(c.Templates),
		Own:      len(c.Variables),
		Outcomes: map[Outcome]int{}, host: hostOf(c), Tags: []Judged{}, Vendors: []*Vendor{}, Zones: []Zoned{},
		Variables: []Naming{}, Notes: []string{},
	}
	for _, use := range c.For {
		r.For = append(r.For, strings.ToLower(use))
	}
	e := newEye(c)
	sights := make([]*sight, len(c.Tags))
	for i := range c.Tags {
		sights[i] = e.look(&c.Tags[i])
		r.Tags = append(r.Tags, r.judged(&c.Tags[i], sights[i], e))
	}
	r.prefixes()
	a := advice{report: r, eye: e, server: slices.Contains(r.For, "server"), googleTag: hasGoogleTag(r.Tags)}
	for i := range r.Tags {
		a.advise(&r.Tags[i], sights[i], &c.Tags[i])
		r.Outcomes[r.Tags[i].Outcome]++
	}
	for _, z := range c.Zones {
		r.Zones = append(r.Zones, Zoned(z))
	}
	for i := range c.Variables {
		if v := &c.Variables[i]; v.Type == "jsm" {
			if hosts := hostsOf(e.filled(value(v.Parameters, "javascript"))); len(hosts) > 0 {
				r.Variables = append(r.Variables, Naming{v.Name, hosts})
			}
		}
	}
	r.Unused = unused(c, e)
	r.note(c, e)
	return r
}

// Covered tells whether nothing that fires sends past tagwarden once the settings are changed.
func (r *Report) Covered() bool {
	return r.Outcomes[Rebuild] == 0 && r.Outcomes[Uncovered] == 0 && len(r.Zones) == 0
}

// Address is where SDKs of the site would send to: its host as far as the container tells, and the path that the
// proposed configuration has for it.
func (r *Report) Address() string { return "https://" + r.host + base }

// base is the path of the site that is passed on.
const base = "/t"

// standInHost is the site's where the container does not tell: nobody can have it.
const standInHost = "shop.example"

// hostOf is the site's host, as far as the container tells.
func hostOf(c *Container) string {
	for _, text := range append(slices.Clone(c.Domains), c.Name) {
		text = strings.ToLower(strings.TrimSpace(text))
		if u, err := url.Parse(text); err == nil && u.Host != "" {
			text = u.Hostname()
		}
		if hosts := hostsOf("https://" + text); len(hosts) == 1 && hosts[0] == text {
			return text
		}
	}
	return standInHost
}

// judged says what is known of a tag by itself: all but why, and what to do.
func (r *Report) judged(tag *Tag, s *sight, e *eye) Judged {
	j := Judged{Name: tag.Name, Type: tag.Type, Template: s.template, IDs: s.ids, Hosts: s.hosts, Products: []string{},
		fires: fires(tag, e.c)}
	j.Consent = Asked{Status: tag.Consent.Status, Types: tag.Consent.Types}
	if j.Consent.Status == "" {
		j.Consent.Status = "not_said"
	}
	for _, p := range s.products {
		j.Products = append(j.Products, p.name)
	}
	if s.company != "" {
		j.Products = append(j.Products, s.company)
	}
	if tag.Paused {
		j.Outcome = Paused
		return j
	}
	j.Outcome = r.outcome(s)
	for _, p := range s.products {
		if p.signal != "" {
			r.signals = append(r.signals, signal{tag.Name, p.name, p.signal})
		}
	}
	for _, p := range s.products {
		if p.entry == "" || p.dead != "" {
			continue
		}
		v := r.vendor(p)
		if j.Vendor == "" {
			j.Vendor = v.ID
		}
		v.Tags = append(v.Tags, tag.Name)
		for _, asked := range tag.Consent.Types {
			if !slices.Contains(v.Consent, asked) {
				v.Consent = append(v.Consent, asked)
			}
		}
		v.Region = cmp.Or(v.Region, regionOf(v.file, e.namedBy(tag)))
		if p.entry == "ga4" {
			v.Sets = e.parametersOf(tag, v.Sets)
		}
		v.comments = append(v.comments, "from GTM tag "+shown(tag.Name)+", consent: "+j.Consent.String())
		if v.Upstream == "" && s.server != "" {
			v.Upstream = "https://" + s.server
		}
	}
	return j
}

// outcome goes by the worst that a tag does.
func (r *Report) outcome(s *sight) Outcome {
	sending := slices.DeleteFunc(slices.Clone(s.products), func(p *product) bool { return !p.sends() })
	alive := slices.DeleteFunc(slices.Clone(sending), func(p *product) bool { return p.dead != "" })
	server := slices.Contains(r.For, "server")
	switch {
	case len(s.hosts) > 0, slices.ContainsFunc(alive, func(p *product) bool { return p.entry == "" }):
		return Uncovered
	case slices.ContainsFunc(alive, func(p *product) bool {
		return p.fixed && s.how != byImage || server || p.entry == "meta_capi"
	}):
		return Rebuild
	case len(alive) > 0:
		return Through
	case len(sending) > 0:
		return Dead
	case len(s.products) == 0 && s.loads:
		return Uncovered
	}
	return Stays
}

// fires tells whether something has a tag fire: a trigger, or another tag.
func fires(tag *Tag, c *Container) bool {
	return tag.Triggers > 0 || slices.ContainsFunc(c.Tags, func(other Tag) bool {
		return slices.Contains(other.Before, tag.Name) || slices.Contains(other.After, tag.Name)
	})
}

// String is what is asked, in words.
func (a Asked) String() string {
	words := strings.ReplaceAll(a.Status, "_", " ")
	if len(a.Types) > 0 {
		var types []string
		for _, t := range a.Types {
			if consentType.MatchString(t) {
				types = append(types, t)
			} else {
				types = append(types, shown(t))
			}
		}
		words += " (" + strings.Join(types, ", ") + ")"
	}
	return words
}

// vendor is the vendor of the proposed configuration that a product's hits go to.
func (r *Report) vendor(p *product) *Vendor {
	for _, v := range r.Vendors {
		if v.Catalog == p.entry {
			return v
		}
	}
	id := p.entry
	if id == "meta_pixel" {
		id = "meta" // as the examples call it
	}
	file, ok := catalog.Builtin(p.entry)
	if !ok {
		panic("BUG: the catalog has no entry " + p.entry)
	}
	v := &Vendor{ID: id, Catalog: p.entry, Name: file.Name, product: p, file: file, Consent: []string{}}
	r.Vendors = append(r.Vendors, v)
	return v
}

// unused are templates that nothing in the container is made of.
func unused(c *Container, e *eye) []string {
	all := []string{}
	used := map[*Template]bool{}
	for i := range c.Tags {
		used[e.templateOf(&c.Tags[i])] = true
	}
	for i := range c.Variables {
		used[e.templateOf(&Tag{Type: c.Variables[i].Type})] = true
	}
	for i := range c.Clients {
		used[e.templateOf(&Tag{Type: c.Clients[i].Type})] = true
	}
	for i := range c.Templates {
		if !used[&c.Templates[i]] {
			all = append(all, c.Templates[i].Name)
		}
	}
	return all
}

// regionOf is the region of the catalog entry whose hosts are among some; "" where none is.
func regionOf(file *catalog.File, hosts []string) string {
	for _, region := range slices.Sorted(maps.Keys(file.Regions)) {
		for role, address := range file.Regions[region] {
			_, host, _ := strings.Cut(address, "://")
			if address != file.Hosts[role] && slices.Contains(hosts, host) {
				return region
			}
		}
	}
	return ""
}
