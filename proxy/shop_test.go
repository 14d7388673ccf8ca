package proxy_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// shopFiles is a larger configuration: more vendors, one of which is asked for answers, one without any activity, and
// more signals. VENDOR stands for the address of a stand-in.
var shopFiles = map[string]string{
	"tagwarden.yaml": `version: 1
listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
trusted_proxies: [192.0.2.0/24]
limits: { body: 128KiB, decompressed: 1MiB, events: 100, depth: 32, fields: 500 }
sites:
  shop:
    hosts: [shop.example, t.shop.example]
    base: /t
    origins: ["https://shop.example", "https://www.shop.example"]
    region: { header: CF-IPCountry, default: DE }
    signals:
      gpc: {}
      consent_mode: {}
      own: [{ cookie: choice, category: analytics, granted: ["yes"], refused: ["no"] }]
vendors:
  ga4:       { catalog: ga4, upstream: "http://VENDOR", private: true }
  matomo:    { catalog: matomo, upstream: "http://VENDOR", private: true }
  segment:   { catalog: segment, prefix: /segment, upstreams: { api: "http://VENDOR", settings: "http://VENDOR" }, private: true }
  posthog:   { catalog: posthog, prefix: /posthog, upstreams: { api: "http://VENDOR", assets: "http://VENDOR" }, private: true }
  amplitude: { catalog: amplitude, prefix: /amplitude, upstream: "http://VENDOR", private: true }
`,
	"policy/purposes.yaml": `purposes:
  measure: { title: Measure the audience of our pages, categories: [analytics], description: Counts of pages and visits. }
  personal-offers: { title: Show people our products that they looked at, categories: [marketing], gpc: object }
`,
	"policy/activities.yaml": `activities:
  - { id: ga4-both, vendor: ga4, purposes: [measure, personal-offers], basis: consent, retention: 14 months, profile: small, events: [purchase] }
  - { id: ga4-consent, vendor: ga4, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: [page_view] }
  - { id: matomo-consent, vendor: matomo, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: ["*"] }
  - { id: segment-consent, vendor: segment, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: ["*"] }
  - { id: posthog-consent, vendor: posthog, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: ["*"] }
`,
	"policy/profiles.yaml": `profiles:
  small:
    classes: { event_name: keep, client_id: { pseudonymise: { rotate: week } }, page_title: keep, user_agent: keep }
    set: { ga4: { npa: "1" } }
`,
}

// shop writes the larger configuration and returns its server file. More are files in place of, or beside, its own.
func shop(t testing.TB, vendor string, more map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, files := range []map[string]string{shopFiles, more} {
		for name, text := range files {
			write(t, filepath.Join(dir, filepath.FromSlash(name)), strings.ReplaceAll(text, "VENDOR", vendor))
		}
	}
	return filepath.Join(dir, "tagwarden.yaml")
}

// yes is what a visitor of that shop sends who consented.
const yes = "Cookie: choice=yes\r\n"

// standIn starts a vendor that keeps every byte and answers with exact bytes.
func standIn(t testing.TB) *rawhttp.Vendor {
	t.Helper()
	v, err := rawhttp.NewVendor()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// ask sends exact bytes over a connection of its own and reads the answer.
func (r *running) ask(t testing.TB, request string) *rawhttp.Answer {
	t.Helper()
	a, err := rawhttp.Exchange(r.hits, request)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// records stops the server and returns the ledger's records of one kind.
func (r *running) records(t testing.TB, kind string) []string {
	t.Helper()
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	var all []string
	dir := filepath.Join(filepath.Dir(r.file), "data", "ledger")
	err := ledger.Search(dir, ledger.Query{Members: map[string]string{"kind": kind}}, func(record []byte) bool {
		all = append(all, string(record))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// figure reads one of the server's figures, named as Prometheus shows it: name{label="value"}.
func (r *running) figure(t testing.TB, name string) string {
	t.Helper()
	_, text := r.get(t, "/metrics")
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return "0"
}
