package rules_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// TestWhatAVendorAsksForAtOneEndpoint: where the profile drops it, hits that come there are denied, those that come
// elsewhere are not, and the next rung may carry what this one cannot.
func TestWhatAVendorAsksForAtOneEndpoint(t *testing.T) {
	t.Parallel()
	d := draft(
		rules.DraftActivity{ID: "few", Vendor: "mixpanel", Purposes: []string{"audience"}, Basis: basis.Consent,
			Profile: "few", Events: []string{"*"}},
		rules.DraftActivity{ID: "more", Vendor: "mixpanel", Purposes: []string{"ads"}, Basis: basis.Contract,
			Reference: "terms", Profile: "more", Events: []string{"*"}, Sites: []string{"other"}},
	)
	few := map[string]minimise.Spec{"event_name": keep, "client_id": daily, "user_id": daily}
	more := maps.Clone(few)
	more["external_id"] = daily
	d.Profiles = append(d.Profiles, rules.DraftProfile{ID: "few", Classes: few},
		rules.DraftProfile{ID: "more", Classes: more})
	const group = "POST /groups/ HTTP/1.1\nContent-Type: application/json\n\n" +
		`[{"$token":"tok","$group_key":"company","$group_id":"acme","$set":{"plan":"free"}}]`
	const track = "POST /track/ HTTP/1.1\nContent-Type: application/json\n\n" +
		`[{"event":"Sign up","properties":{"token":"tok","distinct_id":"$device:1"}}]`
	p := compile(t, d)
	if x := explain(t, p, request(t, track, "mixpanel", yes)); x.Forward == nil || x.Events[0].Activity != "few" {
		t.Errorf("a hit that needs none of it: %+v", x.Events)
	}
	if x := explain(t, p, request(t, group, "mixpanel", yes)); x.Forward != nil ||
		x.Events[0].Reason != "required_dropped" || x.Respond.Status != 200 {
		t.Errorf("a group without its id: %+v %+v", x.Events, x.Forward)
	}
	if x := explain(t, p, request(t, group, "mixpanel")); x.Forward != nil || x.Events[0].Reason != "no_consent" {
		t.Errorf("what is not permitted is said first: %+v", x.Events)
	}
	d.Activities[1].Sites = nil
	if x := explain(t, compile(t, d), request(t, group, "mixpanel", yes)); x.Forward == nil ||
		x.Events[0].Activity != "more" {
		t.Errorf("the next rung keeps the id, and does not carry: %+v", x.Events)
	}
	d.Profiles[2].Set = map[string]map[string]string{"mixpanel": {"$group_id": "all"}}
	d.Activities[1].Sites = []string{"other"}
	if x := explain(t, compile(t, d), request(t, group, "mixpanel", yes)); x.Forward == nil ||
		x.Events[0].Activity != "few" {
		t.Errorf("a constant stands in its place: %+v", x.Events)
	}
}

// TestAnEventWithoutAllThatAVendorAsksFor is none: whatever vendor it is sent to, nothing of it
// leaves, and the others of its batch do.
func TestAnEventWithoutAllThatAVendorAsksFor(t *testing.T) {
	t.Parallel()
	d := draft()
	for i := range d.Activities {
		d.Activities[i].Profile = "all"
	}
	p := compile(t, d)
	for _, c := range []struct{ vendor, head, none, one, between string }{
		{"matomo", "GET /matomo.php?%s HTTP/1.1\n\n", "action_name=x&_id=0123456789abcdef",
			"idsite=1&rec=1&action_name=x", ""},
		{"matomo", "POST /matomo.php" + asJSON + `{"requests":[%s]}`, `"?action_name=x&uid=u"`,
			`"?idsite=1&rec=1&action_name=x"`, ","},
		{"matomo", "POST /matomo.php HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\n%s", "action_name=x",
			"idsite=1&rec=1&action_name=x", ""},
		{"segment", "POST /v1/batch" + asJSON + `{"batch":[%s]}`, `{"event":"x","anonymousId":"u"}`,
			`{"type":"track","event":"x"}`, ","},
		{"rudderstack", "POST /v1/batch" + asJSON + `{"batch":[%s]}`, `{"event":"x","anonymousId":"u"}`,
			`{"type":"track","event":"x"}`, ","},
		{"amplitude", "POST /2/httpapi" + asJSON + `{"events":[%s]}`, `{"device_id":"u"}`, `{"event_type":"x"}`, ","},
		{"mixpanel", "POST /track/" + asJSON + `[%s]`, `{"properties":{"time":1}}`,
			`{"event":"x","properties":{"token":"k"}}`, ","},
		{"meta_pixel", "GET /tr/?%s HTTP/1.1\n\n", "dl=https%%3A%%2F%%2Fshop.example", "id=1&ev=PageView", ""},
		{"umami", "POST /api/send" + asJSON + "%s", `{"payload":{"url":"/"}}`, `{"type":"event","payload":{"url":"/"}}`, ""},
	} {
		asked := func(events ...string) *rules.Explanation {
			return explain(t, p, request(t, strings.Replace(c.head, "%s", strings.Join(events, c.between), 1), c.vendor, yes))
		}
		if x := asked(c.none); x.Forward != nil || len(x.Events) != 1 || x.Events[0].Reason != "malformed" {
			t.Errorf("%s: %s %+v %+v", c.vendor, x.Reason, x.Events, x.Forward)
		}
		if x := asked(c.one); x.Forward == nil {
			t.Errorf("%s, the control: %s %+v", c.vendor, x.Reason, x.Events)
		}
		if c.between == "" {
			continue
		}
		if x := asked(c.none, c.one); x.Forward == nil || x.Events[0].Reason != "malformed" ||
			x.Events[1].Decision != "permit" {
			t.Errorf("%s, two: %s %+v", c.vendor, x.Reason, x.Events)
		}
	}
}
