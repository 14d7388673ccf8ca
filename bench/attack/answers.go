package main

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// refusal is an answer of a vendor's, and what the SDK has to see of it.
type refusal struct {
	name, path string
	body       string // of the hit
	vendor     string // the whole answer
	status     int
	retry      string // Retry-After
	relayed    string // in the body, where the SDK acts on it
}

const amplitudeHit = `{"api_key":"k","events":[{"event_type":"good1","device_id":"0190aaaa-0000-7000-8000-0000000000aa"},{"event_type":"bad","device_id":"0190aaaa-0000-7000-8000-0000000000aa","time":"x"}]}`

// refusals are those that SDKs act on.
var refusals = []refusal{
	{
		"Amplitude, 400 with the event that is wrong", "/amplitude/2/httpapi", amplitudeHit,
		response(400, asJSON, `{"code":400,"error":"Request missing required field","events_with_invalid_fields":{"time":[1]}}`),
		400, "", "events_with_invalid_fields",
	},
	{
		"Amplitude, 413", "/amplitude/2/httpapi", amplitudeHit,
		response(413, asJSON, `{"code":413,"error":"Payload too large"}`), 413, "", "",
	},
	{
		"Amplitude, 429 with Retry-After", "/amplitude/2/httpapi", amplitudeHit,
		response(429, asJSON+"Retry-After: 30\r\n",
			`{"code":429,"error":"Too many requests for some devices and users","throttled_events":[0]}`), 429, "30", "",
	},
	{
		"Segment, 503 with Retry-After", track, event + `"a":1}}`, response(503, "Retry-After: 17\r\n", ""), 503, "17", "",
	},
	{
		"PostHog, a beacon", "/posthog/e/?beacon=1", `[` + postHogEvent("$pageview", 1) + `]`,
		response(200, asJSON, `{"status":"Ok"}`), 204, "", "",
	},
	{
		"Segment, 500", track, event + `"a":1}}`, response(500, "Content-Type: text/html\r\n",
			"<h1>trace of somebody's server</h1>"), 500, "", "",
	},
}

// answers looks at refusals as the SDK sees them: of the vendor, and of the proxy itself.
func answers(ctx context.Context, b *bout) error {
	var now atomic.Pointer[refusal]
	v, err := newVendor(answering(func(*http.Request, []byte) string { return now.Load().vendor }))
	if err != nil {
		return err
	}
	defer v.close()
	p, err := b.start(ctx, setup{upstreams: map[string]string{"segment": v.at(), "amplitude": v.at(), "posthog": v.at()}})
	if err != nil {
		return err
	}
	spent := p.spent()
	for i := range refusals {
		r := &refusals[i]
		now.Store(r)
		a, status := once(ctx, "127.4.0.1", p.hits, post(r.path, asJSON+yes, []byte(r.body)), 5*time.Second)
		b.got(r.name, status)
		if a == nil {
			b.hold(false, "%s: no answer (%s)", r.name, status)
			continue
		}
		b.hold(a.status == r.status, "%s: status %d", r.name, a.status)
		b.hold(a.header.Get("Retry-After") == r.retry, "%s: Retry-After %q", r.name, a.header.Get("Retry-After"))
		b.hold(a.header.Get("Access-Control-Allow-Origin") == origin, "%s: no CORS", r.name)
		b.hold(strings.Contains(string(a.body), r.relayed), "%s: a body of %d bytes, without %s", r.name,
			len(a.body), r.relayed)
		b.hold(!strings.Contains(string(a.body), "trace of"), "%s: the vendor's page of an error is passed on", r.name)
	}
	err = b.overLimit(ctx, p)
	b.close(p, spent, nil, nil)
	return err
}

// overLimit posts bodies over the limit as browsers do, and as simple clients do, and
// counts who reads the answer, and with CORS.
func (b *bout) overLimit(ctx context.Context, p *product) error {
	body := bytes.Repeat([]byte("a"), 3<<20)
	chunked := []byte("POST " + track + " HTTP/1.1\r\nHost: " + host + "\r\nOrigin: " + origin + "\r\n" + asJSON + yes +
		"Transfer-Encoding: chunked\r\n\r\n")
	for range 48 {
		chunked = append(append(chunked, "10000\r\n"...), append(body[:64<<10:64<<10], "\r\n"...)...)
	}
	chunked = append(chunked, "0\r\n\r\n"...)
	large := bomb{path: track, lines: unpacked, before: event + `"note":"`, unit: "the red shoes ", tail: `"}}`}
	packed, err := large.request(large.content(16 << 20))
	if err != nil {
		return err
	}
	for _, c := range []struct {
		name    string
		request []byte
	}{{"a body of 3 MiB", post(track, asJSON+yes, body)}, {"a body of 3 MiB in chunks", chunked},
		{"16 MiB, packed", packed}} {
		seen, tries := 0, b.sized(20)
		for range tries {
			a, status := once(ctx, "127.4.0.1", p.hits, c.request, 5*time.Second)
			if a != nil && a.header.Get("Access-Control-Allow-Origin") == origin {
				status += " with CORS"
				seen++
			}
			b.got(c.name, status)
		}
		b.hold(seen == tries, "%s: 413 with CORS reached the page %d of %d times", c.name, seen, tries)
	}
	return nil
}
