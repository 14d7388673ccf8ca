package metrics

import (
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// TestHooks: what is shown of webhooks is what testdata/hooks.prom says.
func TestHooks(t *testing.T) {
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	m := New()
	m.Hooks(func() time.Time { return now }, func() []Hook {
		return []Hook{
			{Name: "ahead", Waiting: 1, Bytes: 300, Oldest: now.Add(time.Hour)}, // by a clock that was set back
			{Name: "crm", Waiting: 12_345, Bytes: 7 << 20, Oldest: now.Add(-36 * time.Hour),
				Failing: now.Add(-90 * time.Minute)},
			{Name: "fine"},
			{Name: "gone", Waiting: 3, Bytes: 999, Oldest: now.Add(-time.Minute), Failing: now.Add(-time.Minute), Paused: true},
		}
	})
	m.Untold.WithLabelValues("crm", "failed").Add(7)
	m.Untold.WithLabelValues("crm", "dropped_full").Inc()
	golden, err := os.ReadFile("testdata/hooks.prom")
	if err != nil {
		t.Fatal(err)
	}
	page := httptest.NewRecorder()
	promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{}).ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	var got strings.Builder
	for line := range strings.Lines(page.Body.String()) {
		if strings.Contains(line, "tagwarden_webhook_") {
			got.WriteString(line)
		}
	}
	if got.String() != string(golden) {
		t.Errorf("got\n%s\nwant\n%s", got.String(), golden)
	}
}
