package rules_test

import (
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestTreatmentsCoverCaptures: whatever of recorded traffic is sent is of a class that Treatments names, with nothing dropped in some
// profiles and nearly everything in others. A notice is made of them.
func TestTreatmentsCoverCaptures(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"all", "standard", "cookieless"} {
		d := draft(rules.DraftActivity{})
		d.Activities = nil
		for _, id := range catalog.BuiltinIDs() {
			d.Activities = append(d.Activities, rules.DraftActivity{
				ID: id, Vendor: id, Purposes: []string{"audience"}, Basis: basis.Contract, Reference: "test", Profile: profile, Events: []string{"*"},
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
					if !f.Sent || class.KeptByDefault() {
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
