package promise_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
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
		Digest: "test", Limits: rules.Limits{Body: 1 << 20, Decompressed: 8 << 20, Events: 1000, Depth: 64, Fields: 2000, Nodes: 200_000},
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
// of the catalog has is broken where a field of any name may leave, and what is of the class may; and kept where what is
// of the class is dropped.
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
			has |= rules.ClassesOf(append([]hit.Class{v.Fields[i].Class, v.Fields[i].As(), v.Fields[i].Says}, v.Fields[i].Also...)...)
		}
		for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
			if !rules.Named(class) || class == hit.URL || class == hit.PreciseGeo || class == hit.ConsentSignal || has.Has(class) {
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
