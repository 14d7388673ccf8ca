package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/names"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// most is how many purposes and vendors a policy may have: each is a bit of an objection.
const most = 64

// CompileError says which part of a draft cannot be compiled: At is a path such as "vendors.ga4"
// or "profiles.standard.fields.ga4.cid".
type CompileError struct {
	At  string
	Msg string
}

// Error returns the place and what is wrong there.
func (e *CompileError) Error() string { return e.At + ": " + e.Msg }

func wrong(at, format string, args ...any) error {
	return &CompileError{At: at, Msg: fmt.Sprintf(format, args...)}
}

// Compile makes a policy of a draft. What it refuses is a [*CompileError].
func Compile(d *Draft) (*Policy, error) {
	c := &compiler{
		draft: d,
		policy: &Policy{digest: d.Digest, limits: d.Limits, trusted: d.Trusted, sites: map[string]*Site{},
			purposes: d.Purposes, assessments: d.Assessments, detectors: d.Detectors},
		number: map[string]int{},
		plans:  map[[2]string]*plan{},
		spaces: map[spacesKey]*spaces{},
		having: map[hasKey]bool{},
	}
	for _, step := range []func() error{c.limits, c.purposes, c.recipients, c.activities, c.scopes, c.sites, c.cookies,
		c.origins, c.digests} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return c.policy, nil
}

type compiler struct {
	draft   *Draft
	policy  *Policy
	number  map[string]int // consent categories
	plans   map[[2]string]*plan
	ladders map[*Recipient][]*Activity
	spaces  map[spacesKey]*spaces
	having  map[hasKey]bool
}

func (c *compiler) limits() error {
	l := c.draft.Limits
	if l.Body <= 0 || l.Decompressed <= 0 || l.Events <= 0 || l.Depth <= 0 || l.Fields <= 0 || l.Nodes <= 0 {
		return wrong("limits", "every limit must be greater than 0")
	}
	return nil
}

func (c *compiler) purposes() error {
	if len(c.draft.Purposes) > most {
		return wrong("purposes", "at most %d are possible", most)
	}
	for i := range c.draft.Purposes {
		for _, category := range c.draft.Purposes[i].Categories {
			if _, ok := c.number[category]; !ok {
				c.number[category] = len(c.number)
				c.policy.categories = append(c.policy.categories, category)
			}
		}
	}
	if len(c.number) > most {
		return wrong("purposes", "at most %d consent categories are possible", most)
	}
	return nil
}

func (c *compiler) recipients() error {
	if len(c.draft.Vendors) > most {
		return wrong("vendors", "at most %d are possible", most)
	}
	table := catalog.Names()
	for i := range c.draft.Vendors {
		d := &c.draft.Vendors[i]
		at := "vendors." + d.ID
		vendor, err := d.vendor(c.extra(d.ID), table)
		if err != nil {
			return wrong(at, "%v", err)
		}
		vendor.File = d.Catalog
		r := &Recipient{ID: d.ID, Prefix: d.Prefix, Catalog: vendor, Upstreams: map[string]string{}, Private: d.Private,
			Senders: d.Senders, bit: 1 << i, declared: declaration(d.ID, d.Catalog)}
		for role, address := range d.Catalog.Hosts {
			if given := d.Upstreams[role]; given != "" {
				address = given
			}
			r.Upstreams[role] = address
		}
		for role := range d.Upstreams {
			if _, ok := d.Catalog.Hosts[role]; !ok {
				return wrong(at, "the vendor has no host %q", role)
			}
		}
		if r.Upstreams["api"] == "" {
			return wrong(at, "upstream is missing: the catalog knows no default address of %s", d.Catalog.Name)
		}
		r.family = "family:" + d.Catalog.Kin()
		r.unknown = idField{spaces: c.spacesOf(d.Catalog, "")}
		for i := range vendor.Fields {
			f := &vendor.Fields[i]
			in, err := c.newIDField(d.Catalog, f.Family, f.Format, f.Exact)
			if err != nil {
				return wrong(at, "fields.%s: %v", f.Path, err)
			}
			in.hashed = f.Hashed
			r.ids = append(r.ids, in)
			if made(f.Class) && f.Family == "" {
				r.formats = r.formats.With(in.format)
			}
		}
		c.policy.recipients = append(c.policy.recipients, r)
	}
	return nil
}

// vendor is the vendor with its paths and the fields that profiles name, for the policy alone.
func (d *DraftVendor) vendor(extra []string, table *names.Table) (*catalog.Vendor, error) {
	file := d.Catalog.At(d.Paths)
	if d.Compiled != nil && d.Compiled.Of(file, extra) {
		return d.Compiled.Copy(table), nil
	}
	return catalog.Compile(file, extra, table)
}

// extra lists the fields of a vendor that profiles name.
func (c *compiler) extra(vendor string) []string {
	var names []string
	for i := range c.draft.Profiles {
		for name := range c.draft.Profiles[i].Fields[vendor] {
			names = append(names, name)
		}
		for name := range c.draft.Profiles[i].Set[vendor] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (c *compiler) recipient(id string) *Recipient {
	for _, r := range c.policy.recipients {
		if r.ID == id {
			return r
		}
	}
	return nil
}

func (c *compiler) activities() error {
	c.ladders = map[*Recipient][]*Activity{}
	for i := range c.draft.Activities {
		d := &c.draft.Activities[i]
		at := "activities." + d.ID
		r := c.recipient(d.Vendor)
		if r == nil {
			return wrong(at, "no vendor %q", d.Vendor)
		}
		a := &Activity{
			ID: d.ID, Recipient: r, PurposeIDs: d.Purposes, Basis: d.Basis, Assessment: d.Assessment, Reference: d.Reference,
			Profile:       d.Profile,
			consentMaxAge: d.ConsentMaxAge, events: EventNamesOf(d.Events), except: EventNamesOf(d.ExceptEvents),
			sites: d.Sites, when: d.When,
			server: d.Server, whenText: d.WhenText,
			afterRefusal: d.AfterRefusal,
		}
		if d.Basis == basis.None {
			return wrong(at, "no basis")
		}
		if err := c.purposesOf(a, at); err != nil {
			return err
		}
		a.grounded, a.version = c.grounded(a), c.policy.assessments.Version(a.Assessment)
		if a.afterRefusal && (a.Basis == basis.Consent || a.directMarketing || a.us != 0) {
			return wrong(at+".after_refusal",
				"consent, direct marketing and what counts as a sale under US law end with a refusal")
		}
		for _, code := range d.Regions {
			region, err := ParseRegion(code)
			if err != nil {
				return wrong(at, "%v", err)
			}
			a.regions = append(a.regions, region)
		}
		var err error
		if a.plan, err = c.plan(d.Profile, r); err != nil {
			return err
		}
		for i := range r.Catalog.Endpoints {
			if e := &r.Catalog.Endpoints[i]; slices.ContainsFunc(e.Apart, a.plan.drops) {
				a.refused = append(a.refused, e)
			}
		}
		c.ladders[r] = append(c.ladders[r], a)
		c.policy.activities = append(c.policy.activities, a)
	}
	for r, ladder := range c.ladders {
		for i := range r.Catalog.Fields {
			if !slices.ContainsFunc(ladder, func(a *Activity) bool { return a.plan.byField[i] != nil }) {
				r.Catalog.Close(i)
			}
		}
	}
	return nil
}

func (c *compiler) purposesOf(a *Activity, at string) error {
	if len(a.PurposeIDs) == 0 {
		return wrong(at, "no purpose")
	}
	for _, id := range a.PurposeIDs {
		n := slices.IndexFunc(c.draft.Purposes, func(p Purpose) bool { return p.ID == id })
		if n < 0 {
			return wrong(at, "no purpose %q", id)
		}
		p := &c.draft.Purposes[n]
		a.purposes |= 1 << n
		a.purposeKey += id + "\n"
		a.gpcObjects = a.gpcObjects || p.GPCObjects
		a.dntObjects = a.dntObjects || p.DNTObjects
		a.directMarketing = a.directMarketing || p.DirectMarketing
		for _, word := range p.US {
			kind, ok := signal.ParseUS(word)
			if !ok {
				return wrong("purposes."+id+".us", "%q is nothing that one opts out of: sale, sharing and targeted_advertising are",
					word)
			}
			a.us |= kind
		}
		need := signal.Need{TCF: iab.PurposesOf(p.TCF)}
		for _, category := range p.Categories {
			need.Categories |= signal.Categories(1) << c.number[category]
		}
		a.needs = append(a.needs, need)
		a.categories |= need.Categories
		a.tcf |= need.TCF
	}
	for n := range a.categories.All {
		a.sorted = append(a.sorted, n)
	}
	slices.SortFunc(a.sorted, func(m, n int) int {
		return strings.Compare(c.policy.categories[m], c.policy.categories[n])
	})
	return nil
}

// byDefault stands for the line of a class that is kept without being listed.
const byDefault = "by default: it says nothing about a visitor"

// plan compiles a profile for a vendor. Of classes that say nothing about a visitor,
// fields are kept without being listed.
func (c *compiler) plan(profile string, r *Recipient) (*plan, error) {
	key := [2]string{profile, r.ID}
	if p, ok := c.plans[key]; ok {
		return p, nil
	}
	n := slices.IndexFunc(c.draft.Profiles, func(p DraftProfile) bool { return p.ID == profile })
	if n < 0 {
		return nil, wrong("profiles", "no profile %q", profile)
	}
	d := &c.draft.Profiles[n]
	p := &plan{profile: profile, byField: make([]*minimise.Action, len(r.Catalog.Fields)),
		fieldLines: make([]string, len(r.Catalog.Fields))}
	at := "profiles." + profile
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		spec, listed := d.Classes[class.String()]
		if listed {
			p.classLines[class] = d.place("classes", class.String())
		} else if class.KeptByDefault() {
			spec, listed = minimise.Spec{Kind: minimise.Keep}, true
			p.classLines[class] = byDefault
		}
		if !listed {
			continue
		}
		action, err := minimise.Compile(spec, class)
		if err != nil {
			return nil, wrong(at+".classes."+class.String(), "%v", err)
		}
		p.byClass[class] = c.used(action)
	}
	for class := range p.byClass {
		p.byClass[class].Inside(p.byClass[hit.URL])
	}
	for i := range r.Catalog.Fields {
		f := &r.Catalog.Fields[i]
		p.byField[i] = p.byClass[f.Class]
		if userID := p.byClass[hit.UserID]; userID != nil && slices.Contains(f.Also, hit.UserID) {
			p.byField[i] = minimise.Both(p.byField[i], userID)
		}
		spec, listed := d.Fields[r.ID][f.Path]
		if !listed {
			continue
		}
		action, err := minimise.Compile(spec, f.Class)
		if err != nil {
			return nil, wrong(at+".fields."+r.ID+"."+f.Path, "%v", err)
		}
		p.byField[i] = c.used(action)
		p.byField[i].Inside(p.byClass[hit.URL])
		p.fieldLines[i] = d.place("fields", r.ID, f.Path)
	}
	if p.truncatesTimes(r) {
		for _, action := range p.byField {
			action.HidingTimes()
		}
		for _, action := range p.byClass {
			action.HidingTimes()
		}
	}
	for name, text := range d.Set[r.ID] {
		p.set = append(p.set, constant{name: name, text: []byte(text), line: d.place("set", r.ID, name)})
	}
	slices.SortFunc(p.set, func(a, b constant) int { return strings.Compare(a.name, b.name) })
	p.number(r)
	c.plans[key] = p
	return p, nil
}

// truncatesTimes tells whether a time of an event is cut that the vendor is sent.
func (p *plan) truncatesTimes(r *Recipient) bool {
	if p.byClass[hit.Timestamp].Kind() == minimise.Truncate {
		return true
	}
	for i := range r.Catalog.Fields {
		if r.Catalog.Fields[i].Class == hit.Timestamp && p.byField[i].Kind() == minimise.Truncate {
			return true
		}
	}
	return false
}

// number notes which fields the constants are.
func (p *plan) number(r *Recipient) {
	p.setOf = make([]int32, len(r.Catalog.Fields))
	for i := range p.setOf {
		p.setOf[i] = hit.None
		for c := range p.set {
			if r.Catalog.Fields[i].Path == p.set[c].name {
				p.setOf[i], p.set[c].field = int32(c), int32(i)
			}
		}
	}
}

// drops tells whether nothing is left of a field of the vendor, and no constant stands in its place.
func (p *plan) drops(field int32) bool {
	return p.byField[field] == nil && p.setOf[field] == hit.None
}

// used gives the one form of dropping there is, no action, and notes what an action asks for.
func (c *compiler) used(a *minimise.Action) *minimise.Action {
	if a.Kind() == minimise.Drop {
		return nil
	}
	k, _ := a.Rarity()
	c.policy.rarest = max(c.policy.rarest, k)
	return a
}
