package rules_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// smallDraft is a policy with two vendors, whose files say little.
func smallDraft() *rules.Draft {
	d := &rules.Draft{
		Digest: "test", Limits: rules.Limits{Body: 1 << 20, Decompressed: 8 << 20, Events: 1000, Depth: 64,
			Fields: 2000, Nodes: 200_000},
		Sites: []rules.DraftSite{{ID: "shop", Hosts: []string{"shop.example"}, Base: "/t",
			Origins: []string{"https://shop.example"}}},
		Purposes: []rules.Purpose{{ID: "audience", Categories: []string{"analytics"}},
			{ID: "ads", Categories: []string{"marketing"}, US: []string{"sale"}}},
		Profiles:   []rules.DraftProfile{{ID: "standard", Classes: firstPart}},
		Activities: []rules.DraftActivity{rung("a", basis.Consent)},
	}
	for _, id := range []string{"ga4", "one"} {
		d.Vendors = append(d.Vendors, rules.DraftVendor{ID: id, Prefix: "/" + id, Catalog: &catalog.File{
			ID: id, Name: strings.ToUpper(id), Hosts: map[string]string{"api": "https://" + id + ".example", "settings": ""},
			Event:  []catalog.NameRule{{Field: "e"}},
			Fields: map[string]catalog.Field{"e": {Class: "event_name"}, "u": {Class: "user_id"}, "c": {Class: "custom"}},
			Endpoints: []catalog.EndpointFile{{ID: "get", Methods: []string{"GET", "POST"}, Path: "/x",
				Events: []string{"query"}, Query: "event", Answer: catalog.AnswerFile{Status: 204}}},
		}})
	}
	return d
}

// TestWhatCannotBeCompiled: each thing that is wrong with a draft is refused at its
// place and in words that say what is wrong.
func TestWhatCannotBeCompiled(t *testing.T) {
	t.Parallel()
	if _, err := rules.Compile(smallDraft()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want   string
		change func(d *rules.Draft)
	}{
		{"limits: every limit must be greater than 0", func(d *rules.Draft) { d.Limits.Body = 0 }},
		{"limits: every limit must be greater than 0", func(d *rules.Draft) { d.Limits.Decompressed = 0 }},
		{"limits: every limit must be greater than 0", func(d *rules.Draft) { d.Limits.Events = 0 }},
		{"limits: every limit must be greater than 0", func(d *rules.Draft) { d.Limits.Depth = -1 }},
		{"limits: every limit must be greater than 0", func(d *rules.Draft) { d.Limits.Fields = 0 }},
		{"limits: every limit must be greater than 0", func(d *rules.Draft) { d.Limits.Nodes = 0 }},
		{"vendors.one: upstream is missing: the catalog knows no default address of ONE", func(d *rules.Draft) {
			d.Vendors[1].Catalog.Hosts["api"] = ""
		}},
		{`vendors.one: the vendor has no host "cdn"`, func(d *rules.Draft) {
			d.Vendors[1].Upstreams = map[string]string{"cdn": "https://x.example"}
		}},
		{`vendors.one: fields.u: "roman" is no format of an identifier`, func(d *rules.Draft) {
			d.Vendors[1].Catalog.Fields["u"] = catalog.Field{Class: "user_id", Format: "roman"}
		}},
		{`vendors.one: `, func(d *rules.Draft) { d.Vendors[1].Catalog.Endpoints[0].Path = "x" }},
		{"activities.a: no basis", func(d *rules.Draft) { d.Activities[0].Basis = basis.None }},
		{`activities.a: no vendor "x"`, func(d *rules.Draft) { d.Activities[0].Vendor = "x" }},
		{"activities.a: no purpose", func(d *rules.Draft) { d.Activities[0].Purposes = nil }},
		{`activities.a: no purpose "x"`, func(d *rules.Draft) { d.Activities[0].Purposes = []string{"ads", "x"} }},
		{`activities.a: "X" is no region`, func(d *rules.Draft) { d.Activities[0].Regions = []string{"DE", "X"} }},
		{`profiles: no profile "x"`, func(d *rules.Draft) { d.Activities[0].Profile = "x" }},
		{`purposes.ads.us: "lease" is nothing that one opts out of: sale, sharing and targeted_advertising are`,
			func(d *rules.Draft) {
				d.Activities[0].Purposes, d.Purposes[1].US = []string{"ads"}, []string{"sale", "lease"}
			}},
		{"profiles.standard.classes.custom: ", func(d *rules.Draft) {
			d.Profiles[0].Classes = map[string]minimise.Spec{"custom": {Kind: minimise.Generalise, Generalise: "family"}}
		}},
		{"profiles.standard.fields.ga4.c: ", func(d *rules.Draft) {
			d.Profiles[0].Fields = map[string]map[string]minimise.Spec{
				"ga4": {"c": {Kind: minimise.Generalise, Generalise: "family"}}}
		}},
		{`sites.shop.region.default: "X" is no region`, func(d *rules.Draft) { d.Sites[0].Region.Default = "X" }},
		{"sites.shop: ", func(d *rules.Draft) { d.Sites[0].Signals = make([]signal.Source, 40) }},
		{`sites.shop.vendors: no vendor "x"`, func(d *rules.Draft) { d.Sites[0].Vendors = []string{"one", "x"} }},
		{`sites.blog: host "shop.example" belongs to site "shop" as well`, func(d *rules.Draft) {
			d.Sites = append(d.Sites, rules.DraftSite{ID: "blog", Hosts: []string{"blog.example", "shop.example"}})
		}},
		{`vendors.one: its endpoint /x overlaps with one of ga4 on site shop: give one of them a prefix, such as "prefix: /one"`,
			func(d *rules.Draft) {
				d.Vendors[0].Prefix, d.Vendors[1].Prefix = "", ""
			}},
	} {
		d := smallDraft()
		c.change(d)
		p, err := rules.Compile(d)
		of, ok := errors.AsType[*rules.CompileError](err)
		if !ok || p != nil || !strings.HasPrefix(of.Error(), c.want) || of.Error() != of.At+": "+of.Msg || of.Msg == "" {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// TestAsManyAsThereAreBits: 64 purposes, categories and vendors are possible, and each is
// told from the others; one more is not.
func TestAsManyAsThereAreBits(t *testing.T) {
	t.Parallel()
	for _, n := range []int{64, 65} {
		for what, change := range map[string]func(d *rules.Draft){
			"purposes: at most 64 are possible": func(d *rules.Draft) {
				for i := len(d.Purposes); i < n; i++ {
					d.Purposes = append(d.Purposes, rules.Purpose{ID: fmt.Sprint("p", i)})
				}
			},
			"purposes: at most 64 consent categories are possible": func(d *rules.Draft) {
				for i := 2; i < n; i++ {
					d.Purposes[0].Categories = append(d.Purposes[0].Categories, fmt.Sprint("c", i), "analytics")
				}
			},
			"vendors: at most 64 are possible": func(d *rules.Draft) {
				for i := len(d.Vendors); i < n; i++ {
					v := d.Vendors[1]
					v.ID, v.Prefix = fmt.Sprint("v", i), fmt.Sprint("/v", i)
					d.Vendors = append(d.Vendors, v)
				}
			},
		} {
			d := smallDraft()
			change(d)
			p, err := rules.Compile(d)
			switch {
			case n == 65 && (err == nil || err.Error() != what):
				t.Errorf("%v, want %s", err, what)
			case n == 64 && err != nil:
				t.Errorf("%s: %v", what, err)
			case n == 64:
				seen := map[rules.Objections]bool{}
				for _, name := range p.ScopeNames() {
					o, ok := p.Objection(name)
					if !ok || seen[o] || !o.Any() {
						t.Errorf("%s is %+v, %t", name, o, ok)
					}
					seen[o] = true
				}
			}
		}
	}
}

// TestWhatAPolicyIsMadeOf: what the draft says, where others ask for it.
func TestWhatAPolicyIsMadeOf(t *testing.T) {
	t.Parallel()
	d := smallDraft()
	d.Vendors[1].Upstreams, d.Vendors[1].Private = map[string]string{"api": "http://10.0.0.1",
		"settings": "https://s.example"}, true
	d.Sites = append(d.Sites, rules.DraftSite{ID: "blog", Hosts: []string{"blog.example", "www.blog.example"},
		Vendors: []string{"one"}, Origins: []string{"https://blog.example"}})
	d.Activities[0].Purposes = []string{"ads", "audience"}
	p := compile(t, d)
	if p.Digest() != "test" || p.Limits() != d.Limits || p.LargestBody() != 64<<10 || p.Rarest() != 0 ||
		p.Assessments() != d.Assessments || len(p.Purposes()) != 2 {
		t.Errorf("%s, %+v, %d", p.Digest(), p.Limits(), p.LargestBody())
	}
	one := recipient(t, p, "one")
	if want := map[string]string{"api": "http://10.0.0.1", "settings": "https://s.example"}; !maps.Equal(one.Upstreams,
		want) || !one.Private || one.Prefix != "/one" {
		t.Errorf("%+v", one.Upstreams)
	}
	if want := map[string]string{"api": "https://ga4.example", "settings": ""}; !maps.Equal(
		recipient(t, p, "ga4").Upstreams, want) || recipient(t, p, "ga4").Private {
		t.Errorf("%+v", recipient(t, p, "ga4").Upstreams)
	}
	for host, id := range map[string]string{"shop.example": "shop", "blog.example": "blog", "www.blog.example": "blog",
		"x.example": ""} {
		if s := p.Site([]byte(host)); (s == nil) != (id == "") || s != nil && s.ID != id {
			t.Errorf("%s is of %+v", host, s)
		}
	}
	shop, blog := p.Sites()[0], p.Sites()[1]
	if !blog.Allows([]byte("https://blog.example")) || blog.Allows([]byte("https://shop.example")) ||
		shop.Allows([]byte("https://blog.example")) || blog.Allows(nil) {
		t.Error("origins")
	}
	for _, c := range []struct {
		site         *rules.Site
		method, path string
		vendor, rest string
		known        bool
		owner        string
	}{
		{shop, "GET", "/t/ga4/x", "ga4", "/x", true, "ga4"}, {shop, "POST", "/t/ga4/x/", "ga4", "/x", true, "ga4"},
		{shop, "PUT", "/t/ga4/x", "", "", true, "ga4"},
		{shop, "PUT", "/t/ga4/x/", "", "", true, "ga4"}, {shop, "get", "/t/ga4/x", "", "", true, "ga4"},
		{shop, "GET", "/ga4/x", "ga4", "/x", true, "ga4"},
		{shop, "GET", "/t/one/x", "one", "/x", true, "one"}, {shop, "GET", "/t/one/y", "", "", false, "one"},
		{shop, "GET", "/t/one", "", "", false, "one"},
		{shop, "GET", "/t/ones", "", "", false, ""}, {shop, "GET", "/t", "", "", false, ""},
		{shop, "GET", "/t/", "", "", false, ""}, {shop, "GET", "/tt/one/x", "", "", false, ""},
		{shop, "GET", "/t/t/one/x", "", "", false, ""}, {shop, "GET", "/", "", "", false, ""},
		{shop, "GET", "", "", "", false, ""},
		{blog, "GET", "/one/x", "one", "/x", true, "one"}, {blog, "GET", "/ga4/x", "", "", false, ""},
		{blog, "GET", "/t/one/x", "", "", false, ""},
	} {
		found, rest, known := c.site.Find([]byte(c.method), []byte(c.path))
		vendor, owner := "", ""
		if found != nil {
			vendor = found.Recipient.ID
		}
		if o := c.site.Owner([]byte(c.path)); o != nil {
			owner = o.ID
		}
		if vendor != c.vendor || string(rest) != c.rest || known != c.known || owner != c.owner {
			t.Errorf("%s of %s: %s %s, known %t, of %q", c.path, c.site.ID, vendor, rest, known, owner)
		}
	}
	var names []string
	for _, a := range p.Activities() {
		names = append(names, a.ID)
	}
	if !slices.Equal(names, []string{"a"}) || !slices.Equal(p.ScopeNames(), []string{"all", "audience", "ads",
		"vendor:ga4", "vendor:one"}) {
		t.Errorf("%v, %v", names, p.ScopeNames())
	}
	all := rules.Objections{All: true, Purposes: 3, Vendors: 3}
	if got := p.Scopes(all); !slices.Equal(got, p.ScopeNames()) {
		t.Errorf("%v", got)
	}
}
