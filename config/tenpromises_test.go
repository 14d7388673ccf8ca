package config

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// documentedPromises is the file of promises that the page of promises shows.
func documentedPromises(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile("../cmd/tagwarden/docs/promises.md")
	if err != nil {
		t.Fatal(err)
	}
	_, behind, found := strings.Cut(string(text), "```yaml\n# policy/promises.yaml\n")
	yaml, _, closed := strings.Cut(behind, "```")
	if !found || !closed {
		t.Fatal("the page shows no file of promises")
	}
	return []byte(yaml)
}

// TestDocumentedPromises: one policy keeps the ten promises of the page, and an edit for each breaks it and no other.
func TestDocumentedPromises(t *testing.T) {
	t.Parallel()
	_, files := archive(t, "testdata/tenpromises.txtar")
	files["policy/promises.yaml"] = documentedPromises(t)
	states := func(old, changed string) map[string]promise.State {
		t.Helper()
		all, found := maps.Clone(files), old == ""
		for name, text := range all {
			if old != "" && name != "policy/promises.yaml" && strings.Contains(string(text), old) {
				all[name], found = []byte(strings.Replace(string(text), old, changed, 1)), true
			}
		}
		if !found {
			t.Fatalf("no file holds %q", old)
		}
		loaded, err := Examine(SourceOf(all), basis.Past{})
		if err != nil {
			t.Fatal(err)
		}
		states := map[string]promise.State{}
		for i := range loaded.Proofs {
			states[loaded.Proofs[i].Promise.ID] = loaded.Proofs[i].State
		}
		return states
	}
	kept := states("", "")
	if len(kept) != 10 {
		t.Errorf("the page shows %d promises", len(kept))
	}
	for id, state := range kept {
		if state != promise.Kept {
			t.Errorf("%s is %s", id, state)
		}
	}
	broken := map[string]bool{}
	for _, of := range []struct{ id, old, changed string }{
		{"no-plain-mail", "email: { hash: sha256 }", "email: keep"},
		{"mail-on-consent", "account:\n    classes: { event_name: keep",
			"account:\n    classes: { event_name: keep, phone: { hash: sha256 }, custom: scrub"},
		{"addresses-cut", "v4: 24, v6: 48", "v4: 24, v6: 64"},
		{"no-stored-id-without-yes", "account:\n    classes: { event_name: keep",
			"account:\n    classes: { event_name: keep, user_id: pseudonymise"},
		{"abroad-on-consent", "reference: terms of use",
			"reference: terms of use\n    transfer: { country: US, safeguard: SCC }"},
		{"nothing-of-the-checkout", "except_events: [\"checkout_*\", add_payment_info]", "except_events: [\"checkout_*\"]"},
		{"nothing-sensitive", "event_name: keep, client_id: pseudonymise, user_id: pseudonymise",
			"event_name: keep, birth_date: { generalise: year }, client_id: pseudonymise, user_id: pseudonymise"},
		{"no-recordings", "event_name: keep, client_id: pseudonymise, user_id: pseudonymise",
			"event_name: keep, recording: keep, client_id: pseudonymise, user_id: pseudonymise"},
		{"no-searches-to-ga4", "client_id: keep, email", "client_id: keep, search_term: scrub, email"},
		{"count-and-nothing-else", "url: url }", "url: url, campaign: keep }"},
	} {
		broken[of.id] = true
		for id, state := range states(of.old, of.changed) {
			also := of.id == "no-stored-id-without-yes" && id == "mail-on-consent" // a user id may be an e-mail address
			if (state == promise.Broken) != (id == of.id || also) {
				t.Errorf("%q for %q: %s is %s", of.changed, of.old, id, state)
			}
		}
	}
	if len(broken) != len(kept) {
		t.Errorf("%d of %d promises are broken by an edit", len(broken), len(kept))
	}
}
