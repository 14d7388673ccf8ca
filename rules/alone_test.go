package rules_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestAlone: each event of a batch leaves by itself with the very bytes that it has in the request of all, and with
// everything that stands around them there; the coding aside, the rest is the same.
func TestAlone(t *testing.T) {
	g, again := newJudging(t), newJudging(t)
	for _, vendor := range batching {
		for _, events := range []int{1, 2, 12} {
			for _, packed := range []bool{false, true} {
				if packed && (vendor == "ga4" || vendor == "matomo") {
					continue // their SDKs do not
				}
				path, body := batchOf(vendor, events, 5)
				text := "POST " + path + " HTTP/1.1\nContent-Type: application/json\n"
				if packed {
					text += "Content-Encoding: gzip\n"
				}
				r := request(t, text+"\n", vendor, yes)
				if r.Body = []byte(body); packed {
					r.Body = []byte(zipped(body))
				}
				name := fmt.Sprintf("%s, %d events, packed %v", vendor, events, packed)
				if reason := g.judge(&r); reason != rules.Unjudged || g.j.Permitted() == 0 {
					t.Fatalf("%s: %v, %d leave", name, reason, g.j.Permitted())
				}
				whole := g.j.Permitted()
				for range 2 { // asking changes nothing
					for e := range g.j.Verdicts {
						one, ok := g.j.Alone(e)
						if ok != (g.j.Verdicts[e].Decision == rules.Permit) {
							t.Fatalf("%s, event %d: %v", name, e, ok)
						}
						if ok {
							checkAlone(t, fmt.Sprintf("%s, event %d", name, e), &g.j, again, r, &one, e)
						}
					}
				}
				if g.j.Permitted() != whole {
					t.Errorf("%s: %d leave now", name, g.j.Permitted())
				}
			}
		}
	}
}

// checkAlone reads the request of one event as the vendor would.
func checkAlone(t *testing.T, name string, j *rules.Judgement, again *judging, r hit.Request,
	one *rules.Outgoing, e int) {
	t.Helper()
	r.Query, r.Body, r.Headers = one.Query, one.Body, nil
	for _, h := range one.Headers {
		r.Headers = append(r.Headers, hit.Header{Name: []byte(h.Name), Value: h.Value})
	}
	again.judge(&r)
	h := &again.j.Hit
	if len(h.Events) != 1 {
		t.Fatalf("%s: %d events: %s", name, len(h.Events), one.Body)
	}
	if root := h.Events[0].Root; root != hit.None && root != h.QueryRoot {
		if got, want := h.Bytes(h.Nodes[root].Val), j.EventBytes(e); !bytes.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestAloneIsBounded: what stands around events is not repeated without end.
func TestAloneIsBounded(t *testing.T) {
	g := newJudging(t)
	path, body := batchOf("segment", 500, 1)
	around := bytes.Repeat([]byte("x"), 20<<10)
	body = `{"context":{"library":{"name":"` + string(around) + `"}},` + body[1:]
	r := request(t, "POST "+path+" HTTP/1.1\nContent-Type: application/json\n\n", "segment", yes)
	r.Body = []byte(body)
	if reason := g.judge(&r); reason != rules.Unjudged {
		t.Fatal(reason)
	}
	all, made := 0, 0
	for e := range g.j.Verdicts {
		if one, ok := g.j.Alone(e); ok {
			all, made = all+len(one.Body), made+1
		}
	}
	if made == len(g.j.Verdicts) && all > 8*len(body)+1<<20 {
		t.Errorf("%d bodies of %d bytes, of a hit with %d", made, all, len(body))
	}
}
