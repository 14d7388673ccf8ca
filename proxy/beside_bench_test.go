package proxy_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// misbehaving are ways in which a vendor may answer, on one connection.
var misbehaving = []struct {
	name   string
	answer func(*rawhttp.Conn)
}{
	{"well", func(c *rawhttp.Conn) { _ = c.Send(rawhttp.NoContent) }},
	{"an endless chunk extension", without("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x")},
	{"endless extensions", without("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"1;"+strings.Repeat("x", 500)+"\r\nx\r\n")},
	{"an endless trailer", without("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-A: b\r\n")},
	{"endless headers", without("HTTP/1.1 200 OK\r\n", "X-A: b\r\n")},
	{"endless early answers", without("", "HTTP/1.1 100 Continue\r\n\r\n")},
	{"an endless body", without("HTTP/1.1 200 OK\r\n\r\n", "x")},
	{"an endless refusal", without("HTTP/1.1 503 No\r\n\r\n", "x")},
	{"nothing", func(c *rawhttp.Conn) { _, _ = c.Ended() }},
}

// without begins an answer and goes on without an end.
func without(begin, with string) func(*rawhttp.Conn) {
	text := strings.Repeat(with, 4096/len(with)+1)
	return func(c *rawhttp.Conn) {
		for err := c.Send(begin); err == nil; err = c.Send(text) {
		}
	}
}

// BenchmarkBesideAVendor is a hit for one vendor while 64 senders are busy with another, which answers in that way.
// Half of the hits take less than p50-ms, one in a hundred more than p99-ms.
func BenchmarkBesideAVendor(b *testing.B) {
	for _, m := range misbehaving {
		b.Run(m.name, func(b *testing.B) {
			other, err := rawhttp.Serve(func(c *rawhttp.Conn) {
				for {
					if _, err := c.Request(); err != nil {
						return
					}
					if m.answer(c); m.name != "well" {
						return
					}
				}
			})
			if err != nil {
				b.Fatal(err)
			}
			defer other.Close()
			file := shop(b, standIn(b).Addr(), map[string]string{"tagwarden.yaml": strings.Replace(shopFiles["tagwarden.yaml"],
				`prefix: /segment, upstreams: { api: "http://VENDOR"`,
				fmt.Sprintf(`prefix: /segment, upstreams: { api: "http://%s"`, other.Addr()), 1)})
			r := start(b, file)
			ended := make(chan struct{})
			var senders sync.WaitGroup
			defer senders.Wait()
			defer close(ended)
			event := post("/t/segment/v1/t", yes+"Content-Type: application/json\r\n",
				`{"type":"track","event":"x","anonymousId":"a"}`)
			for range 64 {
				senders.Go(func() {
					for c := (*rawhttp.Conn)(nil); ; {
						select {
						case <-ended:
							return
						default:
						}
						if c == nil {
							var err error
							if c, err = rawhttp.Dial(r.hits); err != nil {
								return
							}
						}
						if c.Send(event) != nil {
							c = nil
						} else if _, err := c.Answer("POST"); err != nil {
							_ = c.Close()
							c = nil
						}
					}
				})
			}
			var took []time.Duration
			hit := get(pageView, yes)
			var c *rawhttp.Conn
			for b.Loop() {
				if len(took)%1000 == 0 {
					if c, err = rawhttp.Dial(r.hits); err != nil {
						b.Fatal(err)
					}
				}
				begun := time.Now()
				if err := c.Send(hit); err != nil {
					b.Fatal(err)
				}
				if a, err := c.Answer("GET"); err != nil || a.Status != 204 {
					b.Fatal(err, a)
				}
				took = append(took, time.Since(begun))
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2].Seconds()*1000, "p50-ms")
			b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
		})
	}
}
