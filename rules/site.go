package rules

import (
	"bytes"
	"net/netip"
	"slices"
	"unsafe"

	"github.com/tagwarden/tagwarden/rules/catalog"
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
	places      Places
	fallback    Region
	literal     map[string][]*Route
	patterns    []*Route
}

// Route is where a path of a site leads: an endpoint of a vendor and the ladder its events are judged by.
type Route struct {
	Recipient *Recipient
	Endpoint  *catalog.Endpoint
	ladder    []*Activity
	limits    Limits
}

// Allows tells whether a cross-origin request of that origin belongs to the site.
func (s *Site) Allows(origin []byte) bool {
	return slices.Contains(s.Origins, string(origin))
}

// Local returns the path without the site's base, or as it is where it does not lie below it.
func (s *Site) Local(path []byte) []byte {
	if s.Base != "" && len(path) > len(s.Base) && string(path[:len(s.Base)]) == s.Base && path[len(s.Base)] == '/' {
		return path[len(s.Base):]
	}
	return path
}

// Find returns the route of a path as on the wire, and the path as the vendor knows it. Known is true where the path leads somewhere
// but not by this method. A path with escapes in it leads nowhere.
func (s *Site) Find(method, path []byte) (route *Route, rest []byte, known bool) {
	path = s.Local(path)
	for _, r := range s.literal[string(path)] {
		known = true
		if r.method(method) != "" {
			return r, path[len(r.Recipient.Prefix):], true
		}
	}
	for _, r := range s.patterns {
		prefix := r.Recipient.Prefix
		if !bytes.HasPrefix(path, []byte(prefix)) || !r.Endpoint.Path.Matches(path[len(prefix):]) {
			continue
		}
		known = true
		if r.method(method) != "" {
			return r, path[len(prefix):], true
		}
	}
	return nil, nil, known
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

// Places tells where an address is. It is called from many goroutines at once.
type Places interface {
	// Place returns ISO 3166-1 and 3166-2 codes (without the country), "" where they are not known.
	Place(address netip.Addr) (country, part string)
}

// Region tells where the visitor is, as far as the site can know it: by the header that a trusted proxy sets, else by the address, else
// by default. Two headers of one name leave it unknown.
func (s *Site) Region(r *hit.Request) Region {
	if s.header != "" && r.Trusted {
		found, said := s.byHeader(r)
		if said {
			return found
		}
	}
	if s.places != nil && r.Address.IsValid() {
		country, part := s.places.Place(r.Address)
		var found Region
		if found.setCountry(country) {
			if part != "" && !found.setPart(part) {
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
	if !found.setCountry(view(bytes.TrimSpace(value))) {
		return Region{}, false
	}
	if s.subdivision == "" {
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
		s := &Site{ID: d.ID, Hosts: d.Hosts, Base: d.Base, Origins: d.Origins, header: d.Region.Header, subdivision: d.Region.Subdivision, places: d.Region.Places, literal: map[string][]*Route{}}
		var err error
		if d.Region.Default != "" {
			if s.fallback, err = ParseRegion(d.Region.Default); err != nil {
				return wrong(at+".region.default", "%v", err)
			}
		}
		if s.signals, err = signal.NewReader(d.Signals, c.number); err != nil {
			return wrong(at, "%v", err)
		}
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
			for _, other := range all {
				if other.Recipient != recipient && overlap(r, other) {
					return wrong("vendors."+recipient.ID, "its endpoint %s overlaps with one of %s on site %s: give one of them a prefix, such as \"prefix: /%s\"",
						recipient.Prefix+r.Endpoint.Path.Text, other.Recipient.ID, s.ID, recipient.ID)
				}
			}
			all = append(all, r)
			if r.Endpoint.Path.Literal() {
				path := recipient.Prefix + r.Endpoint.Path.Text
				s.literal[path] = append(s.literal[path], r)
			} else {
				s.patterns = append(s.patterns, r)
			}
		}
	}
	return nil
}

func overlap(a, b *Route) bool {
	shares := slices.ContainsFunc(a.Endpoint.Methods, func(m string) bool { return slices.Contains(b.Endpoint.Methods, m) })
	p, err := catalog.ParsePattern(a.Recipient.Prefix + a.Endpoint.Path.Text)
	q, err2 := catalog.ParsePattern(b.Recipient.Prefix + b.Endpoint.Path.Text)
	return shares && (err != nil || err2 != nil || p.Overlaps(&q))
}
