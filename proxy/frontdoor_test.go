package proxy_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestTheFrontDoorSaysWhatThisIs: who opens the address of hits reads what it is, is given no cookie, and is counted as
// no hit. What may be a hit is one, and goes its way.
func TestTheFrontDoorSaysWhatThisIs(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	elsewhere := func(request string) string { return strings.Replace(request, "shop.example", "10.0.0.7", 1) }
	const link = "how to object: "
	for what, c := range map[string]struct {
		request string
		status  int
		holds   string // "": nothing is said
		lacks   string
	}{
		"the root":                {get("/", ""), 200, link + "/privacy/\n", ""},
		"below the base":          {get("/t/", ""), 200, link + "/t/privacy/\n", ""},
		"with cookies":            {get("/", yes), 200, "This is tagwarden.", ""},
		"of no site":              {elsewhere(get("/", "")), 200, "This is tagwarden.", link},
		"below the base, no site": {elsewhere(get("/t/", "")), 421, "", ""},
		"a hit that lost its way": {get("/?v=2&en=page_view", ""), 404, "", ""},
		"of no site, with a hit":  {elsewhere(get("/?v=2&en=page_view", "")), 421, "", ""},
		"sent to":                 {post("/", "", "x=1"), 404, "", ""},
		"twice":                   {get("//", ""), 404, "", ""},
		"no slash":                {get("/t", ""), 404, "", ""},
		"an index":                {get("/index.html", ""), 404, "", ""},
	} {
		a := r.send(t, c.request)
		if a.status != c.status || c.holds == "" && a.body != "" || !strings.Contains(a.body, c.holds) ||
			c.lacks != "" && strings.Contains(a.body, c.lacks) || len(a.headers.Values("Set-Cookie")) > 0 {
			t.Errorf("%s: answered with %d %v\n%s", what, a.status, a.headers, a.body)
		}
		if cached := a.headers.Get("Cache-Control") == "public, max-age=3600"; cached != (c.status == 200) {
			t.Errorf("%s: kept by caches: %v", what, cached)
		}
	}
	asked, err := http.Head("http://" + r.hits + "/") //nolint:noctx // it is answered at once, or the test fails
	if err != nil {
		t.Fatal(err)
	}
	if _ = asked.Body.Close(); asked.StatusCode != 200 || asked.ContentLength < 100 {
		t.Errorf("HEAD: answered with %d, %d bytes", asked.StatusCode, asked.ContentLength)
	}
	for reason, want := range map[string]string{"unknown_path": "5", "unknown_host": "2"} {
		if got := r.figure(t, `tagwarden_hits_total{reason="`+reason+`"}`); got != want {
			t.Errorf("%s: %s counted, want %s", reason, got, want)
		}
	}
	if n := len(v.Requests()); n != 0 {
		t.Errorf("%d requests reached a vendor", n)
	}
}

// TestTheFrontDoorHidesNoEndpoint: where a vendor's endpoint is / itself, hits go there.
func TestTheFrontDoorHidesNoEndpoint(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), map[string]string{
		"tagwarden.yaml":       rootVendorServer,
		"policy/profiles.yaml": "profiles:\n  small: { classes: { event_name: keep } }\n",
		"policy/activities.yaml": "activities:\n  - { id: at-the-root, vendor: rooted, purposes: [measure], basis: consent, " +
			"retention: 14 months, profile: small, events: [\"*\"] }\n",
		"policy/vendors/rooted.yaml": rootVendor,
	}))
	for _, request := range []string{get("/", yes), get("/t/", yes), get("/?event=view", yes),
		get("/t/?event=view", yes)} {
		if a := r.ask(t, request); a.Status != 204 || len(a.Body) > 0 {
			t.Errorf("an endpoint is hidden:\n%s", a.Raw)
		}
	}
	if got := r.figure(t, `tagwarden_hits_total{reason="judged"}`); got != "2" {
		t.Errorf("%s hits were judged", got)
	}
	if a := r.ask(t, strings.Replace(get("/", ""), "shop.example", "10.0.0.7", 1)); a.Status != 200 {
		t.Errorf("under another name:\n%s", a.Raw)
	}
}

// rootVendor is a vendor whose endpoint is / itself.
const rootVendor = `id: rooted
name: Rooted Analytics
hosts: { api: "https://in.rooted.example" }
fields:
  event: { class: event_name }
event:
  - { field: event }
endpoints:
  - { id: collect, methods: [GET], path: /, events: [query], answer: { status: 204 } }
`

const rootVendorServer = `version: 1
listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
sites:
  shop:
    hosts: [shop.example]
    base: /t
    signals: { own: [{ cookie: choice, category: analytics, granted: ["yes"], refused: ["no"] }] }
vendors:
  rooted: { catalog: rooted, upstream: "http://VENDOR", private: true }
`
