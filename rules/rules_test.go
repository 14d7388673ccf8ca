package rules_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// now is the time of every test.
var now = time.Date(2026, 5, 4, 12, 30, 0, 0, time.UTC)

var (
	keep    = minimise.Spec{Kind: minimise.Keep}
	daily   = minimise.Spec{Kind: minimise.Pseudonymise}
	urlSpec = minimise.Spec{Kind: minimise.URL,
		URL: minimise.URLSpec{Query: []string{"utm_source", "utm_medium", "utm_campaign"}}}
	origin    = minimise.Spec{Kind: minimise.Generalise, Generalise: "origin"}
	family    = minimise.Spec{Kind: minimise.Generalise, Generalise: "family"}
	primary   = minimise.Spec{Kind: minimise.Generalise, Generalise: "primary"}
	bucket    = minimise.Spec{Kind: minimise.Generalise, Generalise: "bucket"}
	hour      = minimise.Spec{Kind: minimise.Truncate, Truncate: minimise.TruncateSpec{To: "hour"}}
	prefix    = minimise.Spec{Kind: minimise.Truncate, Truncate: minimise.TruncateSpec{V4: new(16), V6: new(32)}}
	scrubbed  = minimise.Spec{Kind: minimise.Scrub}
	firstPart = map[string]minimise.Spec{
		"event_name": keep, "client_id": daily, "session_id": daily, "device_id": daily, "url": urlSpec, "referrer": origin,
		"page_title": scrubbed, "user_agent": family, "ip": prefix, "timestamp": hour, "revenue": keep, "language": primary,
		"screen": bucket, "consent_signal": keep, "event_id": keep, "interaction": keep, "product": scrubbed,
	}
)

// draftOf is a policy with consent to one vendor alone, own, which has a file of the test's.
func draftOf(t testing.TB, vendor string) *rules.Draft {
	t.Helper()
	file, err := catalog.Parse([]byte(vendor))
	if err != nil {
		t.Fatal(err)
	}
	d := draft(rung("a", basis.Consent, func(a *rules.DraftActivity) { a.Vendor = "own" }))
	d.Vendors = []rules.DraftVendor{{ID: "own", Catalog: file, Prefix: "/own"}}
	return d
}

// draftOfClasses is draftOf a vendor with a field of each class, v_ and its name, in a query or a body of JSON.
func draftOfClasses(t testing.TB) *rules.Draft {
	t.Helper()
	var fields strings.Builder
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		fmt.Fprintf(&fields, "  v_%v: { class: %v }\n", class, class)
	}
	return draftOf(t, `
id: own
name: Own
hosts: { api: "https://own.example" }
event: [{ field: e }]
fields:
  e: { class: event_name, required: true }
`+fields.String()+`
endpoints:
  - { id: get, methods: [GET], path: /x, events: [query], query: event, answer: { status: 204 } }
  - { id: post, methods: [POST], path: /x, body: [json], events: [body], answer: { status: 204 } }
`)
}

// draft is a policy with every built-in vendor on one site: consent first, then whatever rungs are given for each.
func draft(rungs ...rules.DraftActivity) *rules.Draft {
	d := &rules.Draft{
		Digest: "test",
		Limits: rules.Limits{Body: 1 << 20, Decompressed: 8 << 20, Events: 1000, Depth: 64, Fields: 2000, Nodes: 200_000},
		Sites: []rules.DraftSite{{
			ID: "shop", Hosts: []string{"shop.example"}, Base: "/t", Origins: []string{"https://shop.example"},
			Region: rules.RegionSource{Header: "CF-IPCountry", Default: "EU"},
			Signals: []signal.Source{
				{Kind: signal.GPC}, {Kind: signal.DNT}, {Kind: signal.ConsentMode},
				{Kind: signal.Own, Cookie: "site_consent", JSON: "analytics", Category: "analytics", Granted: []string{"yes"},
					Refused: []string{"no"}},
			},
		}},
		Purposes: []rules.Purpose{
			{ID: "audience", Categories: []string{"analytics"}},
			{ID: "ads", Categories: []string{"marketing"}, GPCObjects: true, DirectMarketing: true, US: []string{"sale"}},
		},
		Profiles: []rules.DraftProfile{
			{ID: "standard", Classes: maps.Clone(firstPart)},
			{ID: "all", Classes: everything()},
		},
	}
	for _, id := range catalog.BuiltinIDs() {
		v := compiled()[id]
		f, upstreams := v.File, map[string]string{} // a test that changes the file copies it
		for role, address := range f.Hosts {
			if address == "" {
				upstreams[role] = "https://" + role + "." + strings.ReplaceAll(id, "_", "-") + ".example"
			}
		}
		d.Vendors = append(d.Vendors, rules.DraftVendor{ID: id, Catalog: f, Prefix: "/" + id,
			Upstreams: upstreams, Compiled: v})
		if len(rungs) == 0 {
			d.Activities = append(d.Activities, rules.DraftActivity{
				ID: id + "-consent", Vendor: id, Purposes: []string{"audience"}, Basis: basis.Consent, Profile: "standard",
				Events: []string{"*"},
			})
		}
	}
	d.Activities = append(d.Activities, rungs...)
	return d
}

// compiled are the built-in vendors, compiled once for all tests: most are about what a policy makes of them.
var compiled = sync.OnceValue(func() map[string]*catalog.Vendor {
	all := map[string]*catalog.Vendor{}
	for _, file := range catalog.Builtins() {
		v, err := catalog.Compile(file, nil, catalog.Names())
		if err != nil {
			panic(err)
		}
		all[file.ID] = v
	}
	return all
})

// everything keeps every class.
func everything() map[string]minimise.Spec {
	all := map[string]minimise.Spec{}
	for c := hit.Unknown + 1; c < hit.NumClasses; c++ {
		all[c.String()] = keep
	}
	return all
}

func compile(t testing.TB, d *rules.Draft) *rules.Policy {
	t.Helper()
	p, err := rules.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// request reads a raw request with LF line ends. Its path gets the vendor's prefix.
func request(t testing.TB, text, vendor string, more ...string) hit.Request {
	t.Helper()
	head, body, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	lines := strings.Split(head, "\n")
	parts := strings.Fields(lines[0])
	path, query, _ := strings.Cut(parts[1], "?")
	r := hit.Request{
		Method: []byte(parts[0]), Host: []byte("shop.example"), Path: []byte("/t/" + vendor + path), Query: []byte(query),
		Body: []byte(strings.TrimSuffix(body, "\n")), Address: netip.MustParseAddr("203.0.113.77"), Trusted: true,
	}
	for _, line := range append(lines[1:], more...) {
		name, value, _ := strings.Cut(line, ":")
		if !strings.EqualFold(name, "Host") {
			r.Headers = append(r.Headers, hit.Header{Name: []byte(name), Value: []byte(strings.TrimSpace(value))})
		}
	}
	return r
}

const yes = `Cookie: site_consent={"analytics":"yes"}`

// stateNow is the key state at now: making it takes a step for each day since 2020.
var stateNow = sync.OnceValue(func() pseudonym.State { return pseudonym.TestRoot.State(now) })

func keysOf(p *rules.Policy) *rules.Keys {
	state := stateNow()
	return rules.KeysOf(&state, p)
}

func explain(t testing.TB, p *rules.Policy, r hit.Request, objections ...string) *rules.Explanation {
	t.Helper()
	x, err := p.Explain(&rules.Question{Request: r, Objections: objections, At: now, Keys: keysOf(p)})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func read(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestConsentedPageView(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	text := "GET /g/collect?v=2&tid=G-1&cid=1234567890.1700000000&dl=https%3A%2F%2Fshop.example%2Faccount%2F12345%3Femail%3Djane.doe%2540example.com%26utm_source%3Dx&en=page_view&uid=cust-1&zz=unknown HTTP/1.1\nHost: shop.example\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36\n\n"
	if x := explain(t, p, request(t, text, "ga4")); x.Forward != nil || x.Events[0].Reason != "no_consent" {
		t.Errorf("without consent: %+v", x)
	}
	x := explain(t, p, request(t, text, "ga4", yes))
	if x.Forward == nil {
		t.Fatalf("with consent: %+v", x)
	}
	for _, gone := range []string{"1234567890.1700000000", "jane", "cust-1", "unknown", "12345%"} {
		if around, found := sent(t, x).Find(gone); found {
			t.Errorf("%q leaves %s", gone, around)
		}
	}
	for _, there := range []string{"/g/collect?v=2&tid=G-1&cid=", "en=page_view", "utm_source%3Dx", "account%2F%3Aid"} {
		if !strings.Contains(x.Forward.URL, there) {
			t.Errorf("%q is not in %s", there, x.Forward.URL)
		}
	}
	t.Logf("%s %v", x.Forward.URL, x.Forward.Headers)
	if x := explain(t, p, request(t, text, "ga4", yes), "vendor:ga4"); x.Forward != nil ||
		x.Events[0].Reason != "objection" {
		t.Errorf("with an objection: %+v", x)
	}
}

// TestKeptWholeIsIdentical: where nothing is dropped and nothing found, what leaves is byte for byte what came.
func TestKeptWholeIsIdentical(t *testing.T) {
	t.Parallel()
	d := draft()
	for i := range d.Activities {
		d.Activities[i].Profile = "all"
	}
	for i := range d.Purposes {
		d.Purposes[i].Categories = []string{"analytics"} // so that no stated consent is lowered
	}
	p := compile(t, d)
	whole := 0
	eachGolden(t, func(t *testing.T, vendor, text string) {
		r := request(t, text, vendor, yes, "CF-IPCountry: DE")
		r.Address = netip.Addr{}
		x := explain(t, p, r)
		if x.Forward == nil {
			t.Fatalf("nothing is forwarded: %s %+v", x.Reason, x.Events)
		}
		fields := slices.Clone(x.Shared)
		for _, e := range x.Events {
			fields = append(fields, e.Fields...)
		}
		if slices.ContainsFunc(fields, func(f rules.ExplainedField) bool {
			return !strings.HasPrefix(f.Path, "header ") && (!f.Sent || f.After != f.Before)
		}) {
			return
		}
		whole++
		_, query, _ := strings.Cut(x.Forward.URL, "?")
		body := []byte(x.Forward.Body)
		if x.Forward.BodyBase64 != "" {
			var err error
			if body, err = base64.StdEncoding.DecodeString(x.Forward.BodyBase64); err != nil {
				t.Fatal(err)
			}
		}
		if query != string(r.Query) || !bytes.Equal(body, r.Body) {
			t.Errorf("came\n%s\n%s\nleft\n%s\n%s", r.Query, r.Body, query, body)
		}
	})
	t.Logf("%d hits left whole", whole)
	if whole < 10 {
		t.Error("hardly any hit is kept whole: the test shows nothing")
	}
}

// TestSeals: a checksum that was right for what came is not sent with what is left; where it is
// dropped, or nothing changes, all is well.
func TestSeals(t *testing.T) {
	t.Parallel()
	file, err := catalog.Parse([]byte(`
id: sealed
name: Sealed
hosts: { api: "https://sealed.example" }
event: [{ field: e }]
fields:
  e:   { class: event_name }
  uid: { class: user_id }
  sum: { class: technical, seals: true }
endpoints:
  - { id: get, methods: [GET], path: /x, events: [query], query: event, answer: { status: 204 } }
  - { id: post, methods: [POST], path: /x, events: [body], body: [form], answer: { status: 204 } }
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		query  string
		fields map[string]minimise.Spec
		want   string
	}{
		{"e=view&sum=1", nil, "e=view&sum=1"},
		{"e=view&uid=7&sum=1", nil, ""},
		{"e=view&uid=7", nil, "e=view"},
		{"e=view&uid=7&sum=1", map[string]minimise.Spec{"sum": {Kind: minimise.Drop}}, "e=view"},
	} {
		d := draft(rung("a", basis.Consent, func(a *rules.DraftActivity) { a.Vendor = "sealed" }))
		d.Vendors = append(d.Vendors, rules.DraftVendor{ID: "sealed", Catalog: file, Prefix: "/sealed"})
		d.Profiles[0].Fields = map[string]map[string]minimise.Spec{"sealed": c.fields}
		x := explain(t, compile(t, d), request(t, "GET /x?"+c.query+" HTTP/1.1\nHost: shop.example\n\n", "sealed", yes))
		// In a body, with a query that has nothing in it.
		posted := explain(t, compile(t, d),
			request(t, "POST /x HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\n"+c.query, "sealed", yes))
		if c.want == "" && (posted.Forward != nil || posted.Reason != "sealed") || c.want != "" &&
			(posted.Forward == nil || posted.Forward.Body != c.want) {
			t.Errorf("%s in a body: %s %+v", c.query, posted.Reason, posted.Forward)
		}
		switch {
		case c.want == "" && (x.Forward != nil || x.Reason != "sealed"):
			t.Errorf("%s: %s %+v", c.query, x.Reason, x.Forward)
		case c.want != "" && (x.Forward == nil || !strings.HasSuffix(x.Forward.URL, "?"+c.want)):
			t.Errorf("%s: %s %+v", c.query, x.Reason, x.Forward)
		}
	}
}

func eachGolden(t *testing.T, each func(t *testing.T, vendor, text string)) {
	t.Helper()
	for _, id := range catalog.BuiltinIDs() {
		files, err := os.ReadDir("catalog/testdata/" + id)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f.Name(), ".http") {
				continue
			}
			t.Run(id+"/"+f.Name(), func(t *testing.T) { each(t, id, read(t, "catalog/testdata/"+id+"/"+f.Name())) })
		}
	}
}
