package promise_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/promise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
)

var now = time.Date(2026, 5, 4, 12, 30, 0, 0, time.UTC)

// recorded is a hit of a real SDK.
type recorded struct {
	vendor string
	text   []byte
}

// recordings are the golden hits of the catalog.
var recordings = sync.OnceValue(func() (all []recorded) {
	files, err := filepath.Glob("../catalog/testdata/*/*.http")
	if err != nil || len(files) == 0 {
		panic("no golden hits")
	}
	slices.Sort(files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		vendor := filepath.Base(filepath.Dir(file))
		all = append(all, recorded{vendor, text})
		if more := named(text); !bytes.Equal(more, text) {
			all = append(all, recorded{vendor, more})
		}
	}
	return all
})

// named adds to a hit what a site may call things by itself, with values to match.
func named(text []byte) []byte {
	text = bytes.Replace(text, []byte("&en="), []byte("&ep.email=a%40b.example&ep.phone=%2B493012345678&"+
		"ep.link=https%3A%2F%2Fa.example%2Fx%3Fy%3D1&up.first_name=Jane&ep.ip_address=203.0.113.9&ep.lat=52.1&en="), 1)
	for _, member := range []string{"properties", "traits", "context", "data", "custom_data"} {
		text = bytes.Replace(text, []byte(`"`+member+`":{`),
			[]byte(`"`+member+`":{"email":"a@b.example","phone":"+493012345678",`+
				`"link":"https://a.example/x?y=1","meta":"{\"user_id\":\"u1\",\"city\":\"Berlin\"}","birthday":"1990-01-02",`+
				`"health":{"diagnosis":"x"},"ip_address":"203.0.113.9",`), 1)
	}
	return text
}

// vendors are those of the recordings, compiled once.
var vendors = sync.OnceValue(func() map[string]*catalog.Vendor {
	all := map[string]*catalog.Vendor{}
	for _, of := range recordings() {
		file, known := catalog.Builtin(of.vendor)
		if !known || all[of.vendor] != nil {
			continue
		}
		v, err := catalog.Compile(file, nil, catalog.Names())
		if err != nil {
			panic(err)
		}
		all[of.vendor] = v
	}
	return all
})

// request is a recording as a server gets it, of a visitor who said yes.
func (r *recorded) request() hit.Request {
	head, body, _ := bytes.Cut(bytes.ReplaceAll(r.text, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	parts := strings.Fields(lines[0])
	path, query, _ := strings.Cut(parts[1], "?")
	q := hit.Request{
		Method: []byte(parts[0]), Host: []byte("shop.example"), Path: []byte("/" + r.vendor + path), Query: []byte(query),
		Body: bytes.TrimSuffix(body, []byte("\n")), Address: netip.MustParseAddr("203.0.113.77"), Trusted: true,
	}
	for _, line := range append(lines[1:], `Cookie: c={"analytics":"yes"}`) {
		name, value, _ := strings.Cut(line, ":")
		if !strings.EqualFold(name, "Host") {
			q.Headers = append(q.Headers, hit.Header{Name: []byte(name), Value: []byte(strings.TrimSpace(value))})
		}
	}
	return q
}

// specs are ways to treat a value.
var specs = func() []minimise.Spec {
	keep, scrub := minimise.Spec{Kind: minimise.Keep}, minimise.Spec{Kind: minimise.Scrub}
	all := []minimise.Spec{
		keep, keep, scrub, {Kind: minimise.URL}, {Kind: minimise.Pseudonymise}, {Kind: minimise.Hash, Hash: "sha256"},
		{Kind: minimise.Pseudonymise, Pseudonymise: minimise.PseudonymiseSpec{Rotate: "week"}},
		{Kind: minimise.Derive, Derive: "daily_visitor"}, {Kind: minimise.Replace, Replace: "x"}, {Kind: minimise.Drop},
		{Kind: minimise.Only, Only: []string{"a", "1"}}, {Kind: minimise.Rare, Rare: minimise.RareSpec{K: 5}},
	}
	for _, text := range []string{"family", "origin", "primary", "bucket", "major", "region", "country", "year"} {
		all = append(all, minimise.Spec{Kind: minimise.Generalise, Generalise: text})
	}
	for _, bits := range []int{8, 16, 24} {
		all = append(all, minimise.Spec{Kind: minimise.Truncate, Truncate: minimise.TruncateSpec{V4: new(bits),
			V6: new(2 * bits)}})
	}
	for _, text := range []string{"minute", "hour", "day"} {
		all = append(all, minimise.Spec{Kind: minimise.Truncate, Truncate: minimise.TruncateSpec{To: text}})
	}
	return append(all, minimise.Spec{Kind: minimise.Truncate, Truncate: minimise.TruncateSpec{Chars: new(5)}})
}()

// specFor is a way to treat values of a class.
func specFor(r *rand.Rand, class hit.Class) (minimise.Spec, bool) {
	for range 20 {
		spec := specs[r.IntN(len(specs))]
		if _, err := minimise.Compile(spec, class); err == nil {
			return spec, true
		}
	}
	return minimise.Spec{}, false
}

// anyOf is up to n of a list.
func anyOf[T any](r *rand.Rand, list []T, n int) (chosen []T) {
	for range 1 + r.IntN(n) {
		chosen = append(chosen, list[r.IntN(len(list))])
	}
	return chosen
}

var eventNames = []string{"*", "*", "page_view", "page*", "p*", "purchase", "*", "view*", "$pageview", "pageview",
	"PageView", "page", "click"}

// draftOf makes a policy by chance: two rungs for each vendor, each with a profile of its own.
func draftOf(r *rand.Rand) *rules.Draft {
	d := &rules.Draft{
		Digest: "test", Limits: rules.Limits{Body: 1 << 20, Decompressed: 8 << 20, Events: 1000, Depth: 64,
			Fields: 2000, Nodes: 200_000},
		Purposes: []rules.Purpose{{ID: "audience", Categories: []string{"analytics"}},
			{ID: "errors", Categories: []string{"analytics"}}},
		Sites: []rules.DraftSite{{ID: "shop", Hosts: []string{"shop.example"},
			Region: rules.RegionSource{Header: "CF-IPCountry", Default: []string{"", "EU", "DE", "US-CA"}[r.IntN(4)]},
			Signals: []signal.Source{{Kind: signal.Own, Cookie: "c", JSON: "analytics", Category: "analytics",
				Granted: []string{"yes"}, Refused: []string{"no"}}}}},
	}
	for _, id := range catalog.BuiltinIDs() {
		v := vendors()[id]
		if v == nil {
			continue
		}
		upstreams := map[string]string{}
		for role, address := range v.File.Hosts {
			if address == "" {
				upstreams[role] = "https://" + role + ".example"
			}
		}
		d.Vendors = append(d.Vendors, rules.DraftVendor{ID: id, Catalog: v.File, Prefix: "/" + id,
			Upstreams: upstreams, Compiled: v})
		for i, b := range []basis.Basis{basis.Consent, basis.Contract} {
			profile := fmt.Sprintf("%s-%d", id, i)
			d.Activities = append(d.Activities, rules.DraftActivity{
				ID: profile, Vendor: id, Purposes: anyOf(r, []string{"audience"}, 1), Basis: b, Reference: "x", Profile: profile,
				Events: anyOf(r, eventNames, 3),
			})
			if r.IntN(3) == 0 {
				d.Activities[len(d.Activities)-1].ExceptEvents = anyOf(r, []string{"page_view", "purchase", "pa*", "$*"}, 2)
			}
			if r.IntN(3) == 0 {
				d.Activities[len(d.Activities)-1].Purposes = []string{"audience", "errors"}
			}
			d.Profiles = append(d.Profiles, profileOf(r, profile, v))
		}
	}
	return d
}

// profileOf makes a profile by chance, with lines for some of a vendor's own fields.
func profileOf(r *rand.Rand, id string, v *catalog.Vendor) rules.DraftProfile {
	p := rules.DraftProfile{ID: id, Classes: map[string]minimise.Spec{},
		Fields: map[string]map[string]minimise.Spec{v.File.ID: {}}, Set: map[string]map[string]string{v.File.ID: {}}}
	dropped := 1 + r.IntN(4)
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		if spec, ok := specFor(r, class); ok && r.IntN(dropped+1) < 2 {
			p.Classes[class.String()] = spec
		}
	}
	for i := range v.Fields {
		f := &v.Fields[i]
		if strings.ContainsAny(f.Path, ".*[{ -") || f.Class == hit.Container || r.IntN(30) > 0 {
			continue
		}
		if r.IntN(8) == 0 {
			p.Set[v.File.ID][f.Path] = "x"
		}
		p.Fields[v.File.ID][f.Path] = []minimise.Spec{ // that are for every class
			{Kind: minimise.Keep}, {Kind: minimise.Only, Only: []string{"a", "1"}}, {Kind: minimise.Replace, Replace: "x"}, {},
		}[r.IntN(4)]
	}
	return p
}

// conditionOf makes a condition by chance.
func conditionOf(r *rand.Rand, p *rules.Policy) (c promise.Condition) {
	if r.IntN(3) > 0 {
		for range 1 + r.IntN(6) {
			c.Classes |= rules.ClassesOf(1 + hit.Class(r.IntN(int(hit.NumClasses)-1)))
		}
	}
	if r.IntN(3) == 0 {
		for range 1 + r.IntN(4) {
			c.Vendors = append(c.Vendors, p.Recipients()[r.IntN(len(p.Recipients()))].ID)
		}
	}
	if r.IntN(4) == 0 {
		c.Bases = anyOf(r, []basis.Basis{basis.Consent, basis.Contract, basis.OptOut}, 2)
	}
	if r.IntN(4) == 0 {
		c.Events = rules.EventNamesOf(anyOf(r, eventNames, 2))
	}
	if r.IntN(4) == 0 {
		c.Purposes = anyOf(r, []string{"audience", "errors"}, 2)
	}
	if r.IntN(4) == 0 {
		for _, code := range anyOf(r, []string{"DE", "EU", "US", "US-CA", "FR", "CH"}, 2) {
			region, _ := rules.ParseRegion(code)
			c.Regions = append(c.Regions, region)
		}
	}
	if r.IntN(5) == 0 {
		for _, code := range anyOf(r, []string{"DE", "EEA", "US", "outside-EEA"}, 2) {
			country, _ := promise.ParseCountry(code)
			c.Countries = append(c.Countries, country)
		}
	}
	if r.IntN(3) == 0 {
		spec := specs[r.IntN(len(specs))]
		c.LooserThan = promise.NewMinimiser(spec, r.IntN(2) == 0)
	}
	if r.IntN(4) == 0 {
		of := p.Recipients()[r.IntN(len(p.Recipients()))].Catalog.Fields
		c.Fields = append(c.Fields, of[r.IntN(len(of))].Path)
	}
	return c
}

// agree makes a policy and promises by chance, and holds what the proof says against hits that are judged. It returns
// how many promises were kept, of how many broken ones a hit showed the very way, and how often hits broke one.
func agree(t *testing.T, seed uint64) (kept, shown, breaches int) {
	r := rand.New(rand.NewPCG(seed, 1))
	p, err := rules.Compile(draftOf(r))
	if err != nil {
		t.Fatal(err)
	}
	where := func(a *rules.Activity) []promise.Place {
		return [][]promise.Place{nil, {{Country: "DE"}}, {{Country: "US"}}, {{Country: "DE"}, {Country: "US"}}}[len(a.ID)%4]
	}
	promises := make([]promise.Promise, 60)
	for i := range promises {
		promises[i] = promise.Promise{ID: strconv.Itoa(i), Never: conditionOf(r, p)}
		if unless := conditionOf(r, p); r.IntN(2) == 0 && !unless.IsEmpty() {
			promises[i].Unless = &unless
		}
	}
	for _, vendor := range p.Recipients() { // one class at one vendor: what breaks it is often one thing alone
		for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
			promises = append(promises, promise.Promise{ID: vendor.ID + " " + class.String(),
				Never: promise.Condition{Vendors: []string{vendor.ID}, Classes: rules.ClassesOf(class)}})
		}
	}
	proofs := promise.Prove(p, promises, where)
	ways := map[string]bool{}
	if len(p.Recipients()) < 10 {
		t.Fatal("too few vendors have golden hits")
	}
	state := pseudonym.TestRoot.State(now)
	keys := rules.KeysOf(&state, p)
	may := newPossible(p)
	for i := range recordings() {
		of := &recordings()[i]
		if i%2 == 0 {
			of = &recorded{of.vendor, opened(r, of.text)}
		}
		q := of.request()
		if country := []string{"", "DE", "FR", "US", "GB", "XX"}[r.IntN(6)]; country != "" {
			q.Headers = append(q.Headers, hit.Header{Name: []byte("CF-IPCountry"), Value: []byte(country)})
		}
		x, err := p.Explain(&rules.Question{Request: q, At: now, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		region := rules.Region{}
		if x.Region != "" {
			if region, err = rules.ParseRegion(x.Region); err != nil {
				t.Fatal(err)
			}
		}
		h := promise.Hit{Site: x.Site, Region: region, Left: x.Left}
		if fault := may.fault(x); fault != "" {
			t.Errorf("seed %d: hit %d of %s: %s", seed, i, of.vendor, fault)
		}
		broken := map[string]promise.Violation{}
		for _, v := range promise.BrokenBy(promises, &h, where) {
			broken[v.Promise] = v
		}
		for j := range proofs {
			proof := &proofs[j]
			v, is := broken[proof.Promise.ID]
			if is {
				breaches++
			}
			if is && proof.State != promise.Broken {
				t.Errorf("seed %d: promise %s is %s, and hit %d of %s breaks it: %+v\n%+v unless %+v", seed, proof.Promise.ID,
					proof.State, i, of.vendor, v, proof.Promise.Never, proof.Promise.Unless)
			}
			if is && proof.State == promise.Broken && v.Field == proof.Counter.Field && v.Activity == proof.Counter.Activity.ID {
				ways[proof.Promise.ID] = true
			}
			if !is && proof.State == promise.Broken && shows(&h, proof.Counter, x) {
				t.Errorf("seed %d: hit %d of %s shows %v, and breaks nothing", seed, i, of.vendor, proof.Counter)
			}
		}
	}
	for j := range proofs {
		if proofs[j].State != promise.Broken {
			kept++
		}
	}
	return kept, len(ways), breaches
}

// shows tells whether a hit is what a counter-example says.
func shows(h *promise.Hit, c *promise.Counter, x *rules.Explanation) bool {
	if h.Region.String() != c.Region || x.Endpoint != c.Endpoint || c.Named || c.Inside ||
		strings.ContainsAny(c.Event, "…") {
		return false
	}
	for i := range h.Left {
		l := &h.Left[i]
		for _, e := range l.Events {
			if l.Field == c.Field && e.Activity == c.Activity && e.Name == c.Event && l.Action == c.Action && l.By == c.By {
				return true
			}
		}
	}
	return false
}

// TestProofAndEngineAgree: whenever the proof says kept, no judged hit breaks the promise; and what it says of broken
// ones is what hits show.
func TestProofAndEngineAgree(t *testing.T) {
	t.Parallel()
	kept, shown, breaches := 0, 0, 0
	for seed := range uint64(3) {
		k, s, b := agree(t, seed)
		kept, shown, breaches = kept+k, shown+s, breaches+b
	}
	t.Logf("%d promises are kept, the ways of %d are shown, %d times a hit breaks one", kept, shown, breaches)
	if kept < 500 || shown < 100 || breaches < 3000 {
		t.Error("the policies and promises show too little")
	}
}

// FuzzAgreement is TestProofAndEngineAgree with policies and promises that nobody chose.
func FuzzAgreement(f *testing.F) {
	for _, seed := range []uint64{93, 110} { // constants in place of addresses; and of fields of other endpoints
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { agree(t, seed) })
}
