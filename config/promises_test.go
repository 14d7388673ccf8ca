package config

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// proved compiles the policy of the case about broken promises with one promise in
// place of all, and with texts changed.
func proved(t testing.TB, never string, changes ...string) promise.Result {
	t.Helper()
	_, own := archive(t, "testdata/faults/promises_broken.txtar")
	files := base(t)
	maps.Copy(files, own)
	files["policy/promises.yaml"] = fmt.Appendf(nil, "promises:\n  - { id: p, says: x, never: %s }\n", never)
	for i := 0; i+1 < len(changes); i += 2 {
		found := false
		for name, text := range files {
			if strings.Contains(string(text), changes[i]) {
				files[name], found = []byte(strings.Replace(string(text), changes[i], changes[i+1], 1)), true
			}
		}
		if !found {
			t.Fatalf("no file holds %q", changes[i])
		}
	}
	loaded, err := Examine(SourceOf(files), basis.Past{})
	if err != nil {
		t.Fatal(err)
	}
	return loaded.Proofs[0]
}

// passing has the profile for GA4 let more through.
func passing(lines string) []string {
	const before = "user_agent: keep\n    fields"
	return []string{before, strings.Replace(before, "\n", "\n      "+lines+"\n", 1)}
}

// TestProofs: what a promise comes to, key by key, with the parts of the way in which it is broken.
func TestProofs(t *testing.T) {
	t.Parallel()
	const looser = "profile: ga4\n    events: [\"*\"]\n    except_events: [\"checkout_*\"]"
	for _, of := range []struct {
		never   string
		changes []string
		state   promise.State
		way     string // activity, field and action, where it is broken
	}{
		{"{ class: client_id }", nil, promise.Broken, "ga4-consent _gid keep"},
		{"{ class: client_id, vendor: matomo }", nil, promise.Kept, ""},
		{"{ class: client_id, vendor: segment, looser_than: pseudonymise }", nil, promise.Kept, ""},
		{"{ class: client_id, vendor: segment, looser_than: derive }", nil, promise.Broken,
			"product-consent anonymousId pseudonymise"},
		{"{ class: client_id, looser_than: { pseudonymise: { rotate: week } }, vendor: product }",
			[]string{"client_id: pseudonymise", "client_id: { pseudonymise: { rotate: never } }"}, promise.Broken,
			"product-consent anonymousId pseudonymise"},
		{"{ class: client_id, looser_than: { pseudonymise: { rotate: day } }, vendor: product }", nil, promise.Kept, ""},
		{"{ class: ip, looser_than: truncate }", nil, promise.Kept, ""},
		// an IPv6 address leaves
		{"{ class: ip, looser_than: { truncate: { v4: 24 } } }", nil, promise.Broken, "ga4-consent _uip truncate"},
		{"{ class: ip, vendor: product }", nil, promise.Broken, "product-consent context.ip truncate"},
		{"{ class: email, vendor: ga4, unless: { basis: consent } }", nil, promise.Kept, ""},
		{"{ class: email, vendor: ga4, unless: { basis: legitimate_interest } }", nil, promise.Broken,
			"ga4-consent _em hash"},
		{"{ vendor: matomo, unless: { class: [event_name, url, technical, account, container, consent_signal] } }",
			nil, promise.Kept, ""},
		{"{ vendor: matomo, unless: { class: [event_name, technical, account, container, consent_signal] } }", nil,
			promise.Broken, "matomo-consent c_t url"},
		{"{ field: ep.plan, vendor: ga4 }", []string{"ep.plan: keep", "ep.plan: { replace: x }"}, promise.Kept, ""},
		// told, since nothing covers advertising
		{"{ field: npa }", []string{`set: { ga4: { npa: "1" } }`, "set: {}"}, promise.Broken, "ga4-consent npa state"},
		{"{ field: ep.colour }", nil, promise.Kept, ""},
		{"{ field: ep.colour }", []string{"user_agent: keep\n    fields",
			"user_agent: keep\n      custom: scrub\n    fields"}, promise.Broken, "ga4-consent ep.* scrub"},
		{"{ field: ep.plan }", []string{"user_agent: keep\n    fields: { ga4: { ep.plan: keep } }",
			"user_agent: keep\n      custom: keep\n    fields: { ga4: { ep.plan: drop } }"}, promise.Kept, ""},
		{"{ country: US, vendor: ga4 }", nil, promise.Broken, "ga4-consent header User-Agent keep"},
		{"{ country: outside-EU, vendor: matomo }", nil, promise.Broken, "matomo-consent "},
		{"{ country: outside-EU, vendor: matomo }", []string{"private: true }", "private: true, country: FR }"},
			promise.Kept, ""},
		{"{ country: outside-EU, vendor: matomo }", []string{"private: true }", "private: true, country: NO }"},
			promise.Broken, "matomo-consent "},
		{"{ country: outside-EEA, vendor: matomo }", []string{"private: true }", "private: true, country: NO }"},
			promise.Kept, ""},
		{"{ vendor: matomo, unless: { country: EEA } }", nil, promise.Broken, "matomo-consent "},
		{"{ vendor: matomo, unless: { country: EEA } }", []string{"private: true }", "private: true, country: NO }"},
			promise.Kept, ""},
		{"{ event: checkout_done, vendor: ga4 }", nil, promise.Kept, ""},
		{"{ event: \"check*\", vendor: ga4 }", nil, promise.Broken, "ga4-consent header User-Agent keep"},
		{"{ event: \"checkout_*\", vendor: ga4 }", []string{looser, "profile: ga4\n    events: [page_view, \"checkout_d*\"]"},
			promise.Broken, "ga4-consent header User-Agent keep"},
		{"{ event: \"checkout_*\", vendor: ga4 }", []string{looser, "profile: ga4\n    events: [page_view, \"check_*\"]"},
			promise.Kept, ""},
		{"{ class: url, event: page_view, unless: { event: [page_view] } }", nil, promise.Vacuous, ""},
		{"{ class: url, unless: { event: [page_view] } }", []string{"profile: small\n    events: [\"*\"]",
			"profile: small\n    events: [page_view]"}, promise.Kept, ""},
		{"{ region: FR, class: url }", nil, promise.Vacuous, ""}, // the site takes everybody to be in Germany
		{"{ region: FR, class: url }", []string{"region: { default: DE }", "region: { default: EU }"}, promise.Broken,
			"matomo-consent c_t url"},
		{"{ region: US-CA, class: url }", []string{"region: { default: DE }", "region: { header: Country, default: DE }"},
			promise.Broken, "matomo-consent c_t url"},
		{"{ class: url, unless: { region: DE } }", nil, promise.Vacuous, ""},
		{"{ class: url, unless: { region: DE } }", []string{"region: { default: DE }", "region: { default: EU }"},
			promise.Broken, "matomo-consent c_t url"},
		{"{ purpose: measure, class: phone }", nil, promise.Broken, "product-consent phone hash"},
		{"{ class: phone, unless: { purpose: measure } }", nil, promise.Vacuous, ""},
		{"{ class: phone, site: shop }", nil, promise.Broken, "product-consent phone hash"},
		{"{ vendor: meta_pixel }", nil, promise.Vacuous, ""},
		{"{ class: recording }", nil, promise.Kept, ""},
		{"{ class: recording, vendor: ga4 }", nil, promise.Vacuous, ""},
		{"{ looser_than: keep }", nil, promise.Vacuous, ""},
		// What every vendor is told in a header, and in fields that no profile knows.
		{"{ field: header Sec-GPC, vendor: matomo }", nil, promise.Broken, "matomo-consent header Sec-GPC constant"},
		{"{ field: gcs, vendor: ga4 }", nil, promise.Broken, "ga4-consent gcs state"},
		// no field of any name is a header
		{"{ field: header User-Agent, vendor: product }",
			[]string{"ip: { truncate: { v4: 16, v6: 32 } }\n      user_agent: keep", "ip: { truncate: { v4: 16, v6: 32 } }"},
			promise.Kept, ""},
		// Parameters of addresses are what their names say.
		{"{ class: click_id, vendor: ga4 }", passing(`url: { url: { query: ["class:click_id"] } }`), promise.Broken,
			"ga4-consent dh keep"},
		{"{ class: click_id, vendor: ga4 }", passing(`url: { url: { query: ["class:campaign", q] } }`), promise.Kept, ""},
		{"{ class: click_id, vendor: ga4 }", passing(`url: keep`), promise.Broken, "ga4-consent dh keep"},
		{"{ class: click_id, vendor: ga4, looser_than: url }", passing(`url: { url: { query: ["class:click_id"] } }`),
			promise.Broken, "ga4-consent dh keep"},
		{"{ class: search_term, vendor: ga4 }", passing(`url: { url: { query: [q] } }`), promise.Broken,
			"ga4-consent dh scrub"},
		{"{ class: search_term, vendor: ga4 }", passing(`url: { url: { query: ["q*"] } }`), promise.Broken,
			"ga4-consent dh scrub"},
		{"{ class: search_term, vendor: ga4 }", passing(`url: url`), promise.Kept, ""},
		{"{ class: search_term, vendor: ga4 }", passing(`referrer: { generalise: origin }`), promise.Kept, ""},
		{"{ class: search_term, vendor: ga4, field: dr }", passing(`referrer: { url: { query: [q] } }`), promise.Broken,
			"ga4-consent dr scrub"},
		{"{ class: campaign, vendor: ga4, looser_than: scrub }", passing(`url: { url: { query: [utm_source] } }`),
			promise.Kept, ""},
		// an address among words
		{"{ class: campaign, vendor: ga4, field: dt }",
			passing("url: { url: { query: [utm_source] } }\n      page_title: keep"), promise.Broken, "ga4-consent dt scrub"},
		{"{ class: campaign, vendor: ga4, field: dt }", passing("url: url\n      page_title: keep"), promise.Kept, ""},
		// the rest of it is no parameter
		{"{ class: url, vendor: ga4, looser_than: url }", passing(`url: { url: { query: [utm_source] } }`), promise.Kept, ""},
		{"{ class: url, vendor: ga4, looser_than: url }", passing("url: keep"), promise.Broken, "ga4-consent dh keep"},
		{"{ vendor: ga4, field: dl, unless: { class: url } }", passing(`url: { url: { query: [utm_source] } }`),
			promise.Broken, "ga4-consent dl scrub"},
		{"{ vendor: ga4, field: dl, unless: { class: [url, campaign] } }", passing(`url: { url: { query: [utm_source] } }`),
			promise.Kept, ""},
	} {
		proof := proved(t, of.never, of.changes...)
		way := ""
		if c := proof.Counter; c != nil {
			does, _, _ := strings.Cut(c.Does(), " ")
			way = c.Activity.ID + " " + c.Field + " " + strings.TrimSuffix(does, ",")
		}
		if proof.State != of.state || !strings.HasPrefix(way, of.way) {
			t.Errorf("%s is %s by %q; want %s by %q", of.never, proof.State, way, of.state, of.way)
		}
	}
}

// TestProofsAssume: what a proof rests on is named where it does.
func TestProofsAssume(t *testing.T) {
	t.Parallel()
	for _, of := range []struct {
		never   string
		changes []string
		kind    string
		says    string
	}{
		{"{ class: url }", nil, promise.Declared, "fields are what catalog and policy declare them to be"},
		{"{ class: url }", []string{"profile: small\n    events: [\"*\"]",
			"profile: small\n    events: [\"*\"]\n    when: 'event.name == \"x\"'"}, promise.When,
			"matomo-consent is taken as met"},
		{"{ event: checkout, vendor: product }", nil, promise.Shared, "product batch ("},
		{"{ country: US, vendor: matomo }", nil, promise.Abroad, "machines of matomo stand"},
		{"{ country: JP, vendor: product }", []string{"catalog: segment, prefix",
			"catalog: segment, upstream: \"https://eu.shop.example\", prefix",
			"    transfer: { country: US, safeguard: { EEA: DPF, UK: UK Extension, CH: Swiss-US DPF } }\n    profile: product",
			"    transfer: { country: US, safeguard: SCC }\n    profile: product"}, promise.Declared, ""},
	} {
		proof := proved(t, of.never, of.changes...)
		found := false
		for _, assumed := range proof.Assumed {
			found = found || assumed.Kind == of.kind && strings.Contains(assumed.Says, of.says)
		}
		if !found {
			t.Errorf("%s assumes %v; want %s: %s", of.never, proof.Assumed, of.kind, of.says)
		}
	}
}

// TestBrokenPromiseDoesNotLoad: a broken promise is a fault wherever a policy is compiled, and one that nothing could
// break a warning. A policy that promises is another one.
func TestBrokenPromiseDoesNotLoad(t *testing.T) {
	t.Parallel()
	files := base(t)
	plain, err := compiled(files)
	if err != nil {
		t.Fatal(err)
	}
	files["policy/promises.yaml"] = []byte(
		"promises:\n  - { id: p, says: x, never: { class: email } }\n  - { id: q, says: x, never: { vendor: meta_pixel } }\n")
	loaded, err := compiled(files)
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Policy.Digest() == plain.Policy.Digest() {
		t.Error("a promise changes nothing of the policy's digest")
	}
	if len(loaded.Warnings) != 1 || !strings.Contains(loaded.Warnings[0].Error(),
		"policy/promises.yaml:3:30: promise q says nothing") {
		t.Errorf("warnings:\n%v", loaded.Warnings)
	}
	files["policy/promises.yaml"] = []byte("promises:\n  - { id: p, says: x, never: { class: url } }\n")
	if _, err = compiled(files); err == nil || !strings.Contains(err.Error(),
		"policy/promises.yaml:2:30: promise p is broken: activity matomo-consent sends url") {
		t.Errorf("a broken promise: %v", err)
	}
}

// TestArchivedPromises: what is kept of a policy holds its promises, and compiles to it.
func TestArchivedPromises(t *testing.T) {
	t.Parallel()
	files := base(t)
	files["policy/promises.yaml"] = []byte(
		"promises:\n  - { id: p, says: { en: No mail, de: Keine Adresse }, never: { class: [email], unless: { basis: consent } } }\n")
	loaded, err := compiled(files)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Compile(archivedSource(loaded.digested.policy), basis.Past{})
	if err != nil {
		t.Fatal(err)
	}
	if again.Policy.Digest() != loaded.Policy.Digest() || len(again.Proofs) != 1 || again.Proofs[0].State != promise.Kept {
		t.Errorf("what was kept has digest %s and proofs %+v", again.Policy.Digest(), again.Proofs)
	}
}
