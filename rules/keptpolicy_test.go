package rules_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/scrub"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// edit is a change of a policy, and whether it changes what shapes an event that waits, or what its facts stand for.
type edit struct {
	what  string
	other bool
	do    func(*rules.Draft)
}

// activities changes every activity of a draft.
func activities(change func(*rules.DraftActivity)) func(*rules.Draft) {
	return func(d *rules.Draft) {
		d.Activities = slices.Clone(d.Activities)
		for i := range d.Activities {
			change(&d.Activities[i])
		}
	}
}

// profiles changes the profile that activities go by.
func profiles(change func(*rules.DraftProfile)) func(*rules.Draft) {
	return func(d *rules.Draft) {
		d.Profiles = slices.Clone(d.Profiles)
		of := &d.Profiles[0]
		of.Classes, of.Fields = maps.Clone(of.Classes), maps.Clone(of.Fields)
		change(of)
	}
}

// sites changes the site.
func sites(change func(*rules.DraftSite)) func(*rules.Draft) {
	return func(d *rules.Draft) {
		d.Sites = slices.Clone(d.Sites)
		d.Sites[0].Signals = slices.Clone(d.Sites[0].Signals)
		change(&d.Sites[0])
	}
}

// vendors changes every vendor.
func vendors(change func(*rules.DraftVendor)) func(*rules.Draft) {
	return func(d *rules.Draft) {
		d.Vendors = slices.Clone(d.Vendors)
		for i := range d.Vendors {
			v := &d.Vendors[i]
			v.Upstreams = maps.Clone(v.Upstreams)
			file := *v.Catalog
			v.Catalog = &file
			change(v)
		}
	}
}

// purposes changes every purpose.
func purposes(change func(*rules.Purpose)) func(*rules.Draft) {
	return func(d *rules.Draft) {
		d.Purposes = slices.Clone(d.Purposes)
		for i := range d.Purposes {
			d.Purposes[i].Categories = slices.Clone(d.Purposes[i].Categories)
			change(&d.Purposes[i])
		}
	}
}

var edits = []edit{
	{"nothing", false, func(*rules.Draft) {}},
	{"its digest", false, func(d *rules.Draft) { d.Digest = "another" }},
	{"no activity", true, func(d *rules.Draft) { d.Activities = nil }},
	{"their order", false, func(d *rules.Draft) {
		d.Activities = slices.Clone(d.Activities)
		slices.Reverse(d.Activities)
	}},
	{"their purposes", true, activities(func(a *rules.DraftActivity) { a.Purposes = []string{"other"} })},
	{"one more purpose", true, activities(func(a *rules.DraftActivity) {
		a.Purposes = append(slices.Clip(a.Purposes), "other")
	})},
	{"their basis", true, activities(func(a *rules.DraftActivity) {
		if a.Reference = "law"; a.Basis == basis.Contract {
			a.Basis = basis.LegalObligation
		} else {
			a.Basis = basis.Contract
		}
	})},
	{"their condition", true, activities(func(a *rules.DraftActivity) {
		a.When, a.WhenText = whenFunc(func(rules.EventView) (bool, error) { return true, nil }), "true"
	})},
	{"their events", false, activities(func(a *rules.DraftActivity) { a.Events = []string{"a", "page_view"} })},
	{"their regions", false, activities(func(a *rules.DraftActivity) { a.Regions = []string{"EU", "US-CA"} })},
	{"their sites", false, activities(func(a *rules.DraftActivity) { a.Sites = []string{"another"} })},
	{"their senders", false, activities(func(a *rules.DraftActivity) { a.Server = true })},
	{"the age of a consent", false, activities(func(a *rules.DraftActivity) {
		a.ConsentMaxAge = basis.Period{Days: 100}
	})},
	{"the law that they name", false, activities(func(a *rules.DraftActivity) {
		if a.Reference != "" {
			a.Reference = "another law"
		}
	})},
	{"no assessments", false, func(d *rules.Draft) { d.Assessments = basis.NewRegister(nil, nil, basis.Past{}) }},
	{"the profile's name", false, func(d *rules.Draft) {
		d.Profiles = slices.Clone(d.Profiles)
		d.Profiles[0].ID = "renamed"
		activities(func(a *rules.DraftActivity) { a.Profile = "renamed" })(d)
	}},
	{"a class of the profile", true, profiles(func(p *rules.DraftProfile) {
		p.Classes["timestamp"] = minimise.Spec{Kind: minimise.Truncate, Truncate: minimise.TruncateSpec{To: "day"}}
	})},
	{"a class that it keeps no more", true, profiles(func(p *rules.DraftProfile) { delete(p.Classes, "url") })},
	{"a class that it keeps from now on", true, profiles(func(p *rules.DraftProfile) { p.Classes["email"] = keep })},
	{"a parameter", true, profiles(func(p *rules.DraftProfile) {
		p.Classes["url"] = minimise.Spec{Kind: minimise.URL, URL: minimise.URLSpec{Query: []string{"utm_source"}}}
	})},
	{"a field", true, profiles(func(p *rules.DraftProfile) {
		p.Fields = map[string]map[string]minimise.Spec{"ga4": {"dl": keep}, "segment": {"event": scrubbed}}
	})},
	{"a constant", true, profiles(func(p *rules.DraftProfile) {
		p.Set = map[string]map[string]string{"ga4": {"npa": "1"}, "segment": {"zz": "1"}}
	})},
	{"another profile", true, activities(func(a *rules.DraftActivity) { a.Profile = "all" })},
	{"a profile that nobody uses", false, func(d *rules.Draft) { d.Profiles = d.Profiles[:1] }},
	{"the categories of purposes", true, purposes(func(p *rules.Purpose) { p.Categories = append(p.Categories, "more") })},
	{"one more purpose, before all others", false, func(d *rules.Draft) {
		d.Purposes = append([]rules.Purpose{{ID: "new", Categories: []string{"a", "b", "zz"}}}, d.Purposes...)
	}},
	{"their order among purposes", false, func(d *rules.Draft) {
		d.Purposes = slices.Clone(d.Purposes)
		slices.Reverse(d.Purposes)
	}},
	{"purposes of the TCF", true, purposes(func(p *rules.Purpose) { p.TCF = []int{7, 9} })},
	{"GPC and DNT", false, purposes(func(p *rules.Purpose) { p.GPCObjects, p.DNTObjects = !p.GPCObjects, !p.DNTObjects })},
	{"direct marketing", false, purposes(func(p *rules.Purpose) { p.DirectMarketing = !p.DirectMarketing })},
	{"their titles", false, purposes(func(p *rules.Purpose) { p.Title = map[string]string{"": "another"} })},
	{"one more source", true, sites(func(s *rules.DraftSite) {
		s.Signals = append(s.Signals, signal.Source{Kind: signal.AdditionalConsent})
	})},
	{"one source less", true, sites(func(s *rules.DraftSite) { s.Signals = s.Signals[:len(s.Signals)-1] })},
	{"what a source means", true, sites(func(s *rules.DraftSite) { s.Signals[3].Granted = []string{"yes", "maybe"} })},
	{"the site", true, sites(func(s *rules.DraftSite) { s.ID = "another" })},
	{"the country of phone numbers", true, sites(func(s *rules.DraftSite) { s.PhoneCountry = "DE" })},
	{"the site's vendors", true, sites(func(s *rules.DraftSite) { s.Vendors = []string{"matomo"} })},
	{"the site's origins", false, sites(func(s *rules.DraftSite) { s.Origins = []string{"https://a.example"} })},
	{"the host of vendors", false, vendors(func(v *rules.DraftVendor) { v.Upstreams["api"] = "https://another.example" })},
	{"what vendors are called in banners", true, vendors(func(v *rules.DraftVendor) {
		v.Catalog.Services = []string{"another"}
	})},
	{"the vendors' place in IAB's list", true, vendors(func(v *rules.DraftVendor) { v.Catalog.IAB = 12 })},
	{"one more path", false, vendors(func(v *rules.DraftVendor) {
		v.Paths = map[string]string{v.Catalog.Endpoints[0].ID: "/another"}
	})},
	{"a vendor's field", true, vendors(func(v *rules.DraftVendor) {
		v.Catalog.Fields = maps.Clone(v.Catalog.Fields)
		v.Catalog.Fields["brand_new"] = catalog.Field{Class: "client_id"}
	})},
	{"detectors", true, func(d *rules.Draft) {
		d.Detectors, _ = scrub.Compile([]scrub.Rule{{Label: "customer_no", Pattern: `C-[0-9]{6}`}})
	}},
	{"limits", false, func(d *rules.Draft) { d.Limits.Events = 7 }},
}

// TestWhatAChangeOfThePolicyEnds: an event that waits is dropped where what shaped it is another by now, or what its
// facts stand for; where it is not, what is put together anew of the hit are the same bytes.
func TestWhatAChangeOfThePolicyEnds(t *testing.T) {
	t.Parallel()
	hits := map[string]string{
		"ga4": "GET /g/collect?v=2&tid=G-1&cid=1234567890.1700000000&uid=cust-1&dl=https%3A%2F%2Fshop.example%2F&en=page_view HTTP/1.1\n\n",
		"segment": "POST /v1/t HTTP/1.1\nContent-Type: application/json\n\n" +
			`{"type":"track","event":"a","userId":"u1","anonymousId":"a","writeKey":"k","properties":{"url":"https://shop.example/?a=b"}}`,
	}
	for vendor, text := range hits {
		d := draft(rules.DraftActivity{})
		d.Activities = []rules.DraftActivity{
			{ID: vendor, Vendor: vendor, Purposes: []string{"audience"}, Basis: basis.Consent, Profile: "standard",
				Events: []string{"*"}},
		}
		d.Purposes = append(d.Purposes, rules.Purpose{ID: "other", Categories: []string{"elsewhere"}})
		p := compile(t, d)
		r := request(t, text, vendor, yes)
		j := judged(p, r, rules.Inputs{Now: now, Keys: keysOf(p)}, nil)
		if j == nil || !j.Out.Forward {
			t.Fatalf("%s: it does not leave", vendor)
		}
		k := keptOf(t, j)
		if err := k.LookUp(known{}); err != nil {
			t.Fatal(err)
		}
		for _, e := range edits {
			changed := *d
			e.do(&changed)
			later := compile(t, &changed)
			got := k.Judge(later, 0, rules.Moment{Now: now})
			if k.SamePlan(later, 0) == e.other || e.other && got != rules.PolicyChanged {
				t.Errorf("%s, %s: the plan is the same: %t; %v", vendor, e.what, k.SamePlan(later, 0), got)
			}
			if e.other {
				continue
			}
			anew := judged(later, r, rules.Inputs{Now: now, Keys: keysOf(later)}, nil)
			if anew == nil || !anew.Out.Forward {
				continue
			}
			if string(anew.Out.Query) != string(j.Out.Query) || string(anew.Out.Body) != string(j.Out.Body) ||
				len(anew.Out.Headers) != len(j.Out.Headers) {
				t.Errorf("%s, %s: other bytes of the same plan: %s %s", vendor, e.what, anew.Out.Query, anew.Out.Body)
			}
		}
	}
}
