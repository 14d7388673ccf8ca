package visitor_test

import (
	"strings"
	"testing"
)

// TestOnlyTheSitesPagesChangeSomething: whatever another site makes a visitor's browser send changes nothing.
func TestOnlyTheSitesPagesChangeSomething(t *testing.T) {
	w := serve(t)
	for _, c := range []struct {
		origin, fetch string
		taken         bool
	}{
		{"https://shop.example", "same-origin", true},
		{"https://www.shop.example", "same-site", true}, // an origin of the site
		{"https://www.shop.example", "cross-site", true},
		{"https://www.shop.example", "", true},
		{"null", "same-origin", true}, // withheld by a policy on referrers
		{"", "same-origin", true},
		{"http://shop.example", "", false}, // the request's own host, but its page came in clear
		{"http://shop.example", "same-origin", true},
		{"HTTP://shop.example", "", false},
		{"http://www.shop.example", "", false},
		{"http://www.shop.example", "same-site", false},
		{"ftp://shop.example", "", false},
		{"https://shop.example:443", "", false}, // browsers leave it off
		{"https:///shop.example", "", false},
		{"http://shop.example", "cross-site", false},
		{"https://evil.example", "cross-site", false},
		{"https://evil.example", "", false},
		{"https://evil.example", "none", false},
		{"https://shop.example.evil.example", "", false},
		{"https://shop.example:8443", "", false},
		{"https://sub.shop.example", "same-site", false},
		{"https://shop.example, https://evil.example", "", false},
		{"null", "cross-site", false},
		{"null", "", false},
		{"shop.example", "", false},
		{"://shop.example", "cross-site", false},
		{"https://", "", false},
		{"", "none", false},
		{"", "same-site", false},
		{"", "", false},
	} {
		b := w.browser("_ga=123.456")
		b.headers["Origin"], b.headers["Sec-Fetch-Site"] = c.origin, c.fetch
		w.store.acts = nil
		form, call := b.post("/privacy/", "do=all"), b.json(`{"all":true}`)
		if c.taken && (form.StatusCode() != 303 || call.StatusCode() != 200 || len(w.store.acts) != 2) ||
			!c.taken && (form.StatusCode() != 403 || call.StatusCode() != 403 || len(w.store.acts) != 0 || len(b.cookies) != 1) {
			t.Errorf("%q, %q: %d and %d, %d acts", c.origin, c.fetch, form.StatusCode(), call.StatusCode(), len(w.store.acts))
		}
		if got := call.header("Access-Control-Allow-Origin"); got != "" && got != c.origin ||
			(got != "") != (c.origin == "https://shop.example" || c.origin == "https://www.shop.example") {
			t.Errorf("%q may read the answer: %q", c.origin, got)
		}
	}
}

// TestOwnHost: a site that lists no origins has its own host's, in TLS.
func TestOwnHost(t *testing.T) {
	w := serve(t)
	w.site.Origins = nil
	for origin, taken := range map[string]bool{"https://shop.example": true, "http://shop.example": false,
		"https://www.shop.example": false, "null": false} {
		b := w.browser("_ga=123.456")
		b.headers["Origin"], b.headers["Sec-Fetch-Site"] = origin, ""
		if a := b.json(`{"all":true}`); (a.StatusCode() == 200) != taken || a.header("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d, may be read by %q", origin, a.StatusCode(), a.header("Access-Control-Allow-Origin"))
		}
	}
}

func TestPreflight(t *testing.T) {
	w := serve(t)
	for origin, allowed := range map[string]bool{"https://www.shop.example": true, "http://www.shop.example": false,
		"https://www.shop.example:8443": false, "null": false, "https://evil.example": false, "": false} {
		b := w.browser()
		b.headers["Origin"] = origin
		a := b.do("OPTIONS", "/privacy/objections", "", "")
		if a.StatusCode() != 204 || (a.header("Access-Control-Allow-Origin") == origin && origin != "") != allowed ||
			(a.header("Access-Control-Allow-Credentials") == "true") != allowed ||
			(a.header("Access-Control-Allow-Headers") == "Content-Type") != allowed || !strings.Contains(a.header("Vary"),
			"Origin") || a.text != "" {
			t.Errorf("%q:\n%s", origin, a.Header.Header())
		}
	}
}

// TestFrames: only pages of the site's origins may frame ours, and ours load nothing but their style.
func TestFrames(t *testing.T) {
	w := serve(t)
	const want = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self' https://shop.example https://www.shop.example"
	for _, path := range []string{"/privacy/", "/privacy/nowhere", "/privacy/u/" + token(t, unsubscribe), "/privacy/u/x"} {
		if got := w.browser().get(path).header("Content-Security-Policy"); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	w.site.Style = []byte("body { background: url(logo.png) }")
	if got := w.browser().get("/privacy/").header("Content-Security-Policy"); !strings.Contains(got, "img-src 'self'") ||
		strings.Contains(got, "unsafe") {
		t.Error(got)
	}
	if got := w.browser().get("/privacy/notice").header("Content-Security-Policy"); !strings.Contains(
		got, "style-src 'sha256-BeV07h7Or3rliDJdB74kikp/Q+Xuz7ktQCSkE5C72Vk='") {
		t.Error(got)
	}
}

// TestHeaders: what is about a visitor is kept by nobody, and the address of a link is told to nobody.
func TestHeaders(t *testing.T) {
	w := serve(t)
	for path, headers := range map[string]string{
		"/privacy/":           "Cache-Control: no-store|X-Content-Type-Options: nosniff|Referrer-Policy: same-origin|Content-Language: en",
		"/privacy/?lang=fr":   "Content-Language: fr",
		"/privacy/objections": "Cache-Control: no-store|X-Content-Type-Options: nosniff",
		"/privacy/u/" + token(
			t, unsubscribe): "Cache-Control: no-store|Referrer-Policy: no-referrer|X-Robots-Tag: noindex, nofollow",
		"/privacy/u/nonsense":                   "Cache-Control: no-store|Referrer-Policy: no-referrer|X-Robots-Tag: noindex, nofollow",
		"/privacy/notice":                       "Cache-Control: public, max-age=300|X-Content-Type-Options: nosniff|Content-Type: text/html; charset=utf-8",
		"/privacy/style.css":                    "Content-Type: text/css; charset=utf-8|X-Content-Type-Options: nosniff",
		"/.well-known/gpc.json":                 "Content-Type: application/json|X-Content-Type-Options: nosniff",
		"/t/privacy/?lang=de":                   "Content-Language: de",
		"/privacy/u/" + token(t, manage) + "?x": "X-Robots-Tag: noindex, nofollow",
	} {
		a, head := w.browser().get(path), w.browser().do("HEAD", path, "", "")
		for header := range strings.SplitSeq(headers, "|") {
			name, value, _ := strings.Cut(header, ": ")
			if a.header(name) != value || head.header(name) != value {
				t.Errorf("%s: %s is %q, and %q for HEAD", path, name, a.header(name), head.header(name))
			}
		}
		if a.header("Set-Cookie") != "" || head.text != "" || head.StatusCode() != a.StatusCode() ||
			head.Header.ContentLength() != len(a.text) {
			t.Errorf("%s: a cookie, or HEAD is not GET without a body", path)
		}
	}
}

func TestPaths(t *testing.T) {
	w := serve(t)
	for path, want := range map[string]bool{
		"/privacy": true, "/privacy/": true, "/privacy/x": true, "/.well-known/gpc.json": true,
		"/privacyx": false, "/": false, "": false, "/Privacy/": false, "/.well-known/gpc": false, "/collect": false,
	} {
		if w.pages.Owns([]byte(path)) != want {
			t.Errorf("%q: %v", path, !want)
		}
	}
	if a := w.browser().get("/t/privacy"); a.StatusCode() != 308 || a.header("Location") != "privacy/" {
		t.Errorf("%d to %q", a.StatusCode(), a.header("Location"))
	}
	for _, path := range []string{"/privacy/nowhere", "/privacy/u/", "/privacy/u", "/privacy/theme.css",
		"/privacy/style.css/", "/privacy/words/en.yaml"} {
		if a := w.browser().get(path); a.StatusCode() != 404 {
			t.Errorf("%s: %d", path, a.StatusCode())
		}
	}
	for _, path := range []string{"/privacy/notice", "/privacy/style.css", "/privacy/tagwarden.js",
		"/.well-known/gpc.json"} {
		if a := w.browser().post(path, "do=all"); a.StatusCode() != 405 || a.header("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d", path, a.StatusCode())
		}
	}
	if a := w.browser().do("PUT", "/privacy/", "", ""); a.StatusCode() != 405 || a.header("Allow") != "GET, HEAD, POST" {
		t.Errorf("%d", a.StatusCode())
	}
}
