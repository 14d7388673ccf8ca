package config

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/strict"
)

// TestRegionsAndRoles: a region sets the address of every role; where only some are
// given, check says which are left behind.
func TestRegionsAndRoles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		vendor string // as the server file says it
		hosts  string // that the vendor is reached at, sorted
		warned string // "" where nothing is
	}{
		{`{ catalog: posthog }`, "https://us-assets.i.posthog.com https://us.i.posthog.com", ""},
		{`{ catalog: posthog, region: eu }`, "https://eu-assets.i.posthog.com https://eu.i.posthog.com", ""},
		{`{ catalog: posthog, region: us }`, "https://us-assets.i.posthog.com https://us.i.posthog.com", ""},
		{`{ catalog: posthog, upstream: "https://us.i.posthog.com" }`,
			"https://us-assets.i.posthog.com https://us.i.posthog.com", ""},
		{`{ catalog: posthog, upstream: "https://eu.i.posthog.com" }`,
			"https://eu.i.posthog.com https://us-assets.i.posthog.com",
			"api is at an address of yours, and assets (https://us-assets.i.posthog.com) still at the catalog's: say where your account is (region: eu, us), or give it under upstreams as well"},
		{`{ catalog: posthog, upstreams: { assets: "https://cdn.shop.example" } }`,
			"https://cdn.shop.example https://us.i.posthog.com",
			"assets is at an address of yours, and api (https://us.i.posthog.com) still at the catalog's"},
		{`{ catalog: posthog, upstream: "https://hog.shop.example", region: eu }`,
			"https://eu-assets.i.posthog.com https://hog.shop.example", ""},
		{`{ catalog: posthog, upstreams: { api: "https://hog.shop.example", assets: "https://hog.shop.example" } }`,
			"https://hog.shop.example", ""},
		{`{ catalog: segment, region: eu }`, "https://cdn.segment.com https://events.eu1.segmentapis.com", ""},
		{`{ catalog: segment, upstream: "https://events.eu1.segmentapis.com" }`,
			"https://cdn.segment.com https://events.eu1.segmentapis.com",
			"settings (https://cdn.segment.com) still at the catalog's"},
		{`{ catalog: amplitude, region: eu }`, "https://api.eu.amplitude.com", ""},
		{`{ catalog: mixpanel, region: eu }`, "https://api-eu.mixpanel.com", ""},
		{`{ catalog: mixpanel, region: in }`, "https://api-in.mixpanel.com", ""},
		// it has one role
		{`{ catalog: mixpanel, upstream: "https://api-eu.mixpanel.com" }`, "https://api-eu.mixpanel.com", ""},
		{`{ catalog: ga4_mp, region: eu }`, "https://region1.google-analytics.com", ""},
		{`{ catalog: rudderstack, country: DE, upstream: "https://shop.dataplane.example" }`,
			"https://api.rudderstack.com https://shop.dataplane.example",
			"settings (https://api.rudderstack.com) still at the catalog's: say where your account is (region: eu, us)"},
		{`{ catalog: rudderstack, country: DE, upstream: "https://shop.dataplane.example", region: eu }`,
			"https://api.eu.rudderstack.com https://shop.dataplane.example", ""},
		{`{ catalog: snowplow, country: DE, upstream: "https://collector.shop.example" }`,
			"https://collector.shop.example", ""},
	} {
		files := base(t)
		files["tagwarden.yaml"] = []byte(strings.Replace(string(files["tagwarden.yaml"]), "vendors:\n",
			"vendors:\n  tried: "+c.vendor+"\n", 1))
		files["tagwarden.yaml"] = []byte(strings.Replace(string(files["tagwarden.yaml"]), "tried: { ",
			"tried: { prefix: /tried, ", 1))
		loaded, err := compiled(files)
		if err != nil {
			t.Errorf("%s: %v", c.vendor, err)
			continue
		}
		if got := strings.Join(addresses(loaded, "tried"), " "); got != c.hosts {
			t.Errorf("%s: reached at %s", c.vendor, got)
		}
		warned := slices.ContainsFunc(loaded.Warnings, func(f strict.Fault) bool {
			return c.warned != "" && strings.Contains(f.Msg, c.warned)
		})
		if warned != (c.warned != "") || c.warned == "" && len(loaded.Warnings) > 0 {
			t.Errorf("%s: warnings:\n%v", c.vendor, loaded.Warnings)
		}
	}
}

// addresses lists those of a vendor, without doubles.
func addresses(l *Loaded, id string) []string {
	for _, r := range l.Policy.Recipients() {
		if r.ID == id {
			return slices.Compact(slices.Sorted(maps.Values(r.Upstreams)))
		}
	}
	return nil
}

// TestAVendorsOwnPath: an endpoint given a path comes in and goes out there as well.
func TestAVendorsOwnPath(t *testing.T) {
	t.Parallel()
	files := base(t)
	files["tagwarden.yaml"] = []byte(strings.Replace(string(files["tagwarden.yaml"]), "vendors:\n",
		"vendors:\n  collector: { catalog: snowplow, country: DE, upstream: \"https://collector.shop.example\", paths: { post: /com.acme/track } }\n",
		1))
	loaded, err := compiled(files)
	if err != nil {
		t.Fatal(err)
	}
	site := loaded.Policy.Site([]byte("shop.example"))
	for _, path := range []string{"/com.acme/track", "/com.snowplowanalytics.snowplow/tp2"} {
		route, rest, _ := site.Find([]byte("POST"), []byte(path))
		if route == nil || route.Endpoint.ID != "post" || string(rest) != path {
			t.Errorf("%s leads to %v as %q", path, route, rest)
		}
	}
	if route, _, _ := site.Find([]byte("POST"), []byte("/com.other/track")); route != nil {
		t.Error("a path that nobody gave leads somewhere")
	}
}

// TestRequiredOfOneEndpoint: what a vendor asks for everywhere, or at its first endpoint, must be left by a profile;
// what it asks for elsewhere is a warning that names the endpoint.
func TestRequiredOfOneEndpoint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ classes, fault, warning string }{
		{"event_name: keep, client_id: keep, external_id: keep", "", ""},
		{"event_name: keep, client_id: keep", "",
			"profile ids drops $group_id, without which tried refuses an event at groups: activity tried-consent denies what comes there (required_dropped)"},
		{"event_name: keep, external_id: keep", "",
			"profile ids drops $distinct_id, without which tried refuses an event at engage"},
		{"client_id: keep, external_id: keep",
			"profile ids drops event (class event_name), without which tried refuses an event", ""},
	} {
		files := base(t)
		put := func(name, old, with string) {
			files[name] = []byte(strings.Replace(string(files[name]), old, old+with, 1))
		}
		put("tagwarden.yaml", "vendors:\n", "  tried: { catalog: mixpanel, prefix: /tried }\n")
		put("policy/activities.yaml", "activities:\n",
			"  - { id: tried-consent, vendor: tried, purposes: [measure], basis: consent, retention: 14 months, transfer: { country: US, safeguard: DPF }, profile: ids, events: [\"*\"] }\n")
		put("policy/profiles.yaml", "profiles:\n", "  ids: { classes: { "+c.classes+" } }\n")
		loaded, err := compiled(files)
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%s: %v", c.classes, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.classes, err)
			continue
		}
		if found := slices.ContainsFunc(loaded.Warnings, func(f strict.Fault) bool {
			return strings.Contains(f.Msg, "required_dropped")
		}); found != (c.warning != "") {
			t.Errorf("%s: warnings:\n%v", c.classes, loaded.Warnings)
		}
		if c.warning != "" && !slices.ContainsFunc(loaded.Warnings, func(f strict.Fault) bool {
			return strings.Contains(f.Msg, c.warning)
		}) {
			t.Errorf("%s: no %q among\n%v", c.classes, c.warning, loaded.Warnings)
		}
	}
}
