package rules

import (
	"bytes"
	"net/netip"
	"slices"
	"unsafe"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/contact"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// Site is a set of host names whose hits belong together.
type Site struct {
	ID      string
	Hosts   []string
	Base    string
	Origins []string

	signals     *signal.Reader
	header      string // that holds the country
	subdivision string
	database    RegionDB
	fallback    Region
	country     *contact.Country // of phone numbers that do not say theirs; nil: nobody knows
	literal     map[string][]*Route
	slashed     map[string][]*Route // likewise, by the path with a slash more or less at its end
	patterns    []*Route
	areas       []area
	all         []*Route
}

// Route is where a path of a site leads: an endpoint of a vendor and the ladder its events are judged by.
type Route struct {
	Recipient *Recipient
	Endpoint  *catalog.Endpoint
	path      []byte // the endpoint's, where that is one path
	ladder    []*Activity
	told      []*told      // by rung: what the vendor is told of choices
	tells     bool         // any of them says something on every hit
	digests   []planDigest // by rung: what shapes an event that travels on it
	limits    Limits
}

// Resolved are the regions that a site's visitors may be taken to be in.
type Resolved struct {
	Any     bool   // a header or a database tells: any country or group, or none
	Parts   bool   // and subdivisions of countries too
	Default Region // where neither tells
}

// Regions are the regions that a site's visitors may be taken to be in.
func (s *Site) Regions() Resolved {
	return Resolved{s.header != "" || s.database != nil, s.subdivision != "" || s.database != nil, s.fallback}
}

// Leads tells whether hits of a site get to an endpoint of a vendor.
func (s *Site) Leads(to *Recipient, endpoint string) bool {
	return slices.ContainsFunc(s.all, func(r *Route) bool { return r.Recipient == to && r.Endpoint.ID == endpoint })
}

// Allows tells whether a cross-origin request of that origin belongs to the site.
func (s *Site) Allows(origin []byte) bool {
	return ascii.Listed(s.Origins, origin)
}

// Local returns the path without the site's base, or as it is where it does not lie below it.
func (s *Site) Local(path []byte) []byte {
	if s.Base != "" && len(path) > len(s.Base) && string(path[:len(s.Base)]) == s.Base && path[len(s.Base)] == '/' {
		return path[len(s.Base):]
	}
	return path
}

// Find returns the route of a path as on the wire, and the path as the vendor knows it: with or without a slash
// at its end, as the catalog has it. Known is true where the path leads somewhere but not by this method. A
// path with escapes in it leads nowhere.
func (s *Site) Find(method, path []byte) (route *Route, rest []byte, known bool) {
	path = s.Local(path)
	for _, r := range s.literal[string(path)] {
		known = true
		if r.method(method) != "" {
			return r, path[len(r.Recipient.Prefix):], true
		}
	}
	for _, r := range s.slashed[string(path)] {
		known = true
		if r.method(method) != "" {
			return r, r.path, true
		}
	}
	for _, r := range s.patterns {
		own, below := bytes.CutPrefix(path, []byte(r.Recipient.Prefix))
		if !below {
			continue
		}
		fit := r.Endpoint.Path.Fits(own)
		if fit == catalog.NoFit {
			continue
		}
		known = true
		if r.method(method) == "" {
			continue
		}
		switch fit {
		case catalog.SlashMore:
			own = own[:len(own)-1]
		case catalog.SlashLess:
			own = append(slices.Clone(own), '/')
		default:
		}
		return r, own, true
	}
	return nil, nil, known
}

// area is a part of a site's paths that is one vendor's.
type area struct {
	path  string // "/product/": it, and what is below; "/product" is in it as well
	owner *Recipient
}

// Owner tells whose a path is, known or not: the vendor's below whose prefix it lies, or in
// whose area; nil where it is nobody's.
func (s *Site) Owner(path []byte) *Recipient {
	path = s.Local(path)
	for i := range s.areas {
		a := &s.areas[i]
		if bytes.HasPrefix(path, []byte(a.path)) || string(path) == a.path[:len(a.path)-1] {
			return a.owner
		}
	}
	return nil
}

// owns notes a vendor's areas, the longest first: what is below them is nobody else's.
func (s *Site) owns(r *Recipient) {
	if r.Prefix != "" {
		s.areas = append(s.areas, area{r.Prefix + "/", r})
	} else {
		for _, path := range r.Catalog.File.Areas {
			s.areas = append(s.areas, area{path, r})
		}
	}
	slices.SortStableFunc(s.areas, func(a, b area) int { return len(b.path) - len(a.path) })
}

// method is the endpoint's own word for a method, "" where it does not take that one.
func (r *Route) method(given []byte) string {
	for _, m := range r.Endpoint.Methods {
		if m == string(given) {
			return m
		}
	}
	return ""
}

// RegionDB tells where an address is. It is called from many goroutines at once.
type RegionDB interface {
	// Place returns ISO 3166-1 and 3166-2 codes (without the country), "" where they are not known.
	// Ok is false where it could not look.
	Place(address netip.Addr) (country, part string, ok bool)
}

// Region tells where the visitor is, as far as the site can know it: by the header that a trusted proxy
// sets, else by the address, else by default. Two headers of one name, a code that is none, and a database
// that cannot be read leave it unknown.
func (s *Site) Region(r *hit.Request) Region {
	if s.header != "" && r.Trusted {
		found, said := s.byHeader(r)
		if said {
			return found
		}
	}
	if s.database != nil && r.Address.IsValid() {
		country, part, ok := s.database.Place(r.Address)
		if !ok {
			return Region{}
		}
		if !isNowhere(country) {
			var found Region
			if found.set(country) && (part == "" || found.Group != 0 || !found.setPart(part)) {
				found.Part = [3]byte{}
			}
			return found
		}
	}
	return s.fallback
}

// byHeader reads the headers of country and subdivision; said is false where they tell nothing.
func (s *Site) byHeader(r *hit.Request) (found Region, said bool) {
	value, many := r.One(s.header)
	if many {
		return Region{}, true
	}
	country := view(bytes.TrimSpace(value))
	if isNowhere(country) {
		return Region{}, false
	}
	if !found.set(country) || found.Group != 0 || s.subdivision == "" {
		return found, true
	}
	value, many = r.One(s.subdivision)
	value = bytes.TrimSpace(value)
	if len(value) > 3 && value[2] == '-' && bytes.EqualFold(value[:2], found.Country[:]) {
		value = value[3:]
	}
	if many || !found.setPart(view(value)) {
		found.Part = [3]byte{}
	}
	return found, true
}

// view is bytes as a text for as long as they are not written.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (c *compiler) sites() error {
	for i := range c.draft.Sites {
		d := &c.draft.Sites[i]
		at := "sites." + d.ID
		s := &Site{ID: d.ID, Hosts: d.Hosts, Base: d.Base, Origins: d.Origins, header: d.Region.Header,
			subdivision: d.Region.Subdivision, database: d.Region.Database, literal: map[string][]*Route{},
			slashed: map[string][]*Route{}}
		var err error
		if d.Region.Default != "" {
			if s.fallback, err = ParseRegion(d.Region.Default); err != nil {
				return wrong(at+".region.default", "%v", err)
			}
		}
		if d.PhoneCountry != "" {
			of, known := contact.FindCountry(d.PhoneCountry)
			if !known {
				return wrong(at+".phone_country", "%q is no country: DE is one", d.PhoneCountry)
			}
			s.country = &of
		}
		if s.signals, err = signal.NewReader(d.Signals, c.number); err != nil {
			return wrong(at, "%v", err)
		}
		s.signals.Numbered(i)
		if err := c.routes(s, d); err != nil {
			return err
		}
		for _, host := range d.Hosts {
			if other := c.policy.sites[host]; other != nil {
				return wrong(at, "host %q belongs to site %q as well", host, other.ID)
			}
			c.policy.sites[host] = s
		}
		c.policy.ids = append(c.policy.ids, s)
	}
	return nil
}

func (c *compiler) routes(s *Site, d *DraftSite) error {
	var all []*Route
	for _, id := range d.Vendors {
		if c.recipient(id) == nil {
			return wrong("sites."+d.ID+".vendors", "no vendor %q", id)
		}
	}
	for _, recipient := range c.policy.recipients {
		if d.Vendors != nil && !slices.Contains(d.Vendors, recipient.ID) {
			continue
		}
		for i := range recipient.Catalog.Endpoints {
			r := &Route{Recipient: recipient, Endpoint: &recipient.Catalog.Endpoints[i], ladder: c.ladders[recipient]}
			r.limits = c.draft.Limits.at(r.Endpoint, c.draft.Given)
			c.policy.largestBody = max(c.policy.largestBody, r.limits.Body)
			r.path = []byte(r.Endpoint.Path.Text)
			if err := c.tells(s, r); err != nil {
				return err
			}
			for _, other := range all {
				if other.Recipient != recipient && overlap(r, other) {
					return wrong("vendors."+recipient.ID,
						"its endpoint %s overlaps with one of %s on site %s: give one of them a prefix, such as \"prefix: /%s\"",
						recipient.Prefix+r.Endpoint.Path.Text, other.Recipient.ID, s.ID, recipient.ID)
				}
			}
			all = append(all, r)
			if r.Endpoint.Path.Literal() {
				path := recipient.Prefix + r.Endpoint.Path.Text
				s.literal[path] = append(s.literal[path], r)
				if path := r.Endpoint.Path.Slashed(); path != "" {
					s.slashed[recipient.Prefix+path] = append(s.slashed[recipient.Prefix+path], r)
				}
			} else {
				s.patterns = append(s.patterns, r)
			}
		}
		s.owns(recipient)
	}
	s.all = all
	return nil
}

func overlap(a, b *Route) bool {
	shares := slices.ContainsFunc(a.Endpoint.Methods, func(m string) bool {
		return slices.Contains(b.Endpoint.Methods, m)
	})
	p, q := a.Endpoint.Path.Under(a.Recipient.Prefix), b.Endpoint.Path.Under(b.Recipient.Prefix)
	return shares && p.Overlaps(&q)
}

// LargestBody is the most bytes that the body of any hit of the site may have.
func (s *Site) LargestBody() int {
	most := 0
	for _, r := range s.all {
		most = max(most, r.limits.Body)
	}
	return most
}
