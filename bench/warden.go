package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	host          = "shop.example"
	consentCookie = "site_consent"
)

// What the server files of all measurements say alike: what stands in front of the vendors, and the ledger's line.
const (
	serverHead = `version: 1
listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
data: ./data
keys: { root: ./root.key }
policy: ./policy
sites:
  shop:
    hosts: [HOST]
    origins: ["https://HOST"]
    region: { header: CF-IPCountry, default: DE }
    signals:
      gpc: {}
      consent_mode: {}
      own: [{ cookie: COOKIE, category: analytics, granted: ["yes"], refused: ["no"] }]
`
	serverLedger = "ledger: { retain: 90d, seal: 1h, sync: 200ms }\n"
)

// files are a configuration with everything on: three sources of signals, two rungs on the ladder, a profile
// that pseudonymises, truncates, cleans addresses and scrubs texts. Hits with consent are carried by the first
// rung; without, both are judged, and deny.
var files = map[string]string{
	"tagwarden.yaml": serverHead + `vendors:
  ga4: { catalog: ga4, upstream: "http://UPSTREAM", private: true }
  segment: { catalog: segment, upstreams: { api: "http://UPSTREAM", settings: "http://UPSTREAM" }, private: true, country: US }
delivery: { mode: MODE }
` + serverLedger,
	"policy/purposes.yaml": `purposes:
  audience-measurement:
    title: Measure the audience of our pages
    description: Counts of pages, visits and orders, to find errors and improve content.
    categories: [analytics]
    gpc: object
  order-statistics:
    title: Count the orders of our shop and what leads to them
    description: Counts of pages, products, searches and orders, to see which pages of the shop work.
    categories: [analytics]
`,
	"policy/activities.yaml": `activities:
  - id: ga4-with-consent
    vendor: ga4
    purposes: [audience-measurement]
    basis: consent
    retention: 14 months
    transfer: { country: US, safeguard: DPF }
    profile: standard
    events: ["*"]
  - id: segment-with-consent
    vendor: segment
    purposes: [audience-measurement]
    basis: consent
    retention: 14 months
    transfer: { country: US, safeguard: DPF }
    profile: named
    events: ["*"]
  - id: ga4-orders
    vendor: ga4
    purposes: [order-statistics]
    basis: consent
    retention: 14 months
    transfer: { country: US, safeguard: DPF }
    profile: standard
    events: [page_view, view_item, view_item_list, view_search_results, add_to_cart, begin_checkout, purchase]
`,
	"policy/profiles.yaml": `profiles:
  standard:
    classes:
      event_name: keep
      client_id: { pseudonymise: { rotate: week } }
      session_id: { pseudonymise: { rotate: day } }
      url: { url: { query: [utm_source, utm_medium, utm_campaign], ids: template } }
      referrer: { generalise: origin }
      page_title: scrub
      user_agent: { generalise: family }
      language: { generalise: primary }
      interaction: keep
      revenue: keep
      product: keep
      search_term: scrub
    fields:
      ga4: { ep.payment_type: { only: [card, invoice] } }
    set:
      ga4: { npa: "1" }
  named:
    classes:
      event_name: keep
      event_id: keep
      client_id: { pseudonymise: { rotate: week } }
      url: { url: { query: [utm_source, utm_medium, utm_campaign], ids: template } }
      referrer: { generalise: origin }
      page_title: scrub
      user_agent: { generalise: family }
      product: keep
      revenue: keep
`,
}

// writeConfig writes the configuration and a root secret, and returns the server file. Mode is that of delivery.
func writeConfig(dir, upstream, mode string) (string, error) {
	return writeFiles(dir, files, "UPSTREAM", upstream, "MODE", mode)
}

// writeFiles writes the files of a configuration, with words in capitals replaced, and a
// root secret, and returns the server file.
func writeFiles(dir string, files map[string]string, oldNew ...string) (string, error) {
	fill := strings.NewReplacer(append([]string{"HOST", host, "COOKIE", consentCookie}, oldNew...)...)
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(name, []byte(fill.Replace(text)), 0o600); err != nil {
			return "", err
		}
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return "", fmt.Errorf("cannot make a root secret: %w", err)
	}
	text := base64.StdEncoding.EncodeToString(secret) + "\n"
	return filepath.Join(dir, "tagwarden.yaml"), os.WriteFile(filepath.Join(dir, "root.key"), []byte(text), 0o600)
}
