// Package rules decides what becomes of a tracking hit: which events may travel, on which
// basis, and what is left of each field.
//
// It is pure: the same hit, signals, objections, policy and time give the same verdict. It does no I/O, reads no clock
// and keeps no globals. Read takes a hit apart; [Judge] decides, minimises and assembles it; between the two, whoever
// calls looks up objections. There is one implementation of judging; explaining is that implementation with a [Trace].
// It promises that what no rule names is never forwarded.
package rules

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/scrub"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// Policy is what everything is judged by: compiled once, never changed, named by its digest.
type Policy struct {
	digest      string
	limits      Limits
	largestBody int
	trusted     []netip.Prefix
	sites       map[string]*Site // by host
	ids         []*Site
	recipients  []*Recipient
	activities  []*Activity
	purposes    []Purpose
	categories  []string // consent categories, by number
	assessments *basis.Register
	scopes      []pseudonym.Scope
	rarest      int // the largest number of networks that a profile asks for
	detectors   *scrub.Detectors
	cookies     idCookies
	origins     []origin
	anywhere    *idField // identifiers that are the same for all vendors
	overruled   []Overruled
}

// Digest names the policy: hex SHA-256 over everything that decides.
func (p *Policy) Digest() string { return p.digest }

// Limits are the bounds of one hit.
func (p *Policy) Limits() Limits { return p.limits }

// Trusted are the proxies whose X-Forwarded-For and Forwarded are believed.
func (p *Policy) Trusted() []netip.Prefix { return p.trusted }

// Site returns the site that a host name belongs to, or nil. The name is lower case and without a port.
func (p *Policy) Site(host []byte) *Site { return p.sites[string(host)] }

// Sites lists the sites in the order of the file.
func (p *Policy) Sites() []*Site { return p.ids }

// Recipients lists the vendors in the order of the file.
func (p *Policy) Recipients() []*Recipient { return p.recipients }

// Activities lists the activities in the order of the file.
func (p *Policy) Activities() []*Activity { return p.activities }

// Purposes lists the purposes; a purpose's place is its bit in [Objections].
func (p *Policy) Purposes() []Purpose { return p.purposes }

// Assessments is the register of legitimate interest assessments.
func (p *Policy) Assessments() *basis.Register { return p.assessments }

// Detectors are the sites' own detectors of personal data.
func (p *Policy) Detectors() *scrub.Detectors { return p.detectors }

// Objection returns the scopes that a scope's name stands for: a purpose's id, "vendor:ID" or "all".
func (p *Policy) Objection(scope string) (Objections, bool) {
	if scope == "all" {
		return Objections{All: true}, true
	}
	if id, ok := strings.CutPrefix(scope, "vendor:"); ok {
		for _, r := range p.recipients {
			if r.ID == id {
				return Objections{Vendors: r.bit}, true
			}
		}
		return Objections{}, false
	}
	for i := range p.purposes {
		if p.purposes[i].ID == scope {
			return Objections{Purposes: 1 << i}, true
		}
	}
	return Objections{}, false
}

// ScopeNames lists what can be objected to, as Objection reads it.
func (p *Policy) ScopeNames() []string {
	names := []string{"all"}
	for i := range p.purposes {
		names = append(names, p.purposes[i].ID)
	}
	for _, r := range p.recipients {
		names = append(names, "vendor:"+r.ID)
	}
	return names
}

// Scopes names the scopes of an objection, as Objection reads them, and behind them an opt-out that is kept.
func (p *Policy) Scopes(o Objections) []string {
	var names []string
	if o.All {
		names = append(names, "all")
	}
	for i := range p.purposes {
		if o.Purposes&(1<<i) != 0 {
			names = append(names, p.purposes[i].ID)
		}
	}
	for _, r := range p.recipients {
		if o.Vendors&r.bit != 0 {
			names = append(names, "vendor:"+r.ID)
		}
	}
	if o.KeptOptOut != 0 {
		names = append(names, KeptOptOutScope)
	}
	return names
}

// Recipient is a vendor as a policy uses it.
type Recipient struct {
	ID        string
	Prefix    string
	Catalog   *catalog.Vendor
	Upstreams map[string]string // by role of host: where it is reached
	Private   bool
	Senders   Senders // servers that may send as such
	family    string  // what keys are called that its family shares
	bit       uint64
	declared  signal.Declaration
	ids       []idField         // by the catalog's number of a field: what makes identifiers in it ones
	unknown   idField           // the same for a field that the catalog does not know
	formats   pseudonym.Formats // of ids that the vendor's SDKs make
}

// idField is what makes identifiers in a field ones; the number is the catalog's, or hit.None.
func (r *Recipient) idField(field int32) *idField {
	if field == hit.None {
		return &r.unknown
	}
	return &r.ids[field]
}

// Activity is one line of the record of processing: one rung of a vendor's ladder.
type Activity struct {
	ID         string
	Recipient  *Recipient
	PurposeIDs []string
	Basis      basis.Basis
	Assessment string
	Reference  string
	Profile    string

	purposes        uint64
	purposeKey      string // of pseudonyms that are made per purpose
	categories      signal.Categories
	gpcObjects      bool
	dntObjects      bool
	directMarketing bool
	grounded        bool          // a decision can lift an objection to it
	version         int           // of the assessment
	afterRefusal    bool          // a refused category does not deny it
	needs           []signal.Need // by purpose
	tcf             iab.Purposes
	us              signal.US
	consentMaxAge   basis.Period
	events, except  EventNames
	regions         []Region
	sites           []string
	server          bool // of hits alone that servers send
	when            Condition
	whenText        string
	sorted          []int // the numbers of its categories, in the order of their names
	plan            *plan
	refused         []*catalog.Endpoint // where the vendor would not take what the profile leaves of an event
}

// In tells whether an activity may take place where a visitor is.
func (a *Activity) In(r Region) bool { return a.regions == nil || slices.ContainsFunc(a.regions, r.In) }

// Regions are those that an activity is for; nil: all.
func (a *Activity) Regions() []Region { return a.regions }

// Speaks tells whether an activity is for events of a name.
func (a *Activity) Speaks(event string) bool { return a.events.Has(event) && !a.except.Has(event) }

// Events are the names of events that an activity is for, and those of them that it is not for.
func (a *Activity) Events() (events, except *EventNames) { return &a.events, &a.except }

// When is the condition of an activity, as it was written; "" where it has none.
func (a *Activity) When() string { return a.whenText }

// On tells whether an activity may take place on a site.
func (a *Activity) On(site string) bool { return a.sites == nil || slices.Contains(a.sites, site) }

// plan is a profile compiled for one vendor: what happens to each field, by the vendor's number of it.
type plan struct {
	profile string
	byField []*minimise.Action // nil drops
	byClass [hit.NumClasses]*minimise.Action
	set     []constant
	setOf   []int32 // by field: the constant that it is given, or None

	fieldLines []string // where the line that names a field stands, "" where none does
	classLines [hit.NumClasses]string
}

// constant is a field that is given a value.
type constant struct {
	name  string
	text  []byte
	field int32  // the vendor's number of the field, the last of them where it has several
	line  string // where it stands
}

// Says puts what a source says into words that hold no raw value: "grants analytics, refuses marketing". What the
// visitor is not known to have refused, and is not granted, it withholds.
func (p *Policy) Says(said *signal.SourceReading) string {
	var words []string
	for _, part := range [...]struct {
		what string
		of   signal.Categories
	}{
		{"grants ", said.Granted}, {"refuses ", said.Declined}, {"withholds ", said.Refused &^ said.Declined},
		{"unclear on ", said.Doubt}, {"objects to ", said.Objected},
	} {
		for n := range part.of.All {
			words = append(words, part.what+p.categories[n])
		}
	}
	if said.Service != signal.NotRefused {
		words = append(words, said.Service.String())
	}
	return strings.Join(words, ", ")
}
