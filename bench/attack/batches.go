package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tagwarden/tagwarden/bench/load"
)

// id is the n-th of some UUIDs.
func id(n int) string { return fmt.Sprintf("0190aaaa-0000-7000-8000-%012x", n) }

// postHogEvent is an event as posthog-js sends it, with about 64 fields. $identify has the visitor's properties beside.
func postHogEvent(name string, n int) string {
	var e strings.Builder
	fmt.Fprintf(&e, `{"uuid":%q,"event":%q,"properties":{"token":"phc_x","distinct_id":%q,"$device_id":%q,"$session_id":%q,"$window_id":%q,`+
		`"$current_url":"https://shop.example/list","$host":"shop.example","$pathname":"/list","$lib":"web","$lib_version":"1.449.2","$browser":"Chrome",`+
		`"$browser_version":141,"$os":"Windows","$os_version":"10.0","$screen_height":800,"$screen_width":1280,"$viewport_height":800,"$viewport_width":1280,`+
		`"$device_type":"Desktop","$timezone":"Europe/Berlin","$browser_language":"de-DE","$referrer":"$direct","$referring_domain":"$direct",`+
		`"$insert_id":"i%d","title":"List","sku":"SKU-%d","position":%d`, id(n), name, id(0xaa), id(0xaa),
		id(0xab), id(0xac), n, n, n)
	extra := 30
	if name == "$identify" {
		extra = 140 // initial properties of the person, in $set and $set_once
	}
	for i := range extra {
		fmt.Fprintf(&e, `,"$session_entry_utm_%d":null`, i)
	}
	e.WriteString(`},"timestamp":"2026-11-20T10:00:00.000Z"}`)
	return e.String()
}

// amplitudeEvent is an event as analytics-node sends it.
func amplitudeEvent(n int) string {
	var e strings.Builder
	fmt.Fprintf(&e, `{"event_type":"Product Viewed","device_id":%q,"user_id":"u-%d","insert_id":%q,"time":1764320000000,"session_id":1764320000000,`+
		`"platform":"Web","language":"de-DE","ip":"203.0.113.7","library":"amplitude-node-ts/1.5","user_agent":"Mozilla/5.0","event_properties":{"a":1`,
		id(n), n, id(n))
	for i := range 42 {
		fmt.Fprintf(&e, `,"property_%d":"v%d"`, i, i)
	}
	e.WriteString(`}}`)
	return e.String()
}

// segmentEvent is an event as analytics-node sends it.
func segmentEvent(n int) string {
	return fmt.Sprintf(`{"type":"track","event":"Order Completed","userId":"u-%d","anonymousId":%q,"messageId":"m-%d","timestamp":"2026-11-20T10:00:00.000Z",`+
		`"integrations":{},"context":{"library":{"name":"server-library","version":"1"},"ip":"203.0.113.0","locale":"de-DE","page":{"url":"https://shop.example/c",`+
		`"path":"/c","title":"Cart"}},"properties":{"order_id":"O-%d","revenue":9.5,"currency":"EUR","coupon":"X","products":[{"sku":"S1","quantity":1}]}}`,
		n, id(n), n, n)
}

// batch is many events in one request.
type batch struct {
	name, path, lines string
	events            int
	body              string
}

func many(n int, one func(int) string) string {
	all := make([]string, 0, n)
	for i := range n {
		all = append(all, one(i))
	}
	return "[" + strings.Join(all, ",") + "]"
}

// sent are batches that SDKs were seen to send, and three small ones, which show that
// the others are refused for their size.
func sent() []batch {
	identify := func(n int) string { return postHogEvent("$identify", n) }
	impression := func(n int) string { return postHogEvent("Product Impression", n) }
	return []batch{
		{"PostHog, 3 impressions", "/posthog/e/", asJSON, 3, many(3, impression)},
		{"Amplitude, 3", "/amplitude/2/httpapi", asJSON, 3, `{"api_key":"k","events":` + many(3, amplitudeEvent) + `}`},
		{"Segment, 3", "/segment/v1/batch", asJSON, 3, `{"writeKey":"wk","batch":` + many(3, segmentEvent) + `}`},
		{"PostHog, 12 $identify", "/posthog/e/", asJSON, 12, many(12, identify)},
		{"PostHog, 40 impressions", "/posthog/e/", asJSON, 40, many(40, impression)},
		{"PostHog, 150 impressions", "/posthog/e/", asJSON, 150, many(150, impression)},
		{"PostHog, 150 impressions, packed", "/posthog/e/?compression=gzip-js", "Content-Type: text/plain\r\n", 150,
			many(150, impression)},
		{"Amplitude, 36", "/amplitude/2/httpapi", asJSON, 36, `{"api_key":"k","events":` + many(36, amplitudeEvent) + `}`},
		{"Segment, 90", "/segment/v1/batch", asJSON, 90, `{"writeKey":"wk","batch":` + many(90, segmentEvent) + `}`},
	}
}

// batches sends batches, and counts the events that arrive.
func batches(ctx context.Context, b *bout) error {
	var arrived atomic.Int64
	v, err := newVendor(answering(func(_ *http.Request, body []byte) string {
		arrived.Add(int64(countEvents(body)))
		return response(200, asJSON, `{"status":"Ok","success":true}`)
	}))
	if err != nil {
		return err
	}
	defer v.close()
	p, err := b.start(ctx, setup{upstreams: map[string]string{"segment": v.at(), "amplitude": v.at(), "posthog": v.at()}})
	if err != nil {
		return err
	}
	spent := p.spent()
	for _, s := range sent() {
		arrived.Store(0)
		body := []byte(s.body)
		if strings.HasSuffix(s.name, "packed") {
			if body, err = pack(body); err != nil {
				return err
			}
			b.figure("ratio of "+s.name, float64(len(s.body))/float64(len(body)), "")
		}
		_, status := once(ctx, "127.4.0.1", p.hits, post(s.path, s.lines+yes, body), 5*time.Second)
		b.got(s.name, status)
		b.figure("arrived of "+s.name, float64(arrived.Load()), fmt.Sprintf("of %d", s.events))
		b.hold(arrived.Load() == int64(s.events), "%s: %d of %d events arrived (%s)", s.name,
			arrived.Load(), s.events, status)
	}
	b.close(p, spent, nil, nil)
	return nil
}

// countEvents counts the events in a body: of an array, or of batch or events.
func countEvents(body []byte) int {
	var list []json.RawMessage
	if body = bytes.TrimSpace(body); len(body) > 0 && body[0] == '[' {
		if json.Unmarshal(body, &list) != nil {
			return 0
		}
		return len(list)
	}
	var whole struct{ Batch, Events []json.RawMessage }
	if json.Unmarshal(body, &whole) != nil {
		return 0
	}
	return len(whole.Batch) + len(whole.Events)
}

// setLines compares the CPU time of hits with and without a hundred set: lines in the profile: of ordinary ones, of a
// batch, and of one event with many fields.
func setLines(ctx context.Context, b *bout) error {
	v, err := newVendor(noContent)
	if err != nil {
		return err
	}
	defer v.close()
	var wide strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&wide, `,"p%d":%d`, i, i%10)
	}
	ordinary := load.GA4{Host: host, Cookie: choice + "=yes"}
	kinds := []struct {
		name   string
		count  int
		most   time.Duration // that the lines may cost
		render func() []byte
	}{
		{"a GA4 hit", 10_000, 40 * time.Microsecond, func() []byte { return ordinary.Append(nil, serials.Add(1)) }},
		{"40 Segment events", 500, 40 * 40 * time.Microsecond,
			always(post("/segment/v1/batch", asJSON+yes, []byte(`{"writeKey":"wk","batch":`+many(40, segmentEvent)+`}`)))},
		{"an event of 1,000 fields", 2000, 120 * time.Microsecond,
			always(post(track, asJSON+yes, []byte(event+`"a":1`+wide.String()+`}}`)))},
	}
	without := make([]time.Duration, len(kinds))
	for _, sets := range []int{0, 100} {
		p, err := b.start(ctx, setup{upstreams: map[string]string{"ga4": v.at(), "segment": v.at()}, sets: sets})
		if err != nil {
			return err
		}
		began := p.spent()
		for i, kind := range kinds {
			name := fmt.Sprintf("%s, %d set: lines", kind.name, sets)
			cost := b.hits(ctx, p, name, b.sized(kind.count), kind.render)
			b.figure("CPU of "+name, micro(cost), "µs")
			if sets == 0 {
				without[i] = cost
			} else {
				b.hold(cost-without[i] <= kind.most, "100 set: lines cost %.0f µs in %s", micro(cost-without[i]), kind.name)
			}
		}
		b.close(p, began, nil, nil)
	}
	return nil
}

func always(request []byte) func() []byte { return func() []byte { return request } }

// hits sends hits over eight connections, and returns the CPU time of one.
func (b *bout) hits(ctx context.Context, p *product, group string, n int, render func() []byte) time.Duration {
	var all sync.WaitGroup
	var sent atomic.Int64
	from := p.spent()
	for range 8 {
		all.Go(func() {
			ask := asker(ctx, p.hits)
			for ctx.Err() == nil && sent.Add(1) <= int64(n) {
				b.got(group, ask(render()))
			}
			ask(nil)
		})
	}
	all.Wait()
	return (p.spent() - from) / time.Duration(n)
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
