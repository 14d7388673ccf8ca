package config

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// accessPolicy is a policy of one activity for a vendor, with lines of its own, on a site with a region.
func accessPolicy(t *testing.T, vendor, region, profile, lines string) map[string][]byte {
	t.Helper()
	files := base(t)
	maps.DeleteFunc(files, func(name string, _ []byte) bool { return strings.HasPrefix(name, "policy/tests") })
	files["tagwarden.yaml"] = fmt.Appendf(nil, "version: 1\nsites: { shop: { hosts: [shop.example]%s } }\nvendors:\n"+
		"  x: { catalog: %s, country: DE, upstream: \"https://x.example\"%s }\nledger: { retain: 90d }\n", region, vendor,
		map[bool]string{true: ", upstreams: { settings: \"https://s.example\" }"}[vendor == "rudderstack" ||
			vendor == "segment"]+
			map[bool]string{true: ", upstreams: { assets: \"https://a.example\" }"}[vendor == "posthog"]+
			", senders: { networks: [10.0.0.0/8] }")
	files["policy/activities.yaml"] = fmt.Appendf(
		nil, "activities:\n  - { id: a, vendor: x, purposes: [measure], retention: 14 months, "+
			"automated_decision: none, required: no, profile: p, events: [page_view], %s%s }\n", lines,
		map[bool]string{true: ", transfer: { country: US, safeguard: DPF }"}[country(vendor) == "US"])
	files["policy/profiles.yaml"] = fmt.Appendf(nil, "profiles:\n  p: { classes: { event_name: keep, %s, %s } }\n",
		needed(profile), profile)
	files["policy/purposes.yaml"] = []byte(
		"purposes:\n  measure: { title: Measure the audience of our pages, description: " +
			"We count., categories: [analytics] }\n")
	delete(files, "policy/assessments/LIA-1.yaml")
	return files
}

// country is where a vendor of the catalog sits, "" for another.
func country(vendor string) string {
	file, _ := catalog.Builtin(vendor)
	if file == nil {
		return ""
	}
	return file.Country
}

// needed are lines for what some vendor cannot do without, as constants, unless a profile has one for the class.
func needed(profile string) string {
	var lines []string
	for _, class := range []string{
		"credential", "client_id", "timestamp", "event_id", "device_id", "url", "session_id", "user_id",
		"custom", "interaction",
	} {
		if !strings.Contains(profile, class+":") {
			lines = append(lines, class+": { replace: \"1\" }")
		}
	}
	return strings.Join(lines, ", ")
}

// untold is what visitors alone have to be told and nobody says.
func untold(l *Loaded) []Missing {
	return slices.DeleteFunc(slices.Clone(l.Missing), func(m Missing) bool { return m.Of != ToldAlone })
}

// TestAccessOfEachVendor: what a vendor's script keeps is told of an activity that says nothing else; device: none
// takes all of it out, one of a name stands in the place of the catalog's, another beside it.
func TestAccessOfEachVendor(t *testing.T) {
	t.Parallel()
	for _, file := range catalog.Builtins() {
		access := func(lines string) Access {
			t.Helper()
			loaded, err := compiled(accessPolicy(t, file.ID, "", "url: url", "basis: consent"+lines))
			if err != nil {
				t.Fatalf("%s: %v", file.ID, err)
			}
			if untold := untold(loaded); len(untold) > 0 {
				t.Errorf("%s%s: %v", file.ID, lines, untold)
			}
			return loaded.Access(&loaded.Activities[0])
		}
		of := access("")
		if !of.Said || len(of.Stores) != len(file.Stores) || of.Derived {
			t.Errorf("%s: %+v", file.ID, of)
		}
		for i, s := range of.Stores {
			if want := file.Stores[i]; s.Name != want.Name || s.Kind != want.Kind {
				t.Errorf("%s: %+v, want %+v", file.ID, s, want)
			}
		}
		if (len(of.Reasons) > 0) != (len(of.Stores) > 0) || len(of.Reasons) > 0 && of.Reasons[0].Why != ByConsent {
			t.Errorf("%s: reasons %+v", file.ID, of.Reasons)
		}
		if of := access(", device: none"); !of.Said || len(of.Stores) > 0 || len(of.Reasons) > 0 {
			t.Errorf("%s: none: %+v", file.ID, of)
		}
		if of := access(", source: server"); !of.Said || len(of.Stores) > 0 {
			t.Errorf("%s: by a server: %+v", file.ID, of)
		}
		if of := access(", device: [{ name: own, kind: cookie, period: session }]"); len(of.Stores) != len(file.Stores)+1 {
			t.Errorf("%s: one more: %+v", file.ID, of)
		}
		if len(file.Stores) == 0 {
			continue
		}
		first := file.Stores[0]
		of = access(fmt.Sprintf(", device: [{ name: %q, kind: %s, period: 1 day }]", first.Name, first.Kind))
		at := slices.IndexFunc(of.Stores, func(s Stored) bool { return s.Name == first.Name && s.Kind == first.Kind })
		if len(of.Stores) != len(file.Stores) || of.Stores[at].Period.Period.Days != 1 {
			t.Errorf("%s: another period: %+v", file.ID, of)
		}
		of = access(fmt.Sprintf(", device: [{ name: %q, kind: none }]", first.Name))
		if slices.ContainsFunc(of.Stores, func(s Stored) bool { return s.Name == first.Name }) {
			t.Errorf("%s: taken out: %+v", file.ID, of)
		}
	}
}

// TestAccessReasons: why the device may be touched, and under which law, in each region and on each basis; and what
// nobody says.
func TestAccessReasons(t *testing.T) {
	t.Parallel()
	const derived, ids = "client_id: { derive: daily_visitor }", "client_id: { pseudonymise: { rotate: day } }"
	for _, c := range []struct {
		what, region, profile, lines string
		want                         string // reasons, each with the sources of its laws; "..." where there are others
		untold                       string
	}{
		{"consent in Germany", "region: { default: DE }", ids, "basis: consent", "consent: TDDDG", ""},
		{"consent in France", "region: { default: FR }", ids, "basis: consent", "consent: French", ""},
		{"consent in Poland", "region: { default: PL }", ids, "basis: consent", "consent: ...", ""},
		{"consent in the EU", "region: { default: EU }", ids, "basis: consent",
			"consent: TDDDG French LSSI, Privacy Telecommunications ...", ""},
		{"consent in the UK", "region: { default: UK }", ids, "basis: consent", "consent: PECR,", ""},
		{"consent in Switzerland", "region: { default: CH }", ids, "basis: consent", "consent: Swiss", ""},
		{"consent in the US", "region: { default: US }", ids, "basis: consent", "", ""},
		{"consent anywhere", "", ids, "basis: consent",
			"consent: TDDDG French LSSI, Privacy Telecommunications PECR, Swiss ...", ""},
		{
			"consent by a header", "region: { header: A, default: DE }", ids, "basis: consent",
			"consent: TDDDG French LSSI, Privacy Telecommunications PECR, Swiss ...", "",
		},
		{"two regions", "", ids, "basis: consent, regions: [DE, FR]", "consent: TDDDG French", ""},
		{"nothing at all", "region: { default: DE }", "url: url", "basis: contract, reference: a, device: none", "", ""},
		{
			"a script that keeps something", "region: { default: DE }", "url: url", "basis: contract, reference: a", ": TDDDG",
			"with neither consent nor an exemption",
		},
		{
			"an exemption", "region: { default: DE }", "url: url",
			"basis: contract, reference: a, exemption: strictly_necessary",
			"strictly_necessary: TDDDG", "",
		},
		{
			"an id that is made", "region: { default: FR }", derived,
			"basis: public_task, reference: a, exemption: audience_measurement, device: none",
			"audience_measurement: French", "",
		},
		{"statistics", "region: { default: UK }", derived, "basis: public_task, reference: a, device: none",
			"statistics: PECR,", ""},
		{"no basis that ends", "region: { default: US }", ids, "basis: contract, reference: a", "", ""},
	} {
		region := c.region
		if region != "" {
			region = ", " + region
		}
		loaded, err := compiled(accessPolicy(t, "matomo", region, c.profile, c.lines))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		var got []string
		for _, r := range loaded.Access(&loaded.Activities[0]).Reasons {
			text := []string{r.Why + ":"}
			for i := range r.Laws {
				source, _, _ := strings.Cut(r.Laws[i].Source, " ")
				text = append(text, source)
			}
			if !r.All {
				text = append(text, "...")
			}
			got = append(got, strings.Join(text, " "))
		}
		if text := strings.Join(got, "; "); text != c.want {
			t.Errorf("%s: %q, want %q", c.what, text, c.want)
		}
		untold := untold(loaded)
		if (len(untold) > 0) != (c.untold != "") || c.untold != "" && !strings.Contains(untold[0].Msg, c.untold) {
			t.Errorf("%s: %v, want %q", c.what, untold, c.untold)
		}
	}
}

// TestUntold: what visitors have to be told, and no file says, is told of at its place, with what to write.
func TestUntold(t *testing.T) {
	t.Parallel()
	const ids = "client_id: { pseudonymise: { rotate: day } }"
	own := []byte("id: mine\nname: Mine\nhosts: { api: \"\" }\nfields: { e: { class: event_name }, c: { class: client_id } }\n" +
		"event: [{ field: e }]\nendpoints: [{ id: c, methods: [POST], path: /c, body: [json], events: [body], answer: { status: 204 } }]\n")
	for _, c := range []struct {
		what, vendor, profile, lines string
		edit                         [2]string // of the activity
		want                         string    // "" where nothing is missing
	}{
		{"all is said", "matomo", ids, "basis: consent", [2]string{}, ""},
		{"no decision", "matomo", ids, "basis: consent", [2]string{"automated_decision: none, ", ""},
			"add automated_decision: none, or"},
		{"no duty", "matomo", ids, "basis: consent", [2]string{"required: no, ", ""}, "add required: no, or"},
		{
			"neither", "matomo", ids, "basis: consent", [2]string{"automated_decision: none, required: no, ", ""},
			"add automated_decision: none and required: no, or",
		},
		{"a vendor of one's own", "mine", "url: url", "basis: consent", [2]string{},
			"add stores: to its vendor file, or device: here"},
		{"one that passes ids", "mine", ids, "basis: consent", [2]string{},
			"passes client_id, and nothing says where on the device it is kept"},
		{"the activity says it", "mine", ids, "basis: consent, device: [{ name: c, kind: cookie, period: 1 day }]",
			[2]string{}, ""},
		{"the activity says none", "mine", "url: url", "basis: consent, device: none", [2]string{}, ""},
		{"a server that passes ids", "ga4_mp", ids, "basis: consent", [2]string{},
			"passes client_id, and nothing says where on the device"},
		{"a server that passes none", "ga4_mp", "url: url", "basis: consent", [2]string{}, ""},
		{"hits of servers that pass ids", "matomo", ids, "basis: consent, source: server", [2]string{}, "passes client_id"},
	} {
		files := accessPolicy(t, c.vendor, "", c.profile, c.lines)
		files["policy/activities.yaml"] = bytes.Replace(files["policy/activities.yaml"], []byte(c.edit[0]),
			[]byte(c.edit[1]), 1)
		if c.vendor == "mine" {
			files["policy/vendors/mine.yaml"] = own
		}
		loaded, err := compiled(files)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		untold := untold(loaded)
		if c.want == "" && len(untold) > 0 || c.want != "" && (len(untold) != 1 ||
			!strings.Contains(untold[0].Msg, c.want) || untold[0].Activity != "a" || untold[0].Line == 0) {
			t.Errorf("%s: %v, want %q", c.what, untold, c.want)
		}
	}
}
