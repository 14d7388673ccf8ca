package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	host   = "shop.example"
	origin = "https://" + host
	choice = "site_consent"
	yes    = "Cookie: " + choice + "=yes\r\n"
)

// setup is the configuration that a scenario needs, as far as it differs.
type setup struct {
	upstreams map[string]string // by vendor: where its stand-in listens
	listen    string            // of the hits listener; 127.0.0.1:0
	trusted   string            // networks, in YAML
	limits    string            // more keys of limits, in YAML
	sets      int               // set: lines of the profile, for every vendor
	caged     bool              // its memory is bounded
	files     int               // its open files are bounded, to so many; 0: they are not
}

const serverFile = `version: 1
listen: "LISTEN"
admin: { listen: "127.0.0.1:0" }
data: ./data
keys: { root: ./root.key }
policy: ./policy
trusted_proxies: [TRUSTED]
limits: { LIMITS }
controller: { name: Shop GmbH, address: "Example Street 1, Berlin", contact: privacy@shop.example }
sites:
  shop:
    hosts: [shop.example]
    origins: ["https://shop.example"]
    region: { header: CF-IPCountry, default: DE }
    signals:
      gpc: {}
      own: [{ cookie: site_consent, category: analytics, granted: ["yes"], refused: ["no"] }]
delivery: { mode: direct }
ledger: { retain: 90d, seal: 1h, sync: 200ms }
vendors:
`

const purposesFile = `purposes:
  audience-measurement:
    title: Measure the audience of our pages
    description: Counts of pages, visits and orders, to find errors and improve content.
    categories: [analytics]
`

// profileFile lets through what is looked at: texts are scrubbed and addresses cleaned, which is what costs.
const profileFile = `profiles:
  standard:
    classes:
      event_name: keep
      event_id: keep
      page_id: keep
      client_id: keep
      device_id: keep
      session_id: keep
      user_id: { pseudonymise: { rotate: week } }
      url: { url: { query: [utm_source, utm_medium, utm_campaign], ids: template } }
      referrer: { generalise: origin }
      page_title: scrub
      search_term: scrub
      campaign: keep
      free_text: scrub
      custom: scrub
      interaction: keep
      performance: keep
      product: keep
      revenue: keep
      transaction_id: keep
      timestamp: { truncate: minute }
      language: { generalise: primary }
      user_agent: { generalise: family }
`

// vendorLines are the vendors of the server file, by id. AT is where their stand-in listens.
var vendorLines = map[string]string{
	"ga4":       `{ catalog: ga4, upstream: "http://AT", private: true }`,
	"matomo":    `{ catalog: matomo, upstream: "http://AT", private: true }`,
	"amplitude": `{ catalog: amplitude, prefix: /amplitude, upstream: "http://AT", private: true }`,
	"posthog":   `{ catalog: posthog, prefix: /posthog, upstreams: { api: "http://AT", assets: "http://AT" }, private: true }`,
	"segment":   `{ catalog: segment, prefix: /segment, upstreams: { api: "http://AT", settings: "http://AT" }, private: true }`,
}

// write writes a configuration into a folder of its own, and returns the server file. limits.memory is in it where
// memory is bounded by no cgroup, and the binary knows the key.
func (b *bout) write(ctx context.Context, s setup) (string, error) {
	b.number++
	dir := filepath.Join(b.dir, strconv.Itoa(b.number))
	if s.caged && b.o.memory != "" {
		with := s
		with.limits = joined(s.limits, "memory: "+b.o.memory)
		file, err := writeFiles(dir, with)
		if err != nil {
			return "", err
		}
		if _, err = b.tool(ctx, "check", "--config", file); err == nil {
			return file, nil
		}
	}
	file, err := writeFiles(dir, s)
	if err != nil {
		return "", err
	}
	if _, err = b.tool(ctx, "check", "--config", file); err != nil {
		return "", fmt.Errorf("the configuration is not taken: %w", err)
	}
	return file, nil
}

func joined(limits, more string) string { return strings.Trim(limits+", "+more, ", ") }

func writeFiles(dir string, s setup) (string, error) {
	var server, activities, profile strings.Builder
	filled := strings.NewReplacer("LISTEN", cmp.Or(s.listen, "127.0.0.1:0"), "TRUSTED", s.trusted, "LIMITS", s.limits)
	_, _ = filled.WriteString(&server, serverFile)
	activities.WriteString("activities:\n")
	profile.WriteString(profileFile)
	if s.sets > 0 {
		profile.WriteString("    set:\n")
	}
	for _, vendor := range slices.Sorted(maps.Keys(s.upstreams)) {
		fmt.Fprintf(&server, "  %s: %s\n", vendor, strings.ReplaceAll(vendorLines[vendor], "AT", s.upstreams[vendor]))
		fmt.Fprintf(&activities,
			"  - { id: %[1]s-consent, vendor: %[1]s, purposes: [audience-measurement], basis: consent, retention: 14 months, "+
				"transfer: { country: US, safeguard: DPF }, profile: standard, events: [\"*\"] }\n", vendor)
		if s.sets > 0 {
			fmt.Fprintf(&profile, "      %s: { %s }\n", vendor, setLine(vendor, s.sets))
		}
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return "", fmt.Errorf("cannot make a root secret: %w", err)
	}
	for name, text := range map[string]string{
		"tagwarden.yaml": server.String(), "policy/purposes.yaml": purposesFile,
		"policy/activities.yaml": activities.String(), "policy/profiles.yaml": profile.String(),
		"root.key": base64.StdEncoding.EncodeToString(secret) + "\n",
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, "tagwarden.yaml"), nil
}

// setLine is a vendor's set: with so many fields.
func setLine(vendor string, n int) string {
	var all []string
	for i := range n {
		name := "ep.flag_" + strconv.Itoa(i)
		if vendor == "segment" {
			name = "properties.flag_" + strconv.Itoa(i)
		}
		all = append(all, name+`: "1"`)
	}
	return strings.Join(all, ", ")
}
