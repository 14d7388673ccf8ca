package proxy

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/rules"
)

// counters are the server's counters as hits meet them: found once for each combination of labels, then by a look into
// a map that is never changed. They live as long as a snapshot, whose sites and vendors they are about.
type counters struct {
	metrics    *metrics.Metrics
	hits       memo[rules.Reason, prometheus.Counter]
	judged     memo[judged, prometheus.Counter]
	outcomes   memo[delivered, prometheus.Counter]
	attempts   memo[delivered, prometheus.Counter]
	cookieless memo[string, prometheus.Counter]
	checked    memo[bool, prometheus.Counter]
	unknown    memo[string, prometheus.Counter]
	measured   measured
}

type judged struct {
	site, vendor string
	reason       rules.Reason
}

type delivered struct{ vendor, outcome string }

// hit counts a hit by how it ended as a whole.
func (f *counters) hit(reason rules.Reason) {
	f.hits.get(reason, func() prometheus.Counter {
		label := reason.String()
		if reason == rules.Unjudged {
			label = "judged"
		}
		return f.metrics.Hits.WithLabelValues(label)
	}).Inc()
}

// events counts judged events, or those of a hit that was refused as a whole, as far as it was read. Their decision
// follows from the reason.
func (f *counters) events(site, vendor string, reason rules.Reason, n int) {
	f.judged.get(judged{site, vendor, reason}, func() prometheus.Counter {
		decision := rules.Deny
		if reason == rules.Permitted {
			decision = rules.Permit
		}
		return f.metrics.Events.WithLabelValues(site, vendor, decision.String(), reason.String())
	}).Add(float64(n))
}

// outcome counts a request to a vendor.
func (f *counters) outcome(vendor, outcome string) {
	f.outcomes.get(delivered{vendor, outcome}, func() prometheus.Counter {
		return f.metrics.Outcomes.WithLabelValues(vendor, outcome)
	}).Inc()
}

// attempt counts a request to a vendor for events that waited, by how it ended.
func (f *counters) attempt(vendor, outcome string) {
	f.attempts.get(delivered{vendor, outcome}, func() prometheus.Counter {
		return f.metrics.Delivery.Attempts.WithLabelValues(vendor, outcome)
	}).Inc()
}

// left counts events that left, by whether there was an identifier to look objections up by.
func (f *counters) left(identified bool, events int) {
	f.checked.get(identified, func() prometheus.Counter {
		by := "browser"
		if identified {
			by = "identifier"
		}
		return f.metrics.Checked.WithLabelValues(by)
	}).Add(float64(events))
}

// count counts the hit, which has come to its end.
func (h *hitContext) count(reason rules.Reason) {
	f := &h.snapshot.counters
	f.hit(reason)
	r := &h.j.Hit.Request
	f.metrics.BytesIn.Add(float64(len(r.Query) + len(r.Body)))
	if owner := h.j.Owner; owner != nil {
		f.unknown.get(owner.ID, func() prometheus.Counter { return f.metrics.Unknown.WithLabelValues(owner.ID) }).Inc()
	}
	if site := h.j.Site; site != nil && h.has("Origin") && !h.has("Cookie") {
		f.cookieless.get(site.ID, func() prometheus.Counter { return f.metrics.Cookieless.WithLabelValues(site.ID) }).Inc()
	}
}

// has tells whether the hit has a header of that name.
func (h *hitContext) has(name string) bool {
	for range h.j.Hit.Request.Header(name) {
		return true
	}
	return false
}
