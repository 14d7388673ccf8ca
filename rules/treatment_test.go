package rules_test

import (
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// TestTreatmentsCoverCaptures: whatever of recorded traffic is sent is of a class that Treatments names, with nothing
// dropped in some profiles and nearly everything in others. A notice is made of them.
func TestTreatmentsCoverCaptures(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"all", "standard", "cookieless"} {
		d := draft(rules.DraftActivity{})
		d.Activities = nil
		for _, id := range catalog.BuiltinIDs() {
			d.Activities = append(d.Activities, rules.DraftActivity{
				ID: id, Vendor: id, Purposes: []string{"audience"}, Basis: basis.Contract, Reference: "test", Profile: profile,
				Events: []string{"*"},
			})
		}
		d.Profiles = append(d.Profiles, rules.DraftProfile{ID: "cookieless", Classes: cookieless})
		p := compile(t, d)
		named := map[string][]string{}
		for _, a := range p.Activities() {
			for _, treatment := range a.Treatments() {
				named[a.ID] = append(named[a.ID], treatment.Class.String())
			}
		}
		sent := 0
		eachCaptured(t, p, func(t *testing.T, where string, r hit.Request) {
			x := explain(t, p, r)
			check := func(fields []rules.ExplainedField) {
				for _, f := range fields {
					class, _ := hit.ParseClass(f.Class)
					if !f.Sent || class.KeptByDefault() || f.Action == "state" {
						continue
					}
					if sent++; !slices.Contains(named[x.Vendor], f.Class) {
						t.Errorf("%s: %s of %s is sent, and its class %s is not named", where, f.Path, x.Vendor, f.Class)
					}
				}
			}
			for _, e := range x.Events {
				check(e.Fields)
			}
			check(x.Shared)
		})
		if sent < 100 && capturesFolder() == "testdata/captures" {
			t.Errorf("%s: only %d fields were sent: the test shows too little", profile, sent)
		}
	}
}

// TestStreamsAreNamedWhereTheyLeave: a notice names recordings of the page where the vendor has a field of them, or
// takes them as a stream that the activity lets through whole, and nowhere else: which judging says itself.
func TestStreamsAreNamedWhereTheyLeave(t *testing.T) {
	named, unnamed := 0, 0
	for _, b := range []basis.Basis{basis.Consent, basis.Contract, basis.LegitimateInterest, basis.PublicTask,
		basis.LegalObligation} {
		for _, spec := range []minimise.Spec{keep, {}, {Kind: minimise.Drop}, {Kind: minimise.Replace, Replace: "x"}} {
			d := draft()
			other := func(id string) bool { return !slices.Contains([]string{"posthog", "mixpanel", "ga4", "matomo"}, id) }
			d.Vendors = slices.DeleteFunc(d.Vendors, func(v rules.DraftVendor) bool { return other(v.ID) })
			d.Activities = slices.DeleteFunc(d.Activities, func(a rules.DraftActivity) bool { return other(a.Vendor) })
			for i := range d.Activities {
				d.Activities[i].Basis, d.Activities[i].Reference = b, "test"
			}
			d.Profiles[0].Classes = map[string]minimise.Spec{"event_name": keep, "recording": spec}
			p := compile(t, d)
			for _, a := range p.Activities() {
				vendor := a.Recipient.Catalog
				leaves := spec.Kind != minimise.Drop && slices.ContainsFunc(vendor.Fields, func(f catalog.FieldInfo) bool {
					return f.Class == hit.Recording
				})
				for i := range vendor.Endpoints {
					e := &vendor.Endpoints[i]
					if e.Kind != catalog.Opaque {
						continue
					}
					text := e.Methods[0] + " " + e.Path.Text + " HTTP/1.1\nContent-Type: text/plain\n\n[1]"
					x := explain(t, p, request(t, text, a.Recipient.ID, yes+"; "+visitor))
					leaves = leaves || x.Forward != nil
				}
				got := slices.ContainsFunc(a.Treatments(), func(of rules.Treatment) bool { return of.Class == hit.Recording })
				if got != leaves {
					t.Errorf("%s on %v, %v: named %v, leaves %v", a.ID, b, spec.Kind, got, leaves)
				}
				if got {
					named++
				} else {
					unnamed++
				}
			}
		}
	}
	if named < 10 || unnamed < 50 {
		t.Errorf("%d named and %d not: too few to show anything", named, unnamed)
	}
}
