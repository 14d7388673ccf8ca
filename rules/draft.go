package rules

import (
	"net/netip"
	"strings"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/scrub"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// Draft is a policy as it was read: plain data with every name resolved by whoever read it. Compile turns it into a
// [Policy]. Slices keep the order of the files: activities form ladders.
type Draft struct {
	Digest      string // names the policy: hex SHA-256 over everything that decides
	Sites       []DraftSite
	Vendors     []DraftVendor
	Purposes    []Purpose // at most 64
	Activities  []DraftActivity
	Profiles    []DraftProfile
	Detectors   *scrub.Detectors // of the sites' own; nil: none
	Assessments *basis.Register
	Limits      Limits
	// those that the operator wrote down: no vendor file goes beyond them; 0 is one that was not
	Given   catalog.Limits
	Trusted []netip.Prefix // proxies whose X-Forwarded-For and Forwarded are believed
}

// DraftSite is a set of host names whose hits belong together.
type DraftSite struct {
	ID      string
	Hosts   []string // lower case, without port
	Base    string   // "/t" or ""
	Origins []string // "https://shop.example"
	Region  RegionSource
	Vendors []string // ids; nil: all
	Signals []signal.Source
	// PhoneCountry is whose phone numbers are meant where one does not say its country, ISO 3166-1: DE; "" where nobody
	// knows.
	PhoneCountry string
}

// RegionSource says how a hit's region is known.
type RegionSource struct {
	Header      string   // a header that holds an ISO 3166-1 code; believed from trusted proxies
	Subdivision string   // a header that holds the subdivision ("CA" or "US-CA")
	Database    RegionDB // tells the region by address, where the header does not; nil: nothing does
	// Default holds where neither tells: an ISO code or a group (EU, EEA, UK, CH, US). "" is unknown, and the strictest
	// regime holds.
	Default string
}

// DraftVendor is a recipient.
type DraftVendor struct {
	ID        string
	Catalog   *catalog.File
	Prefix    string            // "/product" or ""
	Upstreams map[string]string // role of host (api, settings ...) to address
	Private   bool              // may be on a private or loopback address
	Senders   Senders
	Paths     map[string]string // endpoint's id to one more path of it

	// Compiled is Catalog with the fields that profiles name, where whoever drafts has compiled it: it is then not
	// compiled again, which takes most of the time of a Compile. One of another file or of other fields is left aside.
	Compiled *catalog.Vendor
}

// Purpose is a specific reason to process.
type Purpose struct {
	ID              string
	Title           map[string]string // by language; "" where the file names none
	Description     map[string]string
	Categories      []string // consent categories
	TCF             []int
	GPCObjects      bool // GPC counts as an objection to this purpose
	DNTObjects      bool
	DirectMarketing bool
	US              []string // sale, sharing, targeted_advertising
}

// DraftActivity is one line of the record of processing.
type DraftActivity struct {
	ID            string
	Vendor        string
	Purposes      []string
	Basis         basis.Basis
	Assessment    string
	Exemption     string
	Reference     string // the contract or law
	ConsentMaxAge basis.Period
	Profile       string
	Events        []string // names, beginnings of names ("checkout_*"), or "*"
	ExceptEvents  []string // likewise, of those the ones that it is not for
	Regions       []string
	Sites         []string
	Server        bool      // it is for hits alone that one of the vendor's Senders sends
	AfterRefusal  bool      // a refused category does not deny it; not for consent, direct marketing or a purpose with US
	When          Condition // nil: always
	WhenText      string    // that it was compiled from
}

// Condition is a compiled `when:`. Holds tells whether an activity applies to the event; an error denies the event.
// It is called from many goroutines at once.
type Condition interface {
	Holds(event EventView) (bool, error)
}

// EventView is what a [Condition] may see of an event.
type EventView interface {
	Name() string
	// Param returns the decoded value of the event's field of that name, "" where it is absent.
	Param(name string) string
}

// DraftProfile says what happens to each field.
type DraftProfile struct {
	ID      string
	Classes map[string]minimise.Spec
	Fields  map[string]map[string]minimise.Spec // by vendor, by the vendor's own name
	Set     map[string]map[string]string        // by vendor: fields given a constant value
	// where a line stands, "policy/profiles.yaml:12": classes and a class; fields or set, a
	// vendor and a name. nil: nobody knows
	Place func(path ...string) string
}

// place is where a line of the profile stands, or what it is, where nobody knows.
func (d *DraftProfile) place(path ...string) string {
	if d.Place == nil {
		return "profile " + d.ID + ": " + strings.Join(path, ".")
	}
	return d.Place(path...)
}
