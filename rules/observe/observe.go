package observe

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/names"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/replay"
	"github.com/tagwarden/tagwarden/rules/scrub"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// scanHost is the one host of the policy that hits are taken apart by: it has every vendor of the catalog, and forwards
// nothing.
const scanHost = "scan.invalid"

// Scanner gathers personal data of recorded hits.
type Scanner struct {
	policy    *rules.Policy
	keys      *rules.Keys
	at        time.Time
	hosts     map[string][]string // of vendors: the names below which the catalog's default hosts are
	kin       map[string]bool     // of vendors: it is of another's family, and speaks its language
	hits      int
	vendors   map[string]*Vendor
	found     map[place]*Finding
	names     *names.Table
	addresses *minimise.Action // what a path is treated with, to be shown

	judged *rules.Explanation // the hit that is looked at, by somebody's policy; nil: by none
}

// place is what findings are counted by.
type place struct{ vendor, field, class, kind string }

// New makes a scanner that takes hits apart by every vendor of the catalog, as of a time.
func New(at time.Time) (*Scanner, error) {
	s := &Scanner{at: at, hosts: map[string][]string{}, kin: map[string]bool{}, vendors: map[string]*Vendor{},
		found: map[place]*Finding{}, names: names.New()}
	d := &rules.Draft{
		Digest: "scan",
		Limits: rules.Limits{Body: 16 << 20, Decompressed: 64 << 20, Events: 10_000, Depth: 64, Fields: 100_000,
			Nodes: 1_000_000},
		Sites:       []rules.DraftSite{{ID: "scan", Hosts: []string{scanHost}}},
		Purposes:    []rules.Purpose{{ID: "none", Categories: []string{"none"}}},
		Profiles:    []rules.DraftProfile{{ID: "none"}},
		Assessments: basis.NewRegister(nil, nil, basis.Past{}),
	}
	for _, id := range catalog.BuiltinIDs() {
		file, _ := catalog.Builtin(id)
		upstreams := map[string]string{}
		s.kin[id] = file.Family != ""
		for role, address := range file.Hosts {
			if u, err := url.Parse(address); err == nil && u.Host != "" {
				s.hosts[id] = append(s.hosts[id], domain(u.Host))
			} else {
				upstreams[role] = "https://" + scanHost
			}
		}
		d.Vendors = append(d.Vendors, rules.DraftVendor{ID: id, Catalog: file, Prefix: "/" + id, Upstreams: upstreams})
		d.Activities = append(d.Activities, rules.DraftActivity{ID: id, Vendor: id, Purposes: []string{"none"},
			Basis: basis.Consent, Profile: "none", Events: []string{"*"}})
	}
	var err error
	if s.policy, err = rules.Compile(d); err != nil {
		return nil, err
	}
	if s.addresses, err = minimise.Compile(minimise.Spec{Kind: minimise.URL}, hit.URL); err != nil {
		return nil, err
	}
	s.keys = rules.NewKeys(pseudonym.TestRoot, s.policy, at)
	return s, nil
}

// domain returns the last two names of a host, without its port.
func domain(host string) string {
	host, _, _ = strings.Cut(strings.ToLower(host), ":")
	parts := strings.Split(host, ".")
	return strings.Join(parts[max(0, len(parts)-2):], ".")
}

// Hit looks at one recorded hit.
func (s *Scanner) Hit(r *replay.Request) error {
	if r.Method == "OPTIONS" {
		return nil
	}
	q, fault := readRequest(r)
	if fault != "" {
		return fmt.Errorf("%s:%d: %s", r.File, r.Line, fault)
	}
	s.hits++
	seen := sight{Scanner: s, at: Source{r.File, r.Line}}
	id, x := s.recognise(q, r.Text)
	seen.vendor = id
	if x == nil {
		seen.vendor = strings.ToLower(q.host)
	}
	v := s.vendors[seen.vendor]
	if v == nil {
		v = &Vendor{Name: seen.vendor, Known: x != nil}
		s.vendors[seen.vendor] = v
	}
	v.Hits++
	if x != nil {
		seen.explained(x)
	} else {
		seen.unknown(q)
	}
	seen.headers(q.headers)
	return nil
}

// request is a recorded request, taken apart.
type request struct {
	host    string
	url     *url.URL
	headers map[string][]string // by canonical name
	body    []byte
}

// readRequest takes a request apart, and says what is wrong with one that cannot be.
func readRequest(r *replay.Request) (q *request, fault string) {
	const unreadable = "the request cannot be read: a method, a target and headers are wanted"
	q = &request{headers: map[string][]string{}, body: r.Body}
	var err error
	if q.url, err = url.ParseRequestURI(r.Target); err != nil || strings.Contains(r.Target, " ") || !isToken(r.Method) {
		return nil, unreadable
	}
	for _, h := range r.Headers {
		first, _, _ := strings.Cut(h[0], " ")
		if !isToken(first) || !isToken(strings.ReplaceAll(h[0], " ", "")) { // as much as net/http takes
			return nil, unreadable
		}
		name := textproto.CanonicalMIMEHeaderKey(h[0])
		if name == "Content-Length" || name == "Transfer-Encoding" {
			continue // the body is here whole
		}
		q.headers[name] = append(q.headers[name], strings.Trim(h[1], " \t"))
	}
	named := q.headers["Host"]
	if len(named) > 1 {
		return nil, unreadable
	}
	delete(q.headers, "Host")
	if q.host = q.url.Host; q.host == "" && len(named) > 0 {
		q.host = named[0]
	}
	return q, ""
}

// header is the first of the headers of that name, "" where there is none.
func (q *request) header(name string) string {
	if all := q.headers[name]; len(all) > 0 {
		return all[0]
	}
	return ""
}

// isToken tells whether a text is what methods and names of headers are made of.
func isToken(text string) bool {
	for i := range len(text) {
		if !ascii.IsToken(text[i]) {
			return false
		}
	}
	return text != ""
}

// recognise finds the vendor that a hit is for: one whose endpoint has the hit's path, perhaps behind a prefix, and
// whose fields can be read from it. Of several, one whose host it was sent to goes first, and the head of a family
// before its kin.
func (s *Scanner) recognise(q *request, text []byte) (id string, x *rules.Explanation) {
	request, refused, err := wire.ParseRequest(text, netip.AddrFrom4([4]byte{192, 0, 2, 1}), nil)
	if err != nil || refused {
		return "", nil
	}
	ids := catalog.BuiltinIDs()
	at := domain(q.host)
	slices.SortStableFunc(ids, func(a, b string) int {
		return cmp.Or(order(slices.Contains(s.hosts[b], at))-order(slices.Contains(s.hosts[a], at)),
			order(s.kin[a])-order(s.kin[b]))
	})
	request.Host = []byte(scanHost)
	path := string(request.Path)
	for range 3 {
		for _, id := range ids {
			request.Path = []byte("/" + id + path)
			if route, _, _ := s.policy.Site(request.Host).Find(request.Method, request.Path); route == nil {
				continue
			}
			x, err := s.policy.Explain(&rules.Question{Request: request, At: s.at, Keys: s.keys})
			if err == nil && x.Reason == "" {
				return id, x
			}
		}
		next := strings.Index(path[min(1, len(path)):], "/")
		if next < 0 {
			break
		}
		path = path[next+1:]
	}
	return "", nil
}

func order(first bool) int {
	if first {
		return 1
	}
	return 0
}

// sight is a look at one hit.
type sight struct {
	*Scanner
	vendor string
	at     Source

	path, whole string // the field that is looked at, and its value
}

// explained looks at the fields that the catalog knows, and at those that it does not.
func (s *sight) explained(x *rules.Explanation) {
	all := slices.Clone(x.Shared)
	for i := range x.Events {
		all = append(all, x.Events[i].Fields...)
	}
	for i := range all {
		class, _ := hit.ParseClass(all[i].Class)
		s.value(all[i].Path, class, all[i].Before)
	}
}

// elements are the places of elements in lists.
var elements = regexp.MustCompile(`\[[0-9]+\]`)

// named are the classes that say by themselves that a person is spoken of.
var named = []hit.Class{hit.Email, hit.Phone, hit.PersonName, hit.BirthDate, hit.PostalAddress, hit.PreciseGeo}

// byName are the kinds that the name of a field may tell.
var byName = scrub.Of(scrub.Name, scrub.BirthDate, scrub.Phone, scrub.Token, scrub.NationalID, scrub.Hash, scrub.Geo)

// value looks at one field: at its name, and at its value by the class and with the name as its label.
func (s *sight) value(field string, class hit.Class, value string) {
	s.path, s.whole = field, value
	var none *scrub.Detectors
	field = elements.ReplaceAllString(field, "[]")
	clean, inName := none.Append(nil, []byte(field), scrub.All)
	if inName != 0 {
		for _, f := range none.Locate([]byte(field), scrub.All) {
			s.add("name of "+string(clean), class, f.Label, field[f.Start:f.End])
		}
	}
	if value == "" {
		return
	}
	want := minimise.Scanned(class)
	list := none.Locate([]byte(value), want)
	for _, f := range list {
		s.add(string(clean), class, f.Label, value[f.Start:f.End])
	}
	if len(list) > 0 {
		return
	}
	if key := lastName(string(clean)); want.Has(scrub.Phone) && key != "" {
		for _, f := range none.Locate([]byte(key+"="+value), byName) {
			if from := f.Start - len(key) - 1; from >= 0 {
				s.add(string(clean), class, f.Label, value[from:f.End-len(key)-1])
				return
			}
		}
	}
	if slices.Contains(named, class) {
		s.add(string(clean), class, class.String(), value)
		return
	}
	if says := s.says(string(clean), class, value); says != hit.Unknown {
		s.add(string(clean), class, says.String(), value)
	}
}

// ofSites are the classes of fields that sites give names to.
var ofSites = []hit.Class{hit.Unknown, hit.Container, hit.Custom, hit.UserTrait, hit.Product, hit.Interaction}

// personal are the classes that a name may say a field is of, and that are a person's.
var personal = []hit.Class{
	hit.Email, hit.Phone, hit.PersonName, hit.BirthDate, hit.PostalAddress, hit.PreciseGeo, hit.UserID, hit.Gender,
	hit.Credential, hit.Sensitive,
}

// says is what the name of a field says that it holds of a person; Unknown where that is nothing, or where it is only
// said whether there is something.
func (s *sight) says(field string, class hit.Class, value string) hit.Class {
	switch value {
	case "true", "false", "null", "undefined":
		return hit.Unknown
	}
	if !slices.Contains(ofSites, class) || strings.HasPrefix(field, "cookie ") || strings.HasPrefix(field, "header ") {
		return hit.Unknown
	}
	field = strings.TrimRight(field, "[]0123456789")
	at := strings.LastIndexAny(field, ". ?]") + 1
	says := s.names.Class([]byte(strings.TrimRight(field[:at], ". ?[]0123456789")), []byte(field[at:]), false)
	if !slices.Contains(personal, says) {
		return hit.Unknown
	}
	return says
}

// lastName is what the last part of a field's path is called: "user.firstName" and "cookie firstName" are called
// firstName.
func lastName(field string) string {
	field = strings.TrimRight(field, "[]0123456789")
	return field[strings.LastIndexAny(field, ". ?]")+1:]
}

func (s *sight) add(field string, class hit.Class, kind, text string) {
	key := place{s.vendor, field, class.String(), kind}
	p := s.found[key]
	if p == nil {
		p = &Finding{Vendor: s.vendor, Field: field, Class: class.String(), Kind: kind, Where: s.at}
		s.found[key] = p
	}
	p.Count++
	if fate := s.fate(text); fate != "" {
		if p.Fates == nil {
			p.Fates = map[string]int{}
		}
		p.Fates[fate]++
	}
	if sample := Masked(text); len(p.Samples) < maxSamples && !slices.Contains(p.Samples, sample) {
		p.Samples = append(p.Samples, sample)
	}
}
