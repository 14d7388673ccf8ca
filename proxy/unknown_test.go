package proxy_test

import (
	"strings"
	"testing"
)

// TestUnknownRequestsOfAKnownVendor: what a vendor's SDK asks for that nobody here knows is answered so that the page's
// console stays clean, to its origins alone; nothing is forwarded or recorded as an event, and it is counted by vendor.
func TestUnknownRequestsOfAKnownVendor(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	origin := "Origin: https://shop.example\r\n"
	asked := map[string]int{}
	for _, c := range []struct {
		vendor, request string
		status          int
		kind            string
	}{
		{"posthog", post("/t/posthog/i/v9/telepathy", yes+origin, `{"secret":"s3cr3t"}`), 204, ""},
		{"posthog", get("/t/posthog/api/telepathy?secret=s3cr3t", yes+origin), 204, ""},
		{"posthog", get("/t/posthog/static/telepathy.exe", yes+origin+"Sec-Fetch-Dest: script\r\n"), 200, "text/javascript"},
		{"posthog", get("/t/posthog/array/jane.doe%40example.com/config.js", yes+origin), 200, "text/javascript"},
		{"posthog", get("/t/posthog/flags/", yes+origin), 204, ""},
		{"segment", post("/t/segment/v1/telepathy", yes+origin, "{}"), 204, ""},
		{"amplitude", post("/t/amplitude/3/httpapi", yes+origin, "{}"), 204, ""},
		{"ga4", post("/t/g/telepathy", yes+origin, "en=x"), 204, ""},
		{"segment", strings.Replace(get("/t/segment/v1/t?view=ad", yes+origin), "GET", "HEAD", 1), 204, ""},
	} {
		asked[c.vendor]++
		a := r.send(t, c.request)
		if a.status != c.status || a.body != "" || c.kind != "" && a.headers.Get("Content-Type") != c.kind {
			t.Errorf("%.60q was answered with %d %q %v", c.request, a.status, a.body, a.headers)
		}
		if a.headers.Get("Access-Control-Allow-Origin") != "https://shop.example" ||
			a.headers.Get("Cache-Control") != "no-store" {
			t.Errorf("%.60q: the page may not read it: %v", c.request, a.headers)
		}
	}
	for _, path := range []string{"/t/posthog/i/v9/telepathy", "/t/g/telepathy"} {
		ask := "OPTIONS " + path +
			" HTTP/1.1\r\nHost: shop.example\r\nOrigin: %s\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n\r\n"
		if a := r.send(t, strings.Replace(ask, "%s", "https://shop.example", 1)); a.status != 204 ||
			a.headers.Get("Access-Control-Allow-Headers") != "content-type" {
			t.Errorf("preflight of %s: %d %v", path, a.status, a.headers)
		}
		if a := r.send(t, strings.Replace(ask, "%s", "https://evil.example", 1)); a.headers.Get(
			"Access-Control-Allow-Origin") != "" {
			t.Errorf("preflight of %s from elsewhere: %v", path, a.headers)
		}
	}
	for vendor, n := range asked {
		if got := r.figure(t, `tagwarden_unknown_requests_total{vendor="`+vendor+`"}`); got != string(rune('0'+n)) {
			t.Errorf("%s: %s counted, %d asked", vendor, got, n)
		}
	}
	if n := len(v.Requests()); n != 0 {
		t.Errorf("%d requests reached the vendor", n)
	}
	records := strings.Join(r.records(t, "refused"), "\n") + r.ledger(t)
	if !strings.Contains(records, `"reason":"unknown_path","count":7`) ||
		!strings.Contains(records, `"reason":"wrong_method","count":2`) || strings.Contains(records, "s3cr3t") ||
		strings.Contains(records, "telepathy") {
		t.Errorf("the ledger says\n%s", records)
	}
}
