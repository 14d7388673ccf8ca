package metrics

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// TestQueue: how the queue stands, as it is shown.
func TestQueue(t *testing.T) {
	t.Parallel()
	m := New()
	m.Queue(func() Queue {
		return Queue{
			Bytes: 100, Size: 4 << 30, ParkBytes: 7, ParkSize: 256 << 20, Damaged: 3,
			Vendors:  []QueueVendor{{"matomo", 2, 60, 90 * time.Second}, {"ga4", 0, 0, 0}},
			Parked:   []Parked{{"ga4", "refused_400", 5, 7}},
			Breakers: []Breaker{{"matomo", "half_open"}, {"ga4", "closed"}},
		}
	})
	m.Delivery.Attempts.WithLabelValues("matomo", "again").Inc()
	m.Delivery.Again.WithLabelValues("matomo", "dial").Inc()
	m.Delivery.Full.WithLabelValues("disk").Inc()
	m.Delivery.Answers.WithLabelValues("matomo").Observe(.02)
	want := `
tagwarden_attempts_total{outcome="again",vendor="matomo"} 1
tagwarden_breaker{state="closed",vendor="ga4"} 1
tagwarden_breaker{state="closed",vendor="matomo"} 0
tagwarden_breaker{state="half_open",vendor="ga4"} 0
tagwarden_breaker{state="half_open",vendor="matomo"} 1
tagwarden_breaker{state="open",vendor="ga4"} 0
tagwarden_breaker{state="open",vendor="matomo"} 0
tagwarden_parked_bytes{reason="refused_400",vendor="ga4"} 7
tagwarden_parked_events{reason="refused_400",vendor="ga4"} 5
tagwarden_parked_files_bytes 7
tagwarden_parked_files_limit_bytes 2.68435456e+08
tagwarden_queue_bytes{vendor="ga4"} 0
tagwarden_queue_bytes{vendor="matomo"} 60
tagwarden_queue_damaged_events 3
tagwarden_queue_events{vendor="ga4"} 0
tagwarden_queue_events{vendor="matomo"} 2
tagwarden_queue_files_bytes 100
tagwarden_queue_files_limit_bytes 4.294967296e+09
tagwarden_queue_full_total{cause="disk"} 1
tagwarden_queue_oldest_seconds{vendor="ga4"} 0
tagwarden_queue_oldest_seconds{vendor="matomo"} 90
tagwarden_retries_total{vendor="matomo",why="dial"} 1
tagwarden_vendor_answer_seconds_count{vendor="matomo"} 1
`
	got := exposed(t, m)
	for line := range strings.Lines(strings.TrimSpace(want)) {
		if line = strings.TrimSpace(line); !strings.Contains(got, "\n"+line+"\n") {
			t.Errorf("there is no %s in\n%s", line, got)
		}
	}
}

// exposed is what is scraped.
func exposed(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{}).ServeHTTP(
		w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}
