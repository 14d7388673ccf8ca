package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// endless are answers that never end, by name. Each is written until the proxy closes the connection.
var endless = []struct{ name, head, unit string }{
	{"a chunk's extension", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", strings.Repeat("a", 32<<10)},
	{"interim answers", "", strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 800)},
	{"a head", "HTTP/1.1 200 OK\r\n", strings.Repeat("X-More: "+strings.Repeat("a", 100)+"\r\n", 300)},
	{"small chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", strings.Repeat("1\r\na\r\n", 5000)},
	{"a slow drip", "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", ""},
}

// badVendor has one vendor answer without end, while hits go to another.
func badVendor(ctx context.Context, b *bout) error {
	good, err := newVendor(noContent)
	if err != nil {
		return err
	}
	defer good.close()
	var mode, written atomic.Int64
	bad, err := newVendor(func(c *call) {
		if _, _, err := c.request(); err != nil {
			return
		}
		written.Add(neverEnd(c, int(mode.Load())))
	})
	if err != nil {
		return err
	}
	defer bad.close()
	p, err := b.start(ctx, setup{upstreams: map[string]string{"ga4": good.at(), "segment": bad.at()}})
	if err != nil {
		return err
	}
	others := visitors(p.hits, 24)
	calm := others.watch(ctx, b.over(2*time.Second))
	spent := p.spent()
	request := post(track, asJSON+yes, []byte(event+`"note":"x"}}`))
	for i, e := range endless {
		mode.Store(int64(i))
		written.Store(0)
		during, stop := context.WithTimeout(ctx, b.over(4*time.Second))
		tell := others.start(during)
		b.visit(during, p, request, e.name)
		tally := tell()
		stop()
		b.close(p, spent, nil, tally)
		spent = p.spent()
		b.figure("others' p50 during "+e.name, tally.P50, "ms")
		b.figure("others' p99 during "+e.name, tally.P99, "ms")
		b.figure("written of "+e.name, float64(written.Load()>>20), "MiB")
		b.hold(tally.Answered*100 >= tally.Sent*99, "%s: %d of %d hits to the other vendor were not answered", e.name,
			tally.Sent-tally.Answered, tally.Sent)
		b.hold(tally.P50 <= max(20, 10*calm.P50), "%s: the others' p50 went from %.1f to %.1f ms",
			e.name, calm.P50, tally.P50)
	}
	pause(ctx, b.o.settle)
	b.close(p, spent, calm, nil)
	return nil
}

// neverEnd writes an answer until the other side has enough, and returns how much it wrote.
func neverEnd(c *call, mode int) int64 {
	e := endless[mode]
	n, err := io.WriteString(c, e.head)
	for written := int64(n); ; written += int64(n) {
		select {
		case <-c.v.closing:
			return written
		default:
		}
		if err != nil {
			return written
		}
		if e.unit != "" {
			n, err = io.WriteString(c, e.unit)
			continue
		}
		select {
		case <-c.v.closing:
		case <-time.After(200 * time.Millisecond):
		}
		n, err = io.WriteString(c, "a")
	}
}

// visit has visitors send hits to the vendor that is broken.
func (b *bout) visit(ctx context.Context, p *product, request []byte, name string) {
	var all sync.WaitGroup
	for i := range b.sized(16) {
		all.Go(func() {
			for ctx.Err() == nil {
				_, status := once(ctx, loopback("127.4", i), p.hits, request, 5*time.Second)
				b.got("visitor of the vendor, "+name, status)
				pause(ctx, 50*time.Millisecond)
			}
		})
	}
	all.Wait()
}

// stray are the moments at which a vendor gives its second answer.
var stray = []string{"at once", "a moment later", "with the next request", "behind a 204"}

// twice has visitors send hits to a vendor that answers each of them twice, and counts who gets whose answer.
func twice(ctx context.Context, b *bout) error {
	var mode atomic.Int64
	v, err := newVendor(func(c *call) { answerTwice(c, func() string { return stray[mode.Load()] }) })
	if err != nil {
		return err
	}
	defer v.close()
	p, err := b.start(ctx, setup{upstreams: map[string]string{"segment": v.at(), "posthog": v.at()}})
	if err != nil {
		return err
	}
	spent := p.spent()
	foreign, visits, asked := 0, 0, 0
	for i, when := range stray {
		mode.Store(int64(i))
		n, of := b.exchange(ctx, p, when, func(id string) []byte {
			return post(track, asJSON+yes, []byte(`{"type":"track","event":"x","anonymousId":"`+named+id+`"}`))
		})
		b.figure("somebody else's answer, second one "+when, float64(n), fmt.Sprintf("of %d", of))
		foreign, visits = foreign+n, visits+of
		n, of = b.exchange(ctx, p, "asked, "+when, func(id string) []byte {
			return post("/posthog/flags/?v=2", asJSON+yes,
				[]byte(`{"token":"phc_x","distinct_id":"0190aaaa-0000-7000-8000-0000000000aa","$device_id":"`+named+id+`"}`))
		})
		b.figure("somebody else's answer where one is asked for, second one "+when, float64(n), fmt.Sprintf("of %d", of))
		asked += n
	}
	b.figure("somebody else's answer, all", float64(foreign), fmt.Sprintf("of %d", visits))
	b.figure("somebody else's answer where one is asked for, all", float64(asked), fmt.Sprintf("of %d", visits))
	b.hold(foreign == 0, "%d of %d visitors got somebody else's answer", foreign, visits)
	b.hold(asked == 0, "%d of %d visitors who ask for an answer got somebody else's", asked, visits)
	b.close(p, spent, nil, nil)
	return nil
}

// exchange has 300 visitors send a hit each, 20 at a time, and counts those who got an answer that names somebody else.
func (b *bout) exchange(ctx context.Context, p *product, group string, render func(id string) []byte) (
	foreign, visits int) {
	var all sync.WaitGroup
	var next, wrong atomic.Int64
	n := b.sized(300)
	for i := range min(20, n) {
		all.Go(func() {
			for ctx.Err() == nil {
				serial := next.Add(1)
				if serial > int64(n) {
					return
				}
				id := fmt.Sprintf("%012x", serial)
				a, status := once(ctx, loopback("127.4", i), p.hits, render(id), 5*time.Second)
				b.got(group, status)
				if a != nil && strings.Contains(string(a.body), "for:") && !strings.Contains(string(a.body), "for:"+id) {
					wrong.Add(1)
				}
			}
		})
	}
	all.Wait()
	return int(wrong.Load()), n
}

// answerTwice answers each request with whom it is for, and again: when is asked for each.
func answerTwice(c *call, now func() string) {
	var before string // the answer before, in the mode that holds it back
	for {
		_, body, err := c.request()
		if err != nil {
			return
		}
		when := now()
		a := response(http.StatusOK, "Content-Type: text/plain\r\n", `{"for":"for:`+idIn(body)+`"}`)
		out := a
		switch when {
		case "at once":
			out += a
		case "behind a 204":
			out = "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n" + a
		case "with the next request":
			out, before = before+a, a
		}
		if _, err := io.WriteString(c, out); err != nil {
			return
		}
		if when == "a moment later" {
			select {
			case <-c.v.closing:
			case <-time.After(300 * time.Microsecond):
			}
			if _, err := io.WriteString(c, a); err != nil {
				return
			}
		}
	}
}

// named is what the number of a visitor stands behind, in an id that the proxy passes on.
const named = "0190bbbb-0000-7000-8000-"

// idIn is the number that a hit carries in its last place of an id.
func idIn(body []byte) string {
	_, rest, found := strings.Cut(string(body), named)
	if !found || len(rest) < 12 {
		return "nobody"
	}
	return rest[:12]
}
