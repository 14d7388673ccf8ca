package batch_test

import (
	"bufio"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/delivery/batch"
)

// TestJoiningAllocatesNothing in the steady state, however events come.
func TestJoiningAllocatesNothing(t *testing.T) {
	for _, c := range []struct{ name, vendor, request string }{
		{"body", "segment", "POST /v1/t\nUser-Agent: a" + asText +
			`{"type":"track","writeKey":"k","sentAt":"1","properties":{"a":"b"}}`},
		{"list", "amplitude", requests["amplitude"]},
		{"form", "mixpanel", "POST /track" + asForm + `ip=1&data=%7B%22event%22%3A%22x%22%7D`},
		{"query", "matomo", "GET /matomo.php?idsite=1&rec=1&url=https%3A%2F%2Fshop.example\nUser-Agent: a\n"},
		{"packed", "posthog", "POST /e/?compression=gzip-js&ver=1" + asText +
			`@gzip {"event":"x","properties":{"token":"k"}}`},
	} {
		v, e := batch.New(vendorOf(t, c.vendor)), parsed(c.request)
		var p batch.Piece
		var b batch.Batch
		var out delivery.Event
		join := func() {
			b.Reset()
			for range 10 {
				if !v.Cut(&p, &e, true) || !b.Add(&p) {
					t.Fatalf("%s: it travels alone", c.name)
				}
			}
			b.Event(&out)
		}
		if join(); testing.AllocsPerRun(20, join) > 0 {
			t.Errorf("%s: %v allocations", c.name, testing.AllocsPerRun(20, join))
		}
	}
}

// item is an event as shops send it, about 600 bytes.
var item = `{"type":"track","event":"Item Viewed","anonymousId":"6f0a3c1e-0001-4000-8000-000000000000","messageId":"ajs-next-1795485318850-3f48cf1c",` +
	`"context":{"page":{"url":"https://shop.example/products/red-shoes","path":"/products/red-shoes","title":"Red shoes"},` +
	`"userAgent":"Firefox","locale":"en-US","library":{"name":"analytics.js","version":"next-1.84.3"}},` +
	`"properties":{"sku":"SKU-1","name":"Red shoes","price":59.9,"currency":"EUR","quantity":2,"category":"` +
	strings.Repeat("x", 60) + `"},` +
	`"writeKey":"wk","timestamp":"2026-11-24T01:00:00.000Z"}`

// write writes a request as the client does.
func write(b *testing.B, r *fasthttp.Request, w *bufio.Writer, e *delivery.Event) {
	r.Reset()
	r.Header.SetMethod(e.Method)
	r.Header.SetHost("api.segment.io")
	r.SetRequestURIBytes(e.Path)
	for i := range e.Headers {
		r.Header.SetBytesV(e.Headers[i].Name, e.Headers[i].Value)
	}
	r.SetBodyRaw(e.Body)
	if err := r.Write(w); err != nil {
		b.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkFifty builds the requests of fifty events: one each, and one for all.
func BenchmarkFifty(b *testing.B) {
	v, e := batch.New(vendorOf(b, "segment")), parsed("POST /v1/t\nUser-Agent: Firefox"+asText+item)
	var r fasthttp.Request
	w := bufio.NewWriter(io.Discard)
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for range 50 {
				write(b, &r, w, &e)
			}
		}
	})
	b.Run("joined", func(b *testing.B) {
		b.ReportAllocs()
		var p batch.Piece
		var all batch.Batch
		var out delivery.Event
		for b.Loop() {
			for all.Reset(); all.Events() < 50; {
				if !v.Cut(&p, &e, true) || !all.Add(&p) {
					b.Fatal("it travels alone")
				}
			}
			all.Event(&out)
			write(b, &r, w, &out)
		}
	})
}

// BenchmarkJoin is what it costs to put one more event into a request, by how its vendor is sent events.
func BenchmarkJoin(b *testing.B) {
	posthog := strings.NewReplacer(`"type":"track"`, `"uuid":"6f0a3c1e-0001-4000-8000-000000000001"`, `"properties":{`,
		`"properties":{"token":"phc_x","distinct_id":"6f0a3c1e-0001-4000-8000-000000000000",`).Replace(item)
	for _, c := range []struct{ vendor, request string }{
		{"segment", "POST /v1/t\nUser-Agent: Firefox" + asText + item},
		{"amplitude", "POST /2/httpapi\nUser-Agent: Firefox" + asJSON + `{"api_key":"k","events":[` +
			item + `],"options":{}}`},
		{"posthog", "POST /e/?ip=0&ver=1\nUser-Agent: Firefox" + asText + posthog},
		{"mixpanel", "POST /track/?ip=1\nUser-Agent: Firefox" + asForm + "data=" + url.QueryEscape("["+posthog+"]")},
		{"matomo", "GET /matomo.php?idsite=1&rec=1&_id=0123456789abcdef&url=https%3A%2F%2Fshop.example%2Fp%2Fred-shoes%3Fvariant%3D42" +
			"&urlref=https%3A%2F%2Fsearch.example%2F%3Fq%3Dred%2Bshoes&action_name=Red%20shoes&res=1280x800\nUser-Agent: Firefox\n"},
	} {
		b.Run(c.vendor, func(b *testing.B) {
			v, e := batch.New(vendorOf(b, c.vendor)), parsed(c.request)
			var p batch.Piece
			var all batch.Batch
			for b.Loop() {
				if all.Events() == 20 {
					all.Reset()
				}
				if !v.Cut(&p, &e, true) || !all.Add(&p) {
					b.Fatal("it travels alone")
				}
			}
		})
	}
}

// BenchmarkLongBatch shows that joining costs as much for each event, however many there are.
func BenchmarkLongBatch(b *testing.B) {
	for _, n := range []int{10, 100, 700} {
		b.Run(map[int]string{10: "10", 100: "100", 700: "700"}[n], func(b *testing.B) {
			v, e := batch.New(vendorOf(b, "segment")), parsed("POST /v1/t\nUser-Agent: Firefox"+asText+item)
			var p batch.Piece
			var all batch.Batch
			for b.Loop() {
				for all.Reset(); all.Events() < n; {
					if !v.Cut(&p, &e, true) || !all.Add(&p) {
						b.Fatal("it travels alone")
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
		})
	}
}
