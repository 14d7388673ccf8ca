package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestALimitIsExact: a hit that holds just what a limit says is judged, one that holds one more is not.
func TestALimitIsExact(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Limits = rules.Limits{Body: 4000, Decompressed: 8000, Events: 5, Depth: 8, Fields: 20, Nodes: 60}
	// as if an operator had written it
	d.Given = catalog.Limits{Body: 4000, Decompressed: 8000, Events: 5, Fields: 20, Nodes: 60}
	p := compile(t, d)
	in := rules.Inputs{Now: now}
	padded := func(n int) string { return fmt.Sprintf("%-*s", n, `[{"event":"x","properties":{"a":"b"}}]`) }
	event := `{"event":"x","properties":{"a":1`
	for name, c := range map[string]struct {
		limit int
		of    func(n int) string
		coded bool
		holds func(h *hit.Hit) int
	}{
		"body":         {4000, padded, false, func(h *hit.Hit) int { return len(h.Request.Body) }},
		"decompressed": {8000, padded, true, func(h *hit.Hit) int { return len(h.Request.Body) }},
		"events": {5, func(n int) string {
			return "[" + strings.Repeat(event+"}},", n-1) + event + "}}]"
		}, false, func(h *hit.Hit) int { return len(h.Events) }},
		"depth": {8, func(n int) string {
			return "[" + event + `,"b":` + strings.Repeat("[", n-3) + "1" + strings.Repeat("]", n-3) + "}}]"
		}, false, func(*hit.Hit) int { return 8 }},
		"fields": {20, func(n int) string {
			return "[" + event + strings.Repeat(`,"a":1`, n-4) + "}}]"
		}, false, func(h *hit.Hit) int { return h.NodesOf(0) }},
		"nodes": {60, func(n int) string {
			one := event + strings.Repeat(`,"a":1`, 10) + "}}"
			return "[" + one + "," + one + "," + one + "," + event + strings.Repeat(`,"a":1`, n-3-3*14-4) + "}}]"
		}, false, func(h *hit.Hit) int { return len(h.Nodes) }},
	} {
		for _, more := range []int{0, 1} {
			r := request(t, "POST /e/ HTTP/1.1\nContent-Type: application/json\n\n", "posthog", yes)
			if r.Body = []byte(c.of(c.limit + more)); c.coded {
				r = coded(newPacking(), r, "gzip", []string{"gzip"})
			}
			var j rules.Judgement
			reason := readInto(&j, p, &in, r)
			if reason == rules.Unjudged && len(j.Hit.Events) > 0 && j.Hit.Events[0].TooLarge {
				reason = rules.OverLimit
			}
			switch {
			case more == 0 && (reason != rules.Unjudged || c.holds(&j.Hit) != c.limit):
				t.Errorf("%s: just within: %v, it holds %d", name, reason, c.holds(&j.Hit))
			case more == 1 && reason != rules.OverLimit:
				t.Errorf("%s: one over: %v, it holds %d", name, reason, c.holds(&j.Hit))
			}
		}
	}
}
