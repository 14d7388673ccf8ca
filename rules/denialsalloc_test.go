package rules_test

import (
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
)

// TestDenialsDoNotAllocate: asking for an event's times and ids, and remembering it, takes no memory.
func TestDenialsDoNotAllocate(t *testing.T) {
	p := chosenPolicy(t)
	for _, cookie := range []string{chosen(now.Add(-time.Hour)), `Cookie: site_consent={"analytics":"no"}`} {
		in := rules.Inputs{Now: now, Keys: keysOf(p), Denials: everyDenial{}}
		j := new(rules.Judgement)
		r := request(t, "POST /v1/b HTTP/1.1\n\n"+
			`{"batch":[{"type":"track","event":"e","anonymousId":"a","messageId":"message-1",`+
			`"timestamp":"2026-05-04T10:00:00.000Z"}],"sentAt":"2026-05-04T12:30:00.000Z","writeKey":"k"}`, "segment", cookie)
		objections, sums := make([]rules.Objections, 1), 0
		work := func() {
			j.Reset()
			r.Headers = append(j.Hit.Request.Headers[:0], r.Headers...)
			j.Hit.Request = r
			rules.Read(p, j, &in, nil)
			j.Objections = append(j.Objections, objections...)
			rules.Judge(j, &in)
			for e := range j.Verdicts {
				j.DeniedSums(e, in.Denials, func(uint64) bool { sums++; return true })
			}
		}
		work()
		if n := testing.AllocsPerRun(100, work); n != 0 || sums == 0 {
			t.Errorf("%q: %v allocations, %d sums", cookie, n, sums)
		}
	}
}
