package rules_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// parted are parts of an event of Segment, each with what may stand there: the same value as a text and as a number, as
// another field, with and without something personal, and two that differ in one byte alone.
var parted = [][]string{
	{`"type":"track","event":"Item Viewed"`, `"type":"page"`, `"type":"track","event":"Chat Opened"`,
		`"type":"track","event":"Item Viewed by jane.doe@example.com"`},
	{`"userId":"cust-48213"`, `"userId":"cust-48214"`, `"anonymousId":"cust-48213"`, `"userId":"\u0063ust-48213"`},
	{`"sentAt":"2026-11-24T01:55:18.851Z"`, `"sentAt":"2026-11-24T02:55:18.851Z"`},
	{`"properties":{"revenue":129.70001,"title":"Red shoes, call +49 30 901820 11"}`,
		`"properties":{"revenue":"129.70001","title":"Red shoes"}`,
		`"properties":{"total":129.70001,"coupon":"Red shoes","title":"Red shoes"}`,
		`"properties":{"title":"https://shop.example/a?email=jane.doe@example.com"}`,
		`"properties":{"code":4111111111111111}`, `"properties":{"code":"4111111111111111"}`},
	{`"context":{"userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36","library":{"name":"@segment/analytics-node"}}`,
		`"context":{"userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36","library":{"version":"@segment/analytics-node"}}`,
		`"context":{"page":{"url":"https://shop.example/orders/123?email=jane.doe@example.com","referrer":"https://shop.example/orders/123?email=jane.doe@example.com"}}`,
		`"context":{"page":{"url":"https://shop.example/orders/123?email=john.doe@example.com","title":"Red shoes"}}`},
}

// perPurpose makes ids others for each purpose.
var perPurpose = minimise.Spec{Kind: minimise.Pseudonymise, Pseudonymise: minimise.PseudonymiseSpec{Scope: "purpose"}}

// alikeDraft has Segment's views of pages travel on another activity than its other events, whose profile keeps less,
// and chats on one for another purpose.
func alikeDraft() *rules.Draft {
	d := draft()
	d.Activities = slices.Insert(d.Activities, 0, rules.DraftActivity{
		ID: "views", Vendor: "segment", Purposes: []string{"audience"}, Basis: basis.Contract, Reference: "terms of use",
		Profile: "views", Events: []string{"page"},
	})
	d.Profiles[0].Classes = maps.Clone(twelve)
	d.Profiles[0].Classes["client_id"], d.Profiles[0].Classes["user_id"] = perPurpose, perPurpose
	d.Profiles = append(d.Profiles, rules.DraftProfile{ID: "views", Classes: maps.Clone(cookieless)})
	d.Profiles[len(d.Profiles)-1].Classes["client_id"] = perPurpose
	d.Purposes = append(d.Purposes, rules.Purpose{ID: "support", Categories: []string{"analytics"}})
	d.Activities = slices.Insert(d.Activities, 0, rules.DraftActivity{
		ID: "support", Vendor: "segment", Purposes: []string{"support"}, Basis: basis.Consent, Profile: "standard",
		Events: []string{"Chat Opened"},
	})
	return d
}

// TestAnEventOfABatchLeavesAsItWouldAlone: that a value stands in other events, too, changes nothing of what becomes of
// it, whatever those are.
func TestAnEventOfABatchLeavesAsItWouldAlone(t *testing.T) {
	t.Parallel()
	p := compile(t, alikeDraft())
	judge := func(events []string) *judging {
		g := &judging{policy: p, in: rules.Inputs{Now: now, Keys: keysOf(p), NewestForm: true}}
		r := request(t, "POST /v1/batch HTTP/1.1\nContent-Type: application/json\nAuthorization: Basic d2s6\n\n"+
			`{"batch":[`+strings.Join(events, ",")+`]}`, "segment", yes)
		if reason := g.judge(&r); reason != rules.Unjudged {
			t.Fatal(reason)
		}
		return g
	}
	alone, random, forwarded := map[string]string{}, rand.New(rand.NewPCG(1, 2)), 0
	for range 150 {
		var events []string
		for range 2 + random.IntN(7) {
			var parts []string
			for _, of := range parted {
				parts = append(parts, of[random.IntN(len(of))])
			}
			events = append(events, "{"+strings.Join(parts, ",")+"}")
		}
		g := judge(events)
		for i, event := range events {
			if _, known := alone[event]; !known {
				one := judge([]string{event})
				alone[event] = fmt.Sprintf("%v %s", one.j.Verdicts[0].Decision, one.j.EventBytes(0))
			}
			if g.j.Verdicts[i].Decision == rules.Permit {
				forwarded++
			}
			if got := fmt.Sprintf("%v %s", g.j.Verdicts[i].Decision, g.j.EventBytes(i)); got != alone[event] {
				t.Fatalf("in a batch:\n%s\nalone:\n%s\nthe event:\n%s", got, alone[event], event)
			}
		}
	}
	if forwarded < 500 {
		t.Errorf("%d events were permitted", forwarded)
	}
}

// TestWhatIsAlikeCostsAsMuch: a batch of events that say the same takes as many steps as one whose events differ.
func TestWhatIsAlikeCostsAsMuch(t *testing.T) {
	p := compile(t, alikeDraft())
	steps := func(second string) int {
		g := &judging{policy: p, in: rules.Inputs{Now: now, Keys: keysOf(p), NewestForm: true}}
		event := `{"type":"track","event":"Item Viewed","userId":"cust-48213","properties":{"title":"%s"}}`
		r := request(t, "POST /v1/batch HTTP/1.1\nContent-Type: application/json\nAuthorization: Basic d2s6\n\n{\"batch\":["+
			fmt.Sprintf(event, "Red shoes for Jane")+","+fmt.Sprintf(event, second)+`]}`, "segment", yes)
		if reason := g.judge(&r); reason != rules.Unjudged {
			t.Fatal(reason)
		}
		taken, _ := g.j.Work()
		return taken
	}
	if same, other := steps("Red shoes for Jane"), steps("Red shoes for Jade"); same != other {
		t.Errorf("%d steps, and %d where the events differ", same, other)
	}
}
