package proxy_test

import (
	"bufio"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// heldContent is a vendor that takes everything, once it is let go on, and says how many events it took.
type heldContent struct{ let chan struct{} }

func (v heldContent) Deliver(e *delivery.Event, answer *proxy.Response) delivery.Outcome {
	if !e.Gate.BeforeFirstByte() {
		return delivery.Outcome{Kind: delivery.Dropped, Why: delivery.WhyObjection}
	}
	e.Gate.AfterLastByte()
	<-v.let
	answer.SetBodyString(`{"code":200,"events_ingested":` + strconv.Itoa(e.Count) + `,"tracked":` +
		strconv.Itoa(e.Count) + `}`)
	return delivery.Outcome{Kind: delivery.Delivered, Status: 200, Why: delivery.WhyOK}
}

func (heldContent) Close() {}

// processTime is what this process has spent, user and system.
func processTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkDelivering is what it costs to deliver events that wait, many in a request, to a vendor that costs nothing:
// cpu-µs/event is the CPU of one.
func BenchmarkDelivering(b *testing.B) {
	const agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
	for _, c := range []struct{ vendor, path, body string }{
		{"amplitude", "/amplitude/2/httpapi",
			`{"api_key":"BENCH","events":[{"device_id":"SERIAL","session_id":1780000000123,"time":1780000000123,` +
				`"platform":"Web","language":"de-DE","insert_id":"SERIAL","event_type":"Viewed","event_properties":{"product_id":"SKU-7",` +
				`"price":59.9,"[Amplitude] Page Title":"Red shoes - Shop"},"event_id":3,"library":"amplitude-ts/2.40.0","user_agent":"` +
				agent + `"}],"options":{}}`},
		{"segment", "/segment/v1/t",
			`{"timestamp":"2026-11-29T10:00:00.123Z","userId":null,"anonymousId":"SERIAL","type":"track","event":"Viewed",` +
				`"properties":{"product_id":"SKU-7","name":"Red shoes","price":59.9},"context":{"page":{"path":"/p/red-shoes","title":"Red shoes - Shop",` +
				`"url":"https://shop.example/p/red-shoes"},"userAgent":"` + agent +
				`","locale":"de-DE"},"messageId":"SERIAL","writeKey":"BENCHbench"}`},
		{"posthog", "/posthog/e/?ip=0&ver=1.449.2",
			`{"uuid":"6f0a3c1e-0001-4000-8000-000000000000","event":"Viewed","properties":{"$os":"Windows",` +
				`"$browser":"Chrome","$device_type":"Desktop","$current_url":"https://shop.example/p/red-shoes","$pathname":"/p/red-shoes",` +
				`"$raw_user_agent":"` + agent +
				`","$browser_version":141,"$screen_height":800,"$lib":"web","distinct_id":"SERIAL","$device_id":"SERIAL",` +
				`"title":"Red shoes - Shop","token":"phc_BENCHbench"},"timestamp":"2026-11-29T10:00:00.123Z"}`},
		{"mixpanel", "/mixpanel/track/?ip=1", "data=" + url.QueryEscape(
			`[{"event":"Viewed","properties":{"$os":"Windows","$browser":"Chrome",`+
				`"$current_url":"https://shop.example/p/red-shoes","$browser_version":141,"$screen_height":800,"mp_lib":"web","$insert_id":"SERIAL",`+
				`"time":1795484940.146,"distinct_id":"$device:SERIAL","$device_id":"SERIAL","current_page_title":"Red shoes","token":"BENCHbench"}}]`)},
	} {
		b.Run(c.vendor, func(b *testing.B) {
			file := shop(b, "127.0.0.1:1", map[string]string{
				"tagwarden.yaml": strings.ReplaceAll(shopFiles["tagwarden.yaml"], "private: true",
					"private: true, concurrency: 2") +
					"  mixpanel: { catalog: mixpanel, prefix: /mixpanel, upstream: \"http://VENDOR\", private: true, concurrency: 2 }\n" +
					"delivery: { mode: queued }\n",
				"policy/activities.yaml": shopFiles["policy/activities.yaml"] +
					"  - { id: amplitude-consent, vendor: amplitude, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: [\"*\"] }\n" +
					"  - { id: mixpanel-consent, vendor: mixpanel, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: [\"*\"] }\n",
				"policy/profiles.yaml": `profiles:
  small:
    classes: { event_name: keep, event_id: keep, client_id: { pseudonymise: { rotate: week } }, device_id: { pseudonymise: { rotate: week } }, url: url,
      page_title: scrub, user_agent: { generalise: family }, product: keep, revenue: keep, timestamp: keep, interaction: keep }
`,
			})
			loaded, err := config.Load(file)
			if err != nil {
				b.Fatal(err)
			}
			kind := "text/plain"
			if strings.HasPrefix(c.body, "data=") {
				kind = "application/x-www-form-urlencoded"
			}
			let := make(chan struct{})
			s, err := proxy.New(loaded, proxy.Options{
				Root: pseudonym.TestRoot, Client: func([]delivery.Upstream) (proxy.Deliverer, error) {
					return heldContent{let}, nil
				},
			})
			if err != nil {
				b.Fatal(err)
			}
			hits, admin := fasthttputil.NewInmemoryListener(), fasthttputil.NewInmemoryListener()
			ended := make(chan error, 1)
			go func() { ended <- s.Serve(hits, admin) }()
			const conns = 32
			var all sync.WaitGroup
			for n := range conns {
				all.Go(func() {
					conn, err := hits.Dial()
					if err != nil {
						b.Error(err)
						return
					}
					in := bufio.NewReader(conn)
					for i := n; i < b.N; i += conns {
						if i/conns%4000 == 3999 {
							_ = conn.Close()
							if conn, err = hits.Dial(); err != nil {
								b.Error(err)
								return
							}
							in.Reset(conn)
						}
						body := strings.ReplaceAll(c.body, "SERIAL", fmt.Sprintf("6f0a3c1e-0001-4000-8000-%012d", i))
						exchange(b, conn, in, []byte("POST /t"+c.path+" HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: "+agent+
							"\r\nOrigin: https://shop.example\r\n"+yes+"Content-Type: "+kind+"\r\nContent-Length: "+strconv.Itoa(len(body))+
							"\r\n\r\n"+body))
					}
					_ = conn.Close()
				})
			}
			all.Wait()
			waiting := s.Pending()
			before := processTime()
			b.ResetTimer()
			close(let)
			for s.Pending() > 0 {
				<-time.After(time.Millisecond)
			}
			b.StopTimer()
			b.ReportMetric(float64((processTime()-before).Nanoseconds())/1000/float64(waiting), "cpu-µs/event")
			if err := s.Shutdown(b.Context()); err != nil {
				b.Error(err)
			}
			if err := <-ended; err != nil {
				b.Error(err)
			}
		})
	}
}
