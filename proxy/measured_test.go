package proxy

import (
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// TestMeasuringDoesNotAllocate: what is noted of each hit costs no memory, however it ends.
func TestMeasuringDoesNotAllocate(t *testing.T) {
	h := &hitContext{snapshot: &Snapshot{}}
	h.snapshot.counters.metrics = metrics.New()
	h.j.Site = &rules.Site{ID: "shop"}
	h.j.Route = &rules.Route{Recipient: &rules.Recipient{ID: "ga4"}, Endpoint: &catalog.Endpoint{ID: "collect"}}
	h.j.Signals = []signal.Signals{{}, {}}
	h.j.Hit.Nodes = []hit.Node{{Kind: hit.Object, Field: 1}, {Kind: hit.String, Field: 3},
		{Kind: hit.String, Field: hit.None}}
	for _, reason := range []rules.Reason{rules.Unjudged, rules.UnknownHost, rules.UnknownPath, rules.MalformedHit} {
		if n := testing.AllocsPerRun(100, func() {
			measure(h, reason, time.Millisecond)
			h.snapshot.counters.status("ga4", delivery.Outcome{Kind: delivery.Delivered, Status: 204, Why: delivery.WhyOK})
			h.snapshot.counters.metrics.Watch.Appended.Observe(.001)
		}); n != 0 {
			t.Errorf("%v: %v allocations", reason, n)
		}
	}
}

// TestStatusesHaveAClass: whatever a vendor answers is counted, and what was held back is not.
func TestStatusesHaveAClass(t *testing.T) {
	m := metrics.New()
	f := &counters{metrics: m}
	for _, status := range []int{0, 7, 101, 204, 302, 404, 429, 503, 600, 999} {
		f.status("ga4", delivery.Outcome{Status: status})
	}
	f.status("ga4", delivery.Outcome{Why: delivery.WhyObjection})
	want := map[string]float64{"none": 2, "1xx": 1, "2xx": 1, "3xx": 1, "4xx": 2, "5xx": 3}
	for _, v := range metrics.Values(m.Watch.Statuses) {
		if of := v.Labels["status"]; v.Labels["vendor"] != "ga4" || v.Is != want[of] {
			t.Errorf("%v: %v, want %v", v.Labels, v.Is, want[of])
		}
		delete(want, v.Labels["status"])
	}
	if len(want) != 0 {
		t.Errorf("not counted: %v", want)
	}
}
