package rules_test

import (
	"maps"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// TestWhatAVendorAsksForAtOneEndpoint: where the profile drops it, hits that come there are denied, those that come elsewhere are not, and
// the next rung may carry what this one cannot.
func TestWhatAVendorAsksForAtOneEndpoint(t *testing.T) {
	t.Parallel()
	d := draft(
		rules.DraftActivity{ID: "few", Vendor: "mixpanel", Purposes: []string{"audience"}, Basis: basis.Consent, Profile: "few", Events: []string{"*"}},
		rules.DraftActivity{ID: "more", Vendor: "mixpanel", Purposes: []string{"ads"}, Basis: basis.Contract, Reference: "terms", Profile: "more", Events: []string{"*"}, Sites: []string{"other"}},
	)
	few := map[string]minimise.Spec{"event_name": keep, "client_id": daily, "user_id": daily}
	more := maps.Clone(few)
	more["external_id"] = daily
	d.Profiles = append(d.Profiles, rules.DraftProfile{ID: "few", Classes: few}, rules.DraftProfile{ID: "more", Classes: more})
	const group = "POST /groups/ HTTP/1.1\nContent-Type: application/json\n\n" + `[{"$token":"tok","$group_key":"company","$group_id":"acme","$set":{"plan":"free"}}]`
	const track = "POST /track/ HTTP/1.1\nContent-Type: application/json\n\n" + `[{"event":"Sign up","properties":{"token":"tok","distinct_id":"$device:1"}}]`
	p := compile(t, d)
	if x := explain(t, p, request(t, track, "mixpanel", yes)); x.Forward == nil || x.Events[0].Activity != "few" {
		t.Errorf("a hit that needs none of it: %+v", x.Events)
	}
	if x := explain(t, p, request(t, group, "mixpanel", yes)); x.Forward != nil || x.Events[0].Reason != "required_dropped" || x.Respond.Status != 200 {
		t.Errorf("a group without its id: %+v %+v", x.Events, x.Forward)
	}
	if x := explain(t, p, request(t, group, "mixpanel")); x.Forward != nil || x.Events[0].Reason != "no_consent" {
		t.Errorf("what is not permitted is said first: %+v", x.Events)
	}
	d.Activities[1].Sites = nil
	if x := explain(t, compile(t, d), request(t, group, "mixpanel", yes)); x.Forward == nil || x.Events[0].Activity != "more" {
		t.Errorf("the next rung keeps the id, and does not carry: %+v", x.Events)
	}
	d.Profiles[2].Set = map[string]map[string]string{"mixpanel": {"$group_id": "all"}}
	d.Activities[1].Sites = []string{"other"}
	if x := explain(t, compile(t, d), request(t, group, "mixpanel", yes)); x.Forward == nil || x.Events[0].Activity != "few" {
		t.Errorf("a constant stands in its place: %+v", x.Events)
	}
}
