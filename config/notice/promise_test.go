package notice

import (
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/sample"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestPublishedPromises: what is promised in public is said, to those whom it is about, and nothing that is not kept.
func TestPublishedPromises(t *testing.T) {
	t.Parallel()
	files := sample.Files(t)
	files["policy/promises.yaml"] = []byte(`promises:
  - { id: public, says: "Mail <stays> here.", never: { class: email }, publish: true }
  - { id: blog, says: { en: Only of the blog., fr: Du blog. }, never: { class: email, site: blog }, publish: true }
  - { id: empty, says: { en: Nobody is filmed., de: Niemand wird gefilmt. }, never: { class: recording, vendor: matomo }, publish: true }
  - { id: broken, says: No page view leaves., never: { class: event_name }, publish: true }
  - { id: private, says: Between ourselves., never: { class: person_name } }
`)
	l, err := config.Examine(config.SourceOf(files), basis.Past{})
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []struct {
		site, lang string
		want       []string
		marked     int // shown in another language
	}{
		{"", "en", []string{"public", "blog", "empty"}, 0},
		{"shop", "en", []string{"public", "empty"}, 0},
		{"blog", "de", []string{"public", "blog", "empty"}, 1},
		{"blog", "fr", []string{"public", "blog", "empty"}, 1},
	} {
		n, _ := noticeOf(t, l, of.site, of.lang)
		var ids []string
		marked := 0
		page, err := n.Publish("html", Around{Incomplete: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range n.Promises {
			ids = append(ids, p.ID)
			said := "<li>" + strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(p.Says.Text) + "</li>"
			if p.Says.Lang != "" {
				marked++
				said = `<li><span lang="` + p.Says.Lang + `">` + p.Says.Text + "</span>"
			}
			if !strings.Contains(string(page), said) {
				t.Errorf("%s in %s: %s is missing", of.site, of.lang, said)
			}
		}
		if !slices.Equal(ids, of.want) || marked != of.marked {
			t.Errorf("%s in %s: %v, %d marked", of.site, of.lang, ids, marked)
		}
		if !strings.Contains(string(page), `<h2 id="tagwarden-promises">`+n.words.Texts["promises"]+"</h2>") {
			t.Errorf("%s in %s: it has no heading", of.site, of.lang)
		}
	}
}

// TestRecordedPromises: the record says of an activity what is promised in public and may be about it.
func TestRecordedPromises(t *testing.T) {
	t.Parallel()
	const old = "never: { class: phone, basis: legitimate_interest }"
	for never, want := range map[string]string{
		"class: recording":                               "ga4-with-consent ga4-opt-out matomo-cookieless posthog-fraud posthog-expired",
		"class: phone, basis: legitimate_interest":       "matomo-cookieless posthog-expired",
		"class: phone, purpose: [fraud, measure]":        "ga4-with-consent matomo-cookieless posthog-fraud",
		"class: phone, vendor: [ga4]":                    "ga4-with-consent ga4-opt-out",
		"class: phone, vendor: posthog, site: blog":      "posthog-expired",
		"class: phone, vendor: posthog, basis: contract": "",
	} {
		r, err := Art30(sample.Approved(t, sample.Files(t, old, "never: { "+never+" }")),
			RecordOf{Lang: "en", At: sample.Day})
		if err != nil {
			t.Fatal(err)
		}
		var of []string
		for i := range r.Entries {
			if e := &r.Entries[i]; slices.ContainsFunc(e.Promises, func(p Promise) bool { return p.ID == "no-phone" }) {
				of = append(of, e.ID)
				if says := r.cells(e)["promises"]; !strings.Contains(says, "No phone number leaves on a legitimate interest.") {
					t.Errorf("%s: the table says %q", e.ID, says)
				}
			}
		}
		if got := strings.Join(of, " "); got != want {
			t.Errorf("%s: %s, want %s", never, got, want)
		}
	}
}
