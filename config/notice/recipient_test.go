package notice

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/sample"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// receiving is a configuration in which one vendor receives data of visitors in some regions, with the keys given.
func receiving(t testing.TB, vendor, regions, transfer, controller string) *config.Loaded {
	t.Helper()
	loaded, err := sample.Compiled(map[string][]byte{
		"tagwarden.yaml": []byte("version: 1\ncontroller: { name: Shop GmbH, contact: privacy@shop.example" + controller +
			" }\nsites:\n  shop:\n    hosts: [shop.example]\n    signals: { own: [{ cookie: c, category: a, granted: [\"yes\"] }] }\n" +
			"vendors:\n  v: { " + vendor + " }\nledger: { retain: 90d }\n"),
		"policy/purposes.yaml": []byte(
			"purposes:\n  measure: { title: Measure the audience of our pages, categories: [a] }\n"),
		"policy/activities.yaml": []byte(
			"activities:\n  - id: a\n    vendor: v\n    purposes: [measure]\n    basis: consent\n" +
				"    retention: 14 months\n    automated_decision: none\n    required: no\n" +
				"    device: [{ name: id, kind: cookie, period: 13 months }]\n    profile: p\n    events: [\"*\"]\n    regions: [" +
				regions + "]\n" + transfer),
		"policy/profiles.yaml": []byte(
			"profiles:\n  p: { classes: { event_name: keep, client_id: keep, device_id: keep, url: keep, " +
				"session_id: keep, event_id: keep, user_id: keep, timestamp: keep, user_agent: keep, language: keep, interaction: keep, credential: keep, account: keep } }\n"),
	})
	if err != nil {
		t.Fatalf("%s: %v", vendor, err)
	}
	return loaded
}

// inRegion is a region of each of the groups that notices tell apart.
var inRegion = map[string]string{"EEA": "DE", "UK": "GB", "CH": "CH", "other": "US-CA"}

// atFile is where in a file something is missing.
var atFile = regexp.MustCompile(`(?m)^(tagwarden|policy/activities).yaml:\d+:\d+: `)

// TestEveryVendorByRegion: of each built-in vendor, where it is reached as the catalog knows it and where the site
// hosts it, a notice for readers of a region says who receives, in which role and what makes a transfer lawful; or what
// is missing is said with its key, and no text is made. Nothing is ever "none planned" that nobody knows.
func TestEveryVendorByRegion(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	for _, id := range catalog.BuiltinIDs() {
		file, _ := catalog.Builtin(id)
		for _, hosted := range []bool{false, true} {
			vendor := "catalog: " + id
			if hosted || slices.Contains(slices.Collect(maps.Values(file.Hosts)), "") {
				var own []string
				for _, role := range slices.Sorted(maps.Keys(file.Hosts)) {
					own = append(own, role+": \"https://"+role+".shop.example\"")
				}
				vendor += ", country: DE, upstreams: { " + strings.Join(own, ", ") + " }"
				if !hosted {
					continue // there is no other way
				}
			}
			for _, reader := range catalog.Readers() {
				transfer := ""
				if file.Country == "US" {
					transfer = "    transfer: { country: US, safeguard: { EEA: DPF, UK: UK Extension, CH: Swiss-US DPF, other: SCC } }\n"
				}
				said := receivedIn(t, vendor, reader, transfer)
				fmt.Fprintf(&out, "%s, hosted by the site: %t, %s\n%s\n", id, hosted, reader, said)
			}
		}
	}
	golden(t, "testdata/recipients.txt", []byte(out.String()))
}

// receivedIn is what a notice says of who receives, in three languages, or what it lacks.
func receivedIn(t *testing.T, vendor, reader, transfer string) string {
	t.Helper()
	loaded := receiving(t, vendor, inRegion[reader], transfer, "")
	var out strings.Builder
	for _, lang := range Languages() {
		n, _ := noticeOf(t, loaded, "", lang)
		text, err := n.Render("md")
		if missing := n.Missing(); len(missing) > 0 {
			if err == nil || text != nil {
				t.Errorf("%s, %s: a text is made though facts are missing", vendor, reader)
			}
			return "  " + strings.ReplaceAll(atFile.ReplaceAllString(missing.Error(), "missing: "), "\n", "\n  ") + "\n"
		}
		if err != nil {
			t.Fatal(err)
		}
		r, how := n.Activities[0].Recipient, n.words.Texts["no_transfer"]
		if of := n.Activities[0].Transfer; of != nil {
			how = of.In + ": " + of.Safeguard
		}
		fmt.Fprintf(&out, "  %s: %s; %s; %s %s; %s\n", lang, r.Legal, r.RoleName, r.PolicyURL, r.Arrangement, how)
	}
	return out.String()
}

// TestWhatANoticeLacks: each fact that is missing, by what is written; and that what is there is enough.
func TestWhatANoticeLacks(t *testing.T) {
	t.Parallel()
	const (
		ga4    = `catalog: ga4`
		entity = `, entity: "Google Ireland Limited, Dublin, IE"`
		role   = `, role: processor`
		umami  = `catalog: umami, upstream: "https://umami.example"`
	)
	us := func(safeguard string) string { return "    transfer: { country: US, safeguard: " + safeguard + " }\n" }
	for _, c := range []struct {
		what                      string
		vendor, regions, transfer string
		lacks                     []string
	}{
		{"nothing", ga4 + role, "DE", us("DPF"), nil},
		{"nothing, in several regions", ga4 + entity + role, "DE, GB, CH",
			us("{ EEA: DPF, UK: UK Extension, CH: Swiss-US DPF }"), nil},
		{"nothing, where one thing holds in all", ga4 + entity + role, "DE, GB, CH", us("BCR"), nil},
		{"nothing, by words of one's own", ga4 + entity + role, "DE, GB, CH", us("clauses that we wrote"), nil},
		{"nothing, elsewhere", ga4 + role, "US", us("DPF"), nil},
		{"a role", ga4, "DE", us("DPF"), []string{"add role: processor"}},
		{"an entity for one region", ga4 + role, "DE, GB", us("BCR"), []string{"for visitors of UK: add entity:"}},
		{"an entity", umami + ", country: DE" + role, "DE, GB", "",
			[]string{"nothing says which legal person receives what goes to v: add entity:"}},
		{"an arrangement", ga4 + ", role: joint", "DE", us("DPF"), []string{"add arrangement:"}},
		{"a safeguard for the UK", ga4 + entity + role, "DE, GB", us("SCC"),
			[]string{"SCC makes no transfer of data of visitors in UK lawful: say it for each, as in safeguard: { EEA: SCC, UK: IDTA, CH: SCC }"}},
		{"a safeguard for both", ga4 + entity + role, "DE, GB, CH", us("DPF"),
			[]string{"DPF makes no transfer of data of visitors in UK, CH lawful: say it for each, as in safeguard: { EEA: DPF, UK: UK Extension, CH: Swiss-US DPF }"}},
		{"a safeguard that is nowhere", ga4 + entity + role, "DE, CH", us("{ EEA: DPF }"), []string{"visitors in CH lawful"}},
		{
			"a transfer to where the legal person sits",
			umami + `, country: DE, entity: "Umami Software, Inc., San Francisco, US"` + role, "DE", "",
			[]string{"v is in US, outside the EEA, and nothing says what makes a transfer lawful: add transfer: { country: US, safeguard: { EEA: DPF"},
		},
		{"a transfer to a machine of one's own abroad",
			`catalog: matomo, upstream: "http://10.0.0.7", private: true, country: IN`, "DE", "", []string{"v is in IN"}},
		{"nothing, on one's own network", `catalog: matomo, upstream: "http://10.0.0.7", private: true`,
			"DE, GB, CH, US", "", nil},
		{"nothing, on a machine of one's own", umami + `, country: DE, entity: "Shop GmbH, Berlin, DE"`, "DE", "", nil},
		{"everything of who hosts it", `catalog: plausible, upstream: "https://stats.example", country: DE`, "DE", "",
			[]string{"add entity:", "add role:"}},
		{"nothing, as the catalog knows it", `catalog: plausible`, "DE, GB, CH", "", nil},
	} {
		loaded := receiving(t, c.vendor, c.regions, c.transfer, "")
		n, _ := noticeOf(t, loaded, "", "en")
		missing := n.Missing()
		if len(missing) != len(c.lacks) {
			t.Errorf("%s: %v", c.what, missing)
			continue
		}
		for i, want := range c.lacks {
			if !strings.Contains(missing[i].Error(), want) {
				t.Errorf("%s: %q, want %q", c.what, missing[i].Error(), want)
			}
		}
		if _, err := n.Render("json"); (err == nil) != (len(c.lacks) == 0) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// TestNoticeNamesAuthorities: those of the regions that are served, and the law that holds there.
func TestNoticeNamesAuthorities(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		regions string
		names   []string
	}{
		{"DE", []string{"edpb", "datenschutzkonferenz"}}, {"US", []string{"edpb"}}, {"GB", []string{"edpb", "ico.org"}},
		{"FR, CH", []string{"edpb", "cnil", "edoeb"}}, {"EEA, UK, CH", []string{"edpb", "ico.org", "edoeb"}},
	} {
		loaded := receiving(t, "catalog: matomo, upstream: \"http://10.0.0.7\", private: true", c.regions, "", "")
		for lang, laws := range map[string][2]string{
			"en": {"UK GDPR", "Art. 25"}, "de": {"UK GDPR", "Art. 25 DSG"}, "fr": {"UK GDPR", "art. 25"},
		} {
			n, _ := noticeOf(t, loaded, "", lang)
			if len(n.Authorities) != len(c.names) {
				t.Errorf("%s, %s: %v", c.regions, lang, n.Authorities)
				continue
			}
			for i, name := range c.names {
				if a := n.Authorities[i]; !strings.Contains(a.URL, name) || a.Name == "" || a.For == "" {
					t.Errorf("%s, %s: %v, want %s", c.regions, lang, a, name)
				}
			}
			all := strings.Join(n.Laws, "\n")
			if strings.Contains(all, laws[0]) != slices.Contains(c.names, "ico.org") ||
				strings.Contains(all, laws[1]) != slices.Contains(c.names, "edoeb") {
				t.Errorf("%s, %s: %v", c.regions, lang, n.Laws)
			}
		}
	}
}

// TestEveryCountryHasAnAuthority: each of the EEA, by an address of its own, and no other.
func TestEveryCountryHasAnAuthority(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for code, a := range national() {
		if !config.InEEA(code) || a.Name == "" || !strings.HasPrefix(a.URL, "https://") || seen[a.URL] {
			t.Errorf("%s: %v", code, a)
		}
		seen[a.URL] = true
	}
	for _, code := range rules.Countries() {
		if _, has := national()[code]; has != config.InEEA(code) {
			t.Errorf("%s has an authority: %t", code, has)
		}
	}
}

// TestNoticeNamesRepresentatives: in each form and language, and in the record.
func TestNoticeNamesRepresentatives(t *testing.T) {
	t.Parallel()
	loaded := receiving(t, "catalog: plausible", "DE", "",
		`, representative: { name: Rep GmbH, address: Berlin, contact: rep@rep.example }, `+
			`uk_representative: { name: Rep Ltd, contact: "https://rep.example" }`)
	for _, lang := range Languages() {
		n, _ := noticeOf(t, loaded, "", lang)
		for _, form := range Formats() {
			text, err := n.Render(form)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"Rep GmbH", "rep@rep.example", "Rep Ltd", "https://rep.example"} {
				if !strings.Contains(strings.ReplaceAll(string(text), `\`, ""), want) {
					t.Errorf("%s, %s: no %s", lang, form, want)
				}
			}
		}
	}
	r, err := Art30(loaded, RecordOf{Lang: "en", At: sample.Day})
	if err != nil {
		t.Fatal(err)
	}
	if csv := string(r.csv()); !strings.Contains(
		csv, `"Rep GmbH; Berlin; rep@rep.example","Rep Ltd; https://rep.example"`) {
		t.Error(csv)
	}
}

// TestEverySafeguardHasWords: in each language, and no more.
func TestEverySafeguardHasWords(t *testing.T) {
	t.Parallel()
	for _, lang := range Languages() {
		w, _ := wordsIn(lang)
		for _, s := range config.Safeguards() {
			if w.Safeguards[s.Key] == "" || w.safeguard(s.Name) != w.Safeguards[s.Key] {
				t.Errorf("%s: %s lacks words", lang, s.Name)
			}
		}
		if len(w.Safeguards) != len(config.Safeguards()) || len(recordWordsIn(lang).Safeguards) != len(w.Safeguards) {
			t.Errorf("%s: there are words for what is none", lang)
		}
		for _, role := range []string{catalog.RoleProcessor, catalog.RoleJoint, catalog.RoleController} {
			if w.Recipients["role_"+role] == "" {
				t.Errorf("%s: %s lacks words", lang, role)
			}
		}
		for _, reader := range catalog.Readers() {
			if w.Recipients["reader_"+reader] == "" {
				t.Errorf("%s: %s lacks words", lang, reader)
			}
		}
	}
}
