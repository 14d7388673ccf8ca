package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// stingy has room for so many bytes, and keeps count.
type stingy struct{ left, least int }

func (s *stingy) Take(bytes int) bool {
	if bytes > s.left {
		return false
	}
	s.left -= bytes
	s.least = min(s.least, s.left)
	return true
}

func (s *stingy) Give(bytes int) { s.left += bytes }

// TestIdentifiersTakeMemory: every form of one is kept until the hit is answered, with its hashes, and counts.
func TestIdentifiersTakeMemory(t *testing.T) {
	t.Parallel()
	needs := map[string]int{}
	subjects := 0
	for _, name := range []string{"$email", "$emaix"} {
		sign := map[string]string{"$email": "@", "$emaix": "."}[name]
		var b strings.Builder
		b.WriteString(`{"api_key":"k","batch":[{"event":"x","properties":{"distinct_id":"d","note":"` +
			strings.Repeat("word ", 3000) + `"`)
		for n := range 150 {
			fmt.Fprintf(&b, `,%q:"%d%sexample.com"`, name, n, sign)
		}
		b.WriteString("}}]}")
		g := newJudging(t)
		plenty := &stingy{left: 1 << 40, least: 1 << 40}
		g.in.Memory = plenty
		r := request(t, "POST /batch/ HTTP/1.1\nContent-Type: application/json\n\n"+b.String(), "posthog", yes)
		if reason := g.judge(&r); reason != rules.Unjudged {
			t.Fatalf("%s: %v", name, reason)
		}
		needs[name], subjects = 1<<40-plenty.least, max(subjects, len(g.j.Subjects))
	}
	if took := needs["$email"] - needs["$emaix"]; subjects < 150 || took < 150*subjects {
		t.Errorf("%d forms took %d bytes", subjects, took)
	}
}

// TestWithoutMemoryNothingIsJudged: at whatever point room runs out, the hit ends there, as one that may come again;
// and what a hit takes grows with what it holds.
func TestWithoutMemoryNothingIsJudged(t *testing.T) {
	t.Parallel()
	g := newJudging(t)
	_, body := batchOf("posthog", 40, 60)
	r := request(t, "POST /batch/ HTTP/1.1\nContent-Type: application/json\nContent-Encoding: gzip\n\n", "posthog", yes)
	r.Body = []byte(zipped(body))
	wrapped := request(t, "POST /track HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\ndata=eyJldmVudCI6IngiLCJwcm9wZXJ0aWVzIjp7InRva2VuIjoiayIsImRpc3RpbmN0X2lkIjoiZCJ9fQ%3D%3D",
		"mixpanel", yes)
	for name, r := range map[string]hit.Request{"packed": r, "wrapped": wrapped, "GA4": bigGA4(t),
		"Segment": bigSegment(t)} {
		plenty := &stingy{left: 1 << 40, least: 1 << 40}
		g.in.Memory = plenty
		if reason := g.judge(&r); reason != rules.Unjudged || !g.j.Out.Forward {
			t.Fatalf("%s: %v", name, reason)
		}
		needs := 1<<40 - plenty.least
		holds := len(r.Query) + len(g.j.Hit.Request.Body) + len(g.j.Hit.Nodes)*hit.NodeSize
		if needs < holds || needs > 10*holds+100<<10 {
			t.Errorf("%s: took %d bytes where %d are held", name, needs, holds)
		}
		for left := 0; left < needs; left += max(needs/97, 1) {
			g.in.Memory = &stingy{left: left}
			if reason := g.judge(&r); reason != rules.OutOfMemory || g.j.Out.Forward {
				t.Errorf("%s, with room for %d of %d: %v, forward %v", name, left, needs, reason, g.j.Out.Forward)
			}
		}
		g.in.Memory = &stingy{left: needs}
		if reason := g.judge(&r); reason != rules.Unjudged {
			t.Errorf("%s, with just enough room: %v", name, reason)
		}
	}
	g.in.Memory = nil
}
