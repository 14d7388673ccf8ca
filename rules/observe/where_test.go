package observe

import (
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules/replay"
)

// TestWhere: of where a hit was sent nothing is said but host and path, and of the path nothing that may be an id.
func TestWhere(t *testing.T) {
	t.Parallel()
	s, err := New(time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ method, target, host, want string }{
		{"GET", "/g/collect?v=2&tid=G-1&cid=1.2&en=page_view", "WWW.Google-Analytics.com:443",
			"www.google-analytics.com /g/collect ga4"},
		{"GET", "/gtm/g/collect?v=2&tid=G-1&cid=1.2&en=page_view", "shop.example", "shop.example /g/collect ga4"},
		{"OPTIONS", "/g/collect?v=2", "shop.example", "shop.example /g/collect ga4"},
		{"POST", "/v1/projects/wk123/settings?x=jane", "cdn.example", "cdn.example /v1/projects/{key}/settings segment"},
		{"GET", "/v1/projects/wk123/settings", "cdn.example", "cdn.example /v1/projects/{key}/settings segment"},
		{"GET", "/account/1234567/in?u=jane", "app.example", "app.example /account/:id/in "},
		{"GET", "/u/jane.doe@shop.example/in", "app.example", "app.example /u/:email/in "},
		{"GET", "/u/550e8400-e29b-41d4-a716-446655440000", "app.example", "app.example /u/:id "},
		{"GET", "/", "app.example", "app.example / "},
		{"GET", "/a", "jane.doe@app.example", "[email] /a "},
		{"GET", "/a", "", " /a "},
	} {
		w, err := s.Where(&replay.Request{
			Method: c.method, Target: c.target, Headers: [][2]string{{"Host", c.host}},
			Text: replay.Text(c.method, c.target, [][2]string{{"Host", c.host}}, nil, ""),
		})
		if got := strings.Join([]string{w.Host, w.Path, w.Fits}, " "); err != nil || got != c.want {
			t.Errorf("%s %s at %s: %q, %v; want %q", c.method, c.target, c.host, got, err, c.want)
		}
	}
}
