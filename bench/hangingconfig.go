package main

import (
	"maps"

	"github.com/tagwarden/tagwarden/bench/load"
)

// hangingFiles are the configuration of the comparison, queued, with three vendors at addresses of their own: GA4,
// which takes one event at a time, and two that know an event again and are sent it until they took it.
func hangingFiles() map[string]string {
	all := maps.Clone(files)
	all["tagwarden.yaml"] = serverHead + `vendors:
  ga4: { catalog: ga4, upstream: "http://GA4AT", private: true }
  segment: { catalog: segment, upstreams: { api: "http://SEGMENTAT", settings: "http://SEGMENTAT" }, private: true, country: US }
  amplitude: { catalog: amplitude, prefix: /amplitude, upstream: "http://AMPLITUDEAT", private: true, country: US }
delivery: { mode: queued, retry: { first: 500ms, most: 3s } }
` + serverLedger
	all["policy/activities.yaml"] += `  - id: amplitude-with-consent
    vendor: amplitude
    purposes: [audience-measurement]
    basis: consent
    retention: 14 months
    transfer: { country: US, safeguard: DPF }
    profile: named
    events: ["*"]
`
	return all
}

// hangingVendor is one of the three: what it is sent, what it says, and how it deals with it where not all are fine.
type hangingVendor struct {
	name   string
	at     string // in the configuration
	marker string
	render func(dst []byte, serial uint64) []byte
	answer load.Answer
	manner load.Manner
}

// hangingVendors are the three; the first is fine in either state.
func hangingVendors() []hangingVendor {
	yes := consentCookie + "=yes"
	ga4, segment := load.GA4{Host: host, Cookie: yes}, load.Segment{Host: host, Cookie: yes}
	amplitude := mergeVendors[0]
	return []hangingVendor{
		{"ga4", "GA4AT", load.Marker, ga4.Append, nil, load.Takes},
		{"segment", "SEGMENTAT", load.Marker, segment.Append, always("application/json", `{"success":true}`), load.Fails},
		{"amplitude", "AMPLITUDEAT", serialMark, load.NewTemplate(amplitude.hit).Append, amplitude.answer, load.Hangs},
	}
}
