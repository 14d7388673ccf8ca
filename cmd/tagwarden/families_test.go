package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAnObjectionHoldsForTheFamily: who objects in the browser, by a cookie, or by the API under the
// name of one entry of a family, is sent by none of it: not what the browser sends, nor what a server
// sends of the same browser. Everybody else is.
func TestAnObjectionHoldsForTheFamily(t *testing.T) {
	o := openFolder(t, filepath.Join(keptFolders, "forms-1"))
	o.edit("policy/profiles.yaml", "profiles:\n", `profiles:
  family: { classes: { event_name: keep, credential: keep, client_id: keep, device_id: keep, advertising_id: keep, timestamp: keep } }
`)
	var activities strings.Builder
	for _, vendor := range []string{"ga4_mp", "meta_pixel", "meta_capi", "rudderstack", "jitsu", "amplitude"} {
		activities.WriteString("  - { id: " + vendor + "-all, vendor: " + vendor +
			`, purposes: [measure], basis: consent, retention: 14 months, transfer: { country: US, safeguard: DPF }, profile: family, events: ["*"] }` +
			"\n")
	}
	activities.WriteString(
		`  - { id: segment-all, vendor: segment, purposes: [measure], basis: consent, retention: 14 months, transfer: { country: US, safeguard: DPF }, profile: family, events: ["*"] }` +
			"\n")
	o.edit("policy/activities.yaml", "activities:\n", "activities:\n"+activities.String())
	s := serveFolder(t, o.file(), func() time.Time { return o.clock })
	defer s.stop()
	places := func(of []string, id string) (hits []folderHit) {
		for _, text := range of {
			r := requestLike(text, id)
			h := folderHit{Why: id + " in " + text, Method: string(r.Method), Target: string(r.Path) + "?" + string(r.Query),
				Body: string(r.Body), Cookie: consented}
			for _, header := range r.Headers {
				if string(header.Name) == "Cookie" {
					h.Cookie += "; " + string(header.Value)
				}
			}
			if strings.Contains(h.Target, "/ga4_mp/") {
				h.Target += "&api_secret=x"
			}
			hits = append(hits, h)
		}
		return hits
	}
	for _, one := range []struct {
		id, name, cookie, other string
		places                  []string
	}{
		{"8000000001.1700000000", "", "_ga=GA1.1.8000000001.1700000000", "8000000002.1700000000", ga4Places},
		{"8000000003.1700000000", "client_id:ga4_mp", "", "8000000004.1700000000", ga4Places},
		{"8000000005.1700000000", "client_id:ga4", "", "8000000006.1700000000", ga4Places},
		{"fb.1.1700000000000.8000000001", "", "_fbp=fb.1.1700000000000.8000000001",
			"fb.1.1700000000000.8000000002", metaPlaces},
		{"fb.1.1700000000000.8000000003", "client_id:meta_capi", "", "fb.1.1700000000000.8000000004", metaPlaces},
		{"8f1c5a9e-0000-4000-8000-000000000001", "", "ajs_anonymous_id=%228f1c5a9e-0000-4000-8000-000000000001%22",
			"8f1c5a9e-0000-4000-8000-000000000002", segmentPlaces},
		{"8f1c5a9e-0000-4000-8000-000000000003", "client_id:jitsu", "", "8f1c5a9e-0000-4000-8000-000000000004",
			segmentPlaces},
		{"8f1c5a9e-0000-4000-8000-000000000005", "advertising_id:amplitude", "", "8f1c5a9e-0000-4000-8000-000000000006",
			advertisingPlaces},
		{"8f1c5a9e-0000-4000-8000-000000000007", "device_id:amplitude", "", "8f1c5a9e-0000-4000-8000-000000000008",
			devicePlaces},
	} {
		for _, hit := range append(places(one.places, one.id), places(one.places, one.other)...) {
			if s.hit(&hit) == "" {
				t.Errorf("before anybody objects, the vendor gets nothing: %s", hit.Why)
			}
		}
		if one.cookie != "" {
			status, text := s.ask(s.hits, "POST", "/privacy/objections", `{"purposes":["measure"]}`,
				"Cookie: "+one.cookie, "Origin: https://shop.example", "Content-Type: application/json")
			if status != http.StatusOK {
				t.Fatalf("%s: status %d %s", one.cookie, status, text)
			}
		} else {
			o.command("objections", "add", "--id", one.name+"="+one.id, "--purpose", "measure")
		}
		for _, hit := range places(one.places, one.id) {
			if got := s.hit(&hit); got != "" {
				t.Errorf("%s objected; a vendor got %s by %s", one.id, got, hit.Why)
			}
		}
		for _, hit := range places(one.places, one.other) {
			if s.hit(&hit) == "" {
				t.Errorf("%s did not object, and the vendor gets nothing: %s", one.other, hit.Why)
			}
		}
	}
}
