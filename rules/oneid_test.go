package rules_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/minimise"
)

// twicePlaced are hits of every vendor that has more than one place for an id of a person or
// browser, with one id, ID, at each of them.
var twicePlaced = map[string][]string{
	"amplitude": {
		"POST /2/httpapi HTTP/1.1\n\n" +
			`{"api_key":"k","events":[{"event_type":"x","user_id":"ID","device_id":"ID","event_properties":{"user_id":"ID"},"user_properties":{"$set":{"customer_id":"ID"}}}]}`,
	},
	"ga4": {"POST /g/collect?v=2&tid=G-1&cid=1.2&uid=ID HTTP/1.1\n\nen=x&ep.user_id=ID&up.user_id=ID&ep.client_id=ID"},
	"ga4_mp": {"POST /mp/collect?measurement_id=G-1&api_secret=s HTTP/1.1\n\n" +
		`{"client_id":"1.2","user_id":"ID","events":[{"name":"x","params":{"user_id":"ID"}}]}`},
	"jitsu": {"POST /api/s/track HTTP/1.1\n\n" +
		`{"type":"track","event":"x","userId":"ID","anonymousId":"ID","context":{"traits":{"id":"ID"}},"traits":{"id":"ID"}}`},
	"matomo": {"GET /matomo.php?idsite=1&rec=1&url=x&uid=ID&uid=ID HTTP/1.1\n\n"},
	"meta_capi": {
		"POST /v21.0/1/events HTTP/1.1\n\n" +
			`{"data":[{"event_name":"x","user_data":{"external_id":"ID","app_user_id":"ID","anon_id":"ID"},"custom_data":{"user_id":"ID"}}]}`,
	},
	"meta_pixel": {"GET /tr/?id=1&ev=x&ud[external_id]=ID&ud[uid]=ID&cd[user_id]=ID HTTP/1.1\n\n"},
	"mixpanel": {
		"POST /track/ HTTP/1.1\n\n" +
			`[{"event":"x","properties":{"token":"t","distinct_id":"ID","$user_id":"ID","user_id":"ID"}}]`,
		"POST /track/ HTTP/1.1\n\n" +
			`[{"event":"$identify","properties":{"token":"t","distinct_id":"ID","$anon_distinct_id":"ID","$identified_id":"ID"}}]`,
		"POST /engage/ HTTP/1.1\n\n" + `[{"$token":"t","$distinct_id":"ID","$user_id":"ID","$set":{"user_id":"ID"}}]`,
	},
	"posthog": {
		"POST /e/ HTTP/1.1\n\n" +
			`{"event":"x","properties":{"token":"t","distinct_id":"ID","$user_id":"ID","user_id":"ID"}}`,
		"POST /e/ HTTP/1.1\n\n" +
			`{"event":"$create_alias","properties":{"token":"t","distinct_id":"ID","alias":"ID","$anon_distinct_id":"ID"}}`,
	},
	"rudderstack": {
		"POST /v1/track HTTP/1.1\n\n" +
			`{"type":"track","event":"x","userId":"ID","anonymousId":"ID","context":{"traits":{"id":"ID"}}}`,
		"POST /v1/alias HTTP/1.1\n\n" + `{"type":"alias","userId":"ID","previousId":"ID"}`,
	},
	"segment": {
		"POST /v1/track HTTP/1.1\n\n" +
			`{"type":"track","event":"x","userId":"ID","anonymousId":"ID","properties":{"user_id":"ID"}}`,
		"POST /v1/alias HTTP/1.1\n\n" +
			`{"type":"alias","userId":"ID","previousId":"ID","traits":{"id":"ID","username":"ID"}}`,
	},
	"snowplow": {"POST /com.snowplowanalytics.snowplow/tp2 HTTP/1.1\n\n" +
		`{"schema":"s","data":[{"e":"pv","p":"web","tv":"x","uid":"ID","duid":"ID"}]}`},
	"umami": {"POST /api/send HTTP/1.1\n\n" +
		`{"type":"event","payload":{"website":"w","name":"x","url":"/","id":"ID","data":{"user_id":"ID"}}}`},
}

// sameIDs is a profile that treats every identifier alike.
func sameIDs() map[string]minimise.Spec {
	classes := maps.Clone(firstPart)
	for _, class := range []string{"client_id", "user_id", "device_id", "advertising_id", "external_id", "email"} {
		classes[class] = minimise.Spec{Kind: minimise.Pseudonymise, Pseudonymise: minimise.PseudonymiseSpec{Rotate: "never"}}
	}
	classes["custom"], classes["user_trait"] = scrubbed, scrubbed
	return classes
}

// TestOneIDHasOnePseudonym: wherever one id stands in an event of a vendor, it has one pseudonym:
// else the vendor sees two visitors in one.
func TestOneIDHasOnePseudonym(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Profiles[0].Classes = sameIDs()
	p := compile(t, d)
	for vendor, texts := range twicePlaced {
		for _, text := range texts {
			for _, id := range []string{
				"cust-48213", "48213", "Jane.Doe@Example.com", "+4930901820", "6f1c5a9e-1111-4222-8333-444455556666",
				"0190163d-8694-739b-aea5-966c26f8ad91",
				"1234567890.1700000000", "0123456789abcdef", "1234567890123456", "0123456789abcdef0123456789abcdef",
			} {
				given := id
				if strings.Contains(text, "=ID") {
					given = strings.ReplaceAll(id, "+", "%2B")
				}
				n := strings.Count(text, "ID")
				x := explain(t, p, request(t, strings.ReplaceAll(text, "ID", given), vendor, yes))
				if x.Forward == nil {
					t.Fatalf("%s: %s %v", vendor, x.Reason, x.Events)
				}
				var got []string
				for _, f := range slices.Concat(x.Shared, x.Events[0].Fields) {
					if f.Before == id {
						if !f.Sent {
							t.Errorf("%s: %s is dropped", vendor, f.Path)
						}
						got = append(got, f.After)
					}
				}
				if len(got) != n || len(slices.Compact(slices.Sorted(slices.Values(got)))) != 1 {
					t.Errorf("%s: %s at %d places is %v", vendor, id, n, got)
				}
				if id == "cust-48213" && len(got) > 0 && !regexp.MustCompile(`^[\w-]{22}$`).MatchString(got[0]) {
					t.Errorf("%s: what is no id of a device looks like one: %s", vendor, got[0])
				}
			}
		}
	}
}

// TestAnIDIsTheSameAfterLoggingIn: what ties the visitor before to the person after
// is the pseudonym that the visitor had.
func TestAnIDIsTheSameAfterLoggingIn(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Profiles[0].Classes = sameIDs()
	p := compile(t, d)
	const uuid = "6f1c5a9e-1111-4222-8333-444455556666"
	for _, c := range []struct{ vendor, id, before, after string }{
		{"posthog", uuid, `POST /e/ {"event":"x","properties":{"token":"t","distinct_id":"ID"}}`,
			`POST /e/ {"event":"$identify","properties":{"token":"t","distinct_id":"cust-1","$anon_distinct_id":"ID"}}`},
		{"mixpanel", "$device:" + uuid, `POST /track/ [{"event":"x","properties":{"token":"t","distinct_id":"ID"}}]`,
			`POST /track/ [{"event":"$identify","properties":{"token":"t","distinct_id":"cust-1","$anon_distinct_id":"ID"}}]`},
		{"mixpanel", "$device:" + uuid, `POST /track/ [{"event":"x","properties":{"token":"t","distinct_id":"ID"}}]`,
			`POST /track/ [{"event":"$create_alias","properties":{"token":"t","distinct_id":"ID","alias":"cust-1"}}]`},
		{"mixpanel", "$device:" + uuid, `POST /track/ [{"event":"x","properties":{"token":"t","distinct_id":"ID"}}]`,
			`POST /track/ [{"event":"$merge","properties":{"token":"t","$distinct_ids":["ID","cust-1"]}}]`},
		{"segment", uuid, `POST /v1/track {"type":"track","event":"x","anonymousId":"ID"}`,
			`POST /v1/alias {"type":"alias","userId":"cust-1","previousId":"ID"}`},
		{"segment", "anon-7", `POST /v1/track {"type":"track","event":"x","anonymousId":"ID"}`,
			`POST /v1/alias {"type":"alias","userId":"cust-1","previousId":"ID"}`},
		{"rudderstack", uuid, `POST /v1/track {"type":"track","event":"x","anonymousId":"ID"}`,
			`POST /v1/alias {"type":"alias","userId":"cust-1","previousId":"ID"}`},
		{"segment", "cust-1", `POST /v1/track {"type":"track","event":"x","userId":"ID"}`,
			`POST /v1/alias {"type":"alias","userId":"cust-2","previousId":"ID"}`},
	} {
		hits := [2]string{}
		for i, text := range []string{c.before, c.after} {
			method, rest, _ := strings.Cut(text, " ")
			path, body, _ := strings.Cut(rest, " ")
			x := explain(t, p, request(t, method+" "+path+" HTTP/1.1\n\n"+strings.ReplaceAll(body, "ID", c.id), c.vendor, yes))
			for _, f := range x.Events[0].Fields {
				if f.Before == c.id && f.Sent {
					hits[i] = f.After
				}
			}
		}
		if hits[0] == "" || hits[0] != hits[1] {
			t.Errorf("%s: %s is %q, and then %q", c.vendor, c.id, hits[0], hits[1])
		}
	}
}

// TestMixpanelsDeviceIsOneID: it stands as $device_id, and with "$device:" in front as distinct_id.
func TestMixpanelsDeviceIsOneID(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Profiles[0].Classes = sameIDs()
	x := explain(t, compile(t, d), request(t, "POST /track/ HTTP/1.1\n\n"+
		`[{"event":"x","properties":{"token":"t","distinct_id":"$device:6f1c5a9e-1111-4222-8333-444455556666","$device_id":"6f1c5a9e-1111-4222-8333-444455556666"}}]`,
		"mixpanel", yes))
	m := regexp.MustCompile(`"distinct_id":"\$device:([^"]+)","\$device_id":"([^"]+)"`).FindStringSubmatch(x.Forward.Body)
	if m == nil || m[1] != m[2] {
		t.Errorf("%v of %s", m, x.Forward.Body)
	}
}
