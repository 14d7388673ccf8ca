package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// large is a policy of many activities, each with a profile of its own, over vendors of many fields, and many promises
// of all kinds, all of which it keeps.
func large(t testing.TB, activities, promises int) map[string][]byte {
	files := base(t)
	vendors := []string{"ga4", "matomo", "segment", "posthog", "meta_capi"}
	var server, list, profiles, says strings.Builder
	server.WriteString("version: 1\nsites: { shop: { hosts: [shop.example], region: { header: CF-IPCountry, subdivision: CF-Region },\n" +
		"  signals: { own: [{ cookie: choice, category: analytics, granted: [\"yes\"] }] } } }\nvendors:\n")
	for _, id := range vendors {
		fmt.Fprintf(&server, "  %s: { catalog: %s, prefix: /%s, country: DE, upstream: \"https://%s.shop.example\" }\n", id,
			id, id, strings.ReplaceAll(id, "_", "-"))
	}
	list.WriteString("activities:\n")
	profiles.WriteString("profiles:\n")
	for i := range activities {
		fmt.Fprintf(&list, "  - { id: a%d, vendor: %s, purposes: [measure], basis: consent, retention: 14 months, transfer: { country: US, safeguard: { EEA: DPF, UK: UK Extension, CH: Swiss-US DPF } }, profile: p%d, events: [e%d, \"x%d_*\"], regions: [DE, US-CA] }\n",
			i, vendors[i%len(vendors)], i, i, i)
		fmt.Fprintf(&profiles,
			"  p%d: { classes: { event_name: keep, event_id: keep, user_id: pseudonymise, client_id: keep, external_id: pseudonymise, email: { hash: sha256 }, phone: { hash: sha256 }, person_name: { hash: sha256 }, custom: scrub, user_trait: scrub, url: url, ip: { truncate: { v4: 16 } }, timestamp: keep, page_id: keep, session_id: keep, product: keep, revenue: keep, user_agent: keep, consent_signal: keep } }\n", i)
	}
	kinds := []string{
		"{ class: [email, phone], looser_than: hash, unless: { purpose: measure, event: zzz } }",
		"{ class: [birth_date, sensitive, recording] }",
		"{ class: ip, looser_than: { truncate: { v4: 24, v6: 48 } } }",
		"{ country: JP }",
		"{ class: url, unless: { class: [url, custom, user_trait, page_id, session_id, product, client_id, user_id, external_id, technical, account, container], basis: consent, region: [US, EU] } }",
		"{ field: ep.some_name, unless: { basis: consent } }",
		"{ event: [checkout, pay_*] }",
		"{ region: FR }",
	}
	says.WriteString("promises:\n")
	for i := range promises {
		fmt.Fprintf(&says, "  - { id: p%d, says: x, never: %s }\n", i, kinds[i%len(kinds)])
	}
	files["tagwarden.yaml"], files["policy/activities.yaml"] = []byte(server.String()), []byte(list.String())
	files["policy/profiles.yaml"], files["policy/promises.yaml"] = []byte(profiles.String()), []byte(says.String())
	for name := range files {
		if strings.HasPrefix(name, "policy/assessments") || strings.HasPrefix(name, "policy/tests") {
			delete(files, name)
		}
	}
	return files
}

func BenchmarkProof(b *testing.B) {
	loaded, err := Examine(SourceOf(large(b, 200, 100)), basis.Past{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range loaded.Proofs {
		if i < 8 {
			b.Log(loaded.Proofs[i].State, loaded.Proofs[i].Counter)
		}
	}
	compiled := make([]promise.Promise, len(loaded.Promises))
	for i := range compiled {
		compiled[i] = loaded.Promises[i].compiled()
	}
	for b.Loop() {
		promise.Prove(loaded.Policy, compiled, Whereabouts(loaded))
	}
}

// TestProofGrowsWithWhatItProves: twice the activities, or the promises, take about twice the work, counted in
// allocations: fields are looked at once for each profile, not once for each promise.
func TestProofGrowsWithWhatItProves(t *testing.T) {
	cost := func(activities, promises int) float64 {
		loaded, err := Examine(SourceOf(large(t, activities, promises)), basis.Past{})
		if err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(1, func() { Prove(loaded, loaded.Promises) })
	}
	small, activities, promises := cost(10, 8), cost(40, 8), cost(10, 64)
	if activities > 6*small || promises > 10*small {
		t.Errorf("%.0f for 10 activities and 8 promises, %.0f for 40 and 8, %.0f for 10 and 64", small, activities, promises)
	}
	t.Logf("%.0f %.0f %.0f", small, activities, promises)
}
