package proxy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestSitePagesSayWhatTakesPlace: in which case each recipient gets data for a purpose, by the basis and by whether it
// is direct marketing, and where; what the site says of itself; and how long a consent counts at most.
func TestSitePagesSayWhatTakesPlace(t *testing.T) {
	files := map[string][]byte{}
	for name, text := range map[string]string{
		"tagwarden.yaml": `version: 1
sites:
  shop:
    hosts: [localhost, t.shop.example]
    origins: ["https://shop.example"]
    name: { en: Shop, de: Laden }
    region: { header: CF-IPCountry }
    privacy:
      title: { en: Your data, de: Ihre Daten }
      languages: [de, en]
      links: [{ text: Impressum, url: { de: "https://shop.example/impressum", en: "https://shop.example/imprint" } }]
  bare: { hosts: [127.0.0.1, bare.example], region: { header: CF-IPCountry } }
trusted_proxies: [127.0.0.0/8]
controller: { name: Shop GmbH, contact: privacy@shop.example }
vendors:
  matomo: { catalog: matomo, upstream: "http://10.0.0.7:8000", private: true }
`,
		"policy/purposes.yaml": `purposes:
  measure: { title: { en: Measure the audience of our pages, de: Die Nutzung unserer Seiten messen },
    categories: [analytics], us: [sharing] }
  newsletter: { title: { en: Send the newsletter to customers, de: Kunden den Newsletter senden },
    categories: [mail], direct_marketing: true, us: [targeted_advertising] }
  orders: { title: { en: Deliver what was ordered in the shop, de: Bestellungen ausliefern },
    categories: [mail] }
`,
		"policy/activities.yaml": `activities:
  - { id: a, vendor: matomo, purposes: [measure], basis: consent, consent_max_age: 20 months, retention: 1 year, profile: bare, events: [a] }
  - { id: b, vendor: matomo, purposes: [measure], basis: opt_out, retention: 1 year, profile: bare, events: [b], regions: [US-CA] }
  - { id: c, vendor: matomo, purposes: [newsletter], basis: contract, reference: The order, retention: 1 year, profile: bare, events: [c] }
  - { id: d, vendor: matomo, purposes: [orders], basis: contract, reference: The order, retention: 1 year, profile: bare, events: [d] }
  - { id: e, vendor: matomo, purposes: [orders], basis: legal_obligation, reference: Tax law, retention: 1 year, profile: bare, events: [e] }
  - { id: f, vendor: matomo, purposes: [orders], basis: vital_interests, reference: Somebody's life, retention: 1 year, profile: bare, events: [f] }
  - { id: g, vendor: matomo, purposes: [measure], basis: public_task, reference: A law, retention: 1 year, profile: bare, events: [g] }
`,
		"policy/profiles.yaml": "profiles:\n  bare: { classes: { event_name: keep } }\n",
	} {
		files[name] = []byte(text)
	}
	loaded, err := config.Compile(config.SourceOf(files), basis.Past{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	site := sitePage(loaded, "shop", now)
	var said []string
	for _, p := range site.Languages[1].Purposes {
		said = append(said, fmt.Sprintf("%s shown only: %t, sale: %t, US: %t", p.ID, p.ShownOnly, p.Sale, p.US))
		for _, f := range p.Flows {
			said = append(said, fmt.Sprintf("  %s when %d, right %t, by %q in %v", f.Vendor, f.When, f.Basis.Right,
				f.Reference, f.Regions))
		}
	}
	want := `measure shown only: false, sale: true, US: true
  matomo when 1, right false, by "" in []
  matomo when 3, right false, by "" in [US-CA]
  matomo when 2, right true, by "A law" in []
newsletter shown only: false, sale: false, US: true
  matomo when 2, right false, by "The order" in []
orders shown only: true, sale: false, US: false
  matomo when 4, right false, by "The order" in []
  matomo when 5, right false, by "Tax law" in []
  matomo when 6, right false, by "Somebody's life" in []`
	if got := strings.Join(said, "\n"); got != want {
		t.Errorf("said is\n%s\nwant\n%s", got, want)
	}
	german := site.Languages[0]
	if german.Tag != "de" || german.Name != "Laden" || german.Title.Text != "Ihre Daten" ||
		german.Links[0].Text.Text != "Impressum" || german.Links[0].URL != "https://shop.example/impressum" ||
		len(site.Languages) != 2 {
		t.Errorf("%+v", german)
	}
	if months := now.AddDate(0, 20, 0).Sub(now); site.Consent != months {
		t.Errorf("a consent counts for %v", site.Consent)
	}
	if bare := sitePage(loaded, "bare", now); bare.Languages[0].Name != "bare.example" || len(bare.Languages) != 3 ||
		bare.Logo != nil {
		t.Errorf("%+v", bare)
	}
}
