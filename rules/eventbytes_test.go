package rules_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestEventBytesAreWhatLeaves: what the ledger digests of an event is its part of the very bytes that were
// assembled, whatever it is wrapped in.
func TestEventBytesAreWhatLeaves(t *testing.T) {
	g := newJudging(t)
	look := func(name string, r hit.Request) {
		t.Helper()
		if reason := g.judge(&r); reason != rules.Unjudged {
			t.Fatalf("%s: %v", name, reason)
		}
		for range 2 { // asking changes nothing
			for e := range g.j.Verdicts {
				root := g.j.Hit.Events[e].Root
				if g.j.Verdicts[e].Decision != rules.Permit || root == hit.None || root == g.j.Hit.QueryRoot {
					continue
				}
				got := bytes.Clone(g.j.EventBytes(e))
				if want := g.j.AssembleEvent(e); !bytes.Equal(got, want) || len(got) == 0 {
					t.Errorf("%s, event %d: %q, want %q", name, e, got, want)
				}
			}
		}
	}
	eachGolden(t, func(t *testing.T, vendor, text string) { look(t.Name(), request(t, text, vendor, yes)) })

	for _, vendor := range batching {
		for _, packed := range []bool{false, true} {
			path, body := batchOf(vendor, 12, 5)
			if packed && (vendor == "ga4" || vendor == "matomo") {
				continue // their SDKs do not
			}
			text := "POST " + path + " HTTP/1.1\nContent-Type: application/json\n"
			if packed {
				text += "Content-Encoding: gzip\n"
			}
			r := request(t, text+"\n", vendor, yes)
			if r.Body = []byte(body); packed {
				r.Body = []byte(zipped(body))
			}
			look(fmt.Sprintf("%s, packed %v", vendor, packed), r)
		}
	}

	one := func(name string) string {
		return base64.RawURLEncoding.EncodeToString(
			[]byte(`{"event":"` + name +
				`","properties":{"token":"k","distinct_id":"1234","url":"https://shop.example/?email=a"}}`))
	}
	list := base64.RawURLEncoding.EncodeToString(
		[]byte(`[` + strings.TrimSuffix(strings.Repeat(`{"event":"x","properties":{"token":"k","distinct_id":"1234"}},`, 5),
			",") + `]`))
	head := " HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\n"
	look("a wrapped list", request(t, "POST /track"+head+"data="+list, "mixpanel", yes))
	look("several wrapped values", request(t, "POST /track"+head+"data="+one("a")+"&data="+one("bb")+"&data="+one("ccc"),
		"mixpanel", yes))
	look("wrapped in the query, beside a body", request(t, "POST /track?data="+one("a")+head+"x=1", "mixpanel", yes))
}

// TestEventBytesDoesNotAllocate.
func TestEventBytesDoesNotAllocate(t *testing.T) {
	g := newJudging(t)
	r := bigSegment(t)
	if reason := g.judge(&r); reason != rules.Unjudged {
		t.Fatal(reason)
	}
	if n := testing.AllocsPerRun(100, func() {
		for e := range g.j.Verdicts {
			_ = g.j.EventBytes(e)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
