package main

import (
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// california are the headers of a hit from where an opt-out by the browser's signal is kept.
var california = []string{"CF-IPCountry: US", "CF-Region-Code: CA"}

// optedOut has the browsers of two visitors, one of them signed in, send Global Privacy Control.
func (w *writing) optedOut(s *served) {
	w.t.Helper()
	tracked := func(ids string) string {
		return `{"type":"track","event":"x","messageId":"m","writeKey":"k",` + ids + "}"
	}
	of := func(n int) string { return fmt.Sprintf("0191e7c5-0000-4000-8000-0000000000%02d", n) }
	hit := folderHit{Method: "POST", Target: "/segment/v1/track", Headers: append(slices.Clone(california), "Sec-GPC: 1")}
	for n, ids := range []string{`"anonymousId":"` + of(50) + `"`, `"anonymousId":"` + of(51) +
		`","userId":"customer-gpc"`} {
		hit.Why, hit.Body = "with the signal", tracked(ids)
		if got := s.hit(&hit); got != "" {
			w.t.Errorf("%d: the vendor got %q", n, got)
		}
		w.at.Add(2) // a network has a group a second
	}
	kept := func(id string) bool {
		var got api.Standings
		w.asJSON(&got, "objections", "check", id)
		return len(got.Subjects) == 1 && slices.Contains(got.Subjects[0].InForce, objection.KeptOptOut)
	}
	for _, id := range []string{"client_id:segment=" + of(50), "client_id:segment=" + of(51), "user_id=customer-gpc"} {
		w.until(id+": no opt-out is kept", func() bool { return kept(id) })
		w.stands(id, objection.KeptOptOut)
	}
	for _, one := range []struct {
		why, ids string
		leaves   bool
	}{
		{"opted out before, without the signal now", `"anonymousId":"` + of(50) + `"`, false},
		{"a customer who opted out, elsewhere", `"anonymousId":"` + of(52) + `","userId":"customer-gpc"`, false},
		{"who did not opt out", `"anonymousId":"` + of(52) + `"`, true},
	} {
		w.Hits = append(w.Hits, folderHit{
			Why: one.why, Method: "POST", Target: "/segment/v1/track", Headers: california, Body: tracked(one.ids),
			Leaves: one.leaves,
		})
	}
}
