package promise_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/names"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// keeping is a policy that lets a vendor have what no catalog names, and what is of some classes.
func keeping(t *testing.T, v *catalog.Vendor, classes ...string) *rules.Policy {
	t.Helper()
	upstreams := map[string]string{}
	for role, address := range v.File.Hosts {
		if address == "" {
			upstreams[role] = "https://" + role + ".example"
		}
	}
	profile := rules.DraftProfile{ID: "p", Classes: map[string]minimise.Spec{}}
	for _, class := range classes {
		profile.Classes[class] = minimise.Spec{Kind: minimise.Keep}
	}
	p, err := rules.Compile(&rules.Draft{
		Digest: "test", Limits: rules.Limits{Body: 1 << 20, Decompressed: 8 << 20, Events: 1000, Depth: 64,
			Fields: 2000, Nodes: 200_000},
		Purposes: []rules.Purpose{{ID: "audience", Categories: []string{"analytics"}}},
		Sites:    []rules.DraftSite{{ID: "shop", Hosts: []string{"shop.example"}, Region: rules.RegionSource{Default: "DE"}}},
		Vendors:  []rules.DraftVendor{{ID: v.File.ID, Catalog: v.File, Prefix: "/v", Upstreams: upstreams, Compiled: v}},
		Activities: []rules.DraftActivity{{ID: "a", Vendor: v.File.ID, Purposes: []string{"audience"}, Basis: basis.Contract,
			Reference: "x", Profile: "p", Events: []string{"*"}}},
		Profiles: []rules.DraftProfile{profile},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// openName is a field of a vendor that stands for names that sites choose; "" where it has none.
func openName(v *catalog.Vendor) string {
	for i := range v.Fields {
		if f := &v.Fields[i]; f.Class == hit.Custom && strings.HasSuffix(f.Path, "*") && !strings.Contains(f.Path, " ") {
			return f.Path
		}
	}
	return ""
}

// TestOpenNamesBreak: what a site calls something decides of which class it is. A promise about a class that no field
// of the catalog has is broken where a field of any name may leave, and what is of the class may; and kept
// where what is of the class is dropped.
func TestOpenNamesBreak(t *testing.T) {
	t.Parallel()
	nowhere := func(*rules.Activity) []promise.Place { return nil }
	tried := 0
	for _, id := range []string{"ga4", "posthog", "segment", "umami"} {
		v := vendors()[id]
		field := openName(v)
		if field == "" {
			t.Fatalf("%s has no field of any name", id)
		}
		has := rules.Classes(0)
		for i := range v.Fields {
			has |= rules.ClassesOf(append([]hit.Class{v.Fields[i].Class, v.Fields[i].As(), v.Fields[i].Says},
				v.Fields[i].Also...)...)
		}
		for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
			if !names.Says(class) || class == hit.URL || class == hit.PreciseGeo || class == hit.ConsentSignal ||
				has.Has(class) {
				continue
			}
			tried++
			promises := []promise.Promise{
				{ID: "class", Never: promise.Condition{Classes: rules.ClassesOf(class)}},
				{ID: "class and field", Never: promise.Condition{Classes: rules.ClassesOf(class), Fields: []string{field}}},
			}
			for _, proof := range promise.Prove(keeping(t, v, "custom", class.String()), promises, nowhere) {
				if c := proof.Counter; c == nil || !c.Named || c.Class != class.String() ||
					c.Action.Kind() != minimise.Keep {
					t.Errorf("%s, %s: promise about %s is %s by %v", id, class, proof.Promise.ID, proof.State, c)
				}
			}
			for _, proof := range promise.Prove(keeping(t, v, "custom"), promises, nowhere) {
				if proof.State != promise.Kept {
					t.Errorf("%s, %s dropped: promise about %s is %s by %v", id, class, proof.Promise.ID, proof.State, proof.Counter)
				}
			}
		}
	}
	if tried < 20 {
		t.Errorf("%d classes of vendors were tried", tried)
	}
}

// TestNamedFieldsAreWhatTheyAre: a field that stands at the vendor's own name alone is taken for no other class,
// whatever else the profile lets through, and promises about that are kept; where a site gives names, or may
// write a text of its own, they are broken.
func TestNamedFieldsAreWhatTheyAre(t *testing.T) {
	t.Parallel()
	nowhere := func(*rules.Activity) []promise.Place { return nil }
	never := func(class hit.Class) promise.Condition { return promise.Condition{Classes: rules.ClassesOf(class)} }
	in := func(c promise.Condition, fields ...string) promise.Condition {
		c.Fields = fields
		return c
	}
	for _, c := range []struct {
		vendor, keeps string
		never         promise.Condition
		want          promise.State
	}{
		// What was said to be broken, though nothing could: a technical field that is called "phone", a phone number in
		// an address, in a client's id, in a number.
		{"ga4", "phone", never(hit.Phone), promise.Kept},
		{"ga4", "phone client_id session_id", never(hit.Phone), promise.Kept},
		{"ga4", "phone url referrer screen language timezone timestamp", never(hit.Phone), promise.Kept},
		{"ga4", "person_name client_hint user_agent revenue currency", never(hit.PersonName), promise.Kept},
		{"ga4", "birth_date client_id", in(never(hit.BirthDate), "cid"), promise.Kept},
		{"matomo", "person_name url", never(hit.PersonName), promise.Kept},
		{"matomo", "phone timestamp screen", never(hit.Phone), promise.Kept},
		{"plausible", "birth_date url referrer event_name", never(hit.BirthDate), promise.Kept},
		{"umami", "phone url screen language", never(hit.Phone), promise.Kept},
		{"segment", "gender client_id timestamp", in(never(hit.Gender), "anonymousId"), promise.Kept},
		{"posthog", "sensitive timestamp event_name", in(never(hit.Sensitive), "timestamp"), promise.Kept},
		// What could.
		{"ga4", "phone custom", never(hit.Phone), promise.Broken},
		{"ga4", "url page_title", in(never(hit.URL), "dt"), promise.Broken}, // an address as a title
		// JSON as a title, with a member of that name
		{"ga4", "phone page_title", in(never(hit.Phone), "dt"), promise.Broken},
		{"ga4", "precise_geo search_term", never(hit.PreciseGeo), promise.Broken},       // likewise
		{"ga4", "phone interaction", in(never(hit.Phone), "_s"), promise.Broken},        // likewise
		{"segment", "gender user_trait", never(hit.Gender), promise.Broken},             // traits.*
		{"posthog", "phone custom", in(never(hit.Phone), "properties"), promise.Broken}, // properties.*
	} {
		v, ok := vendors()[c.vendor]
		if !ok {
			file, _ := catalog.Builtin(c.vendor)
			var err error
			if v, err = catalog.Compile(file, nil, catalog.Names()); err != nil {
				t.Fatal(err)
			}
		}
		proof := promise.Prove(keeping(t, v, strings.Fields(c.keeps)...), []promise.Promise{{ID: "p", Never: c.never}},
			nowhere)[0]
		if proof.State == promise.Vacuous && c.want == promise.Kept {
			continue // nothing of the vendor is, or may be taken to be, of the class
		}
		if proof.State != c.want {
			t.Errorf("%s keeps %s, never %s in %s: %s, %v", c.vendor, c.keeps, classNames(c.never.Classes), c.never.Fields,
				proof.State, proof.Counter)
		}
	}
}
