package main

import (
	"context"
	"net/netip"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/namedfile"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// tested is the result of one policy test.
type tested struct {
	Name     string   `json:"name"`
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Passed   bool     `json:"passed"`
	Failures []string `json:"failures,omitempty"`
	unread   bool     // its hit could not be read
}

func test(_ context.Context, t *terminal, args []string) int {
	f := t.flags("test", "--config FILE [--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	loaded, code := t.load(*file)
	if loaded == nil {
		return code
	}
	if len(loaded.Tests) == 0 {
		if *form == "json" {
			printJSON(t.out, []tested{}, "  ")
		}
		nothing(t, "the policy has no tests")
		t.hint("they lie in the folder tests of the policy: `tagwarden docs policy` shows how one is written")
		return usage
	}
	approved := loaded.AsApproved()
	sayUnsigned(t, loaded, approved)
	results, failed, unread := []tested{}, 0, false
	promises := map[*config.Loaded]*config.OnHits{approved: config.NewOnHits(approved), loaded: config.NewOnHits(loaded)}
	for i := range loaded.Tests {
		judging := approved
		if loaded.Tests[i].Assessments == config.AsTheyAre {
			judging = loaded
		}
		r := runTest(t, judging, promises[judging], &loaded.Tests[i])
		results, unread = append(results, r), unread || r.unread
		if !r.Passed {
			failed++
		}
		if *form == "text" {
			printTested(t, &r)
		}
	}
	if *form == "json" {
		printJSON(t.out, results, "  ")
	} else {
		printf(t.out, "%d passed, %d failed\n", len(results)-failed, failed)
	}
	if unread {
		return usage
	}
	if failed > 0 {
		return findings
	}
	return fine
}

func printTested(t *terminal, r *tested) {
	if r.Passed {
		printf(t.out, "ok    %s\n", r.Name)
		return
	}
	printf(t.out, "FAIL  %s\n", r.Name)
	for _, failure := range r.Failures {
		printf(t.out, "      %s:%d: %s\n", r.File, r.Line, failure)
	}
}

// sayUnsigned says which assessments do not carry today, and whether the tests are judged as if they did.
func sayUnsigned(t *terminal, loaded, approved *config.Loaded) {
	register := loaded.Policy.Assessments()
	for _, id := range register.IDs() {
		v := register.Validity(id, t.now())
		if v == basis.Valid {
			continue
		}
		judged := ""
		if approved.Policy.Assessments().Validity(id, t.now()) == basis.Valid {
			judged = "; the tests are judged as if it were approved today"
		}
		printf(t.err, "note: assessment %s is %s: its activities deny%s; %s\n", id, v, judged, v.Says())
	}
}

func runTest(t *terminal, loaded *config.Loaded, promises *config.OnHits, test *config.Test) tested {
	r := tested{Name: test.Name, File: test.Place.File, Line: test.Place.Line}
	c, err := testCase(t, loaded, test)
	r.unread = err != nil
	if err == nil {
		var x *rules.Explanation
		if r.Failures, x, err = loaded.Policy.Test(c); err == nil {
			for _, broken := range promises.BrokenBy(x) {
				r.Failures = append(r.Failures, broken.String())
			}
		}
	}
	if err != nil {
		r.Failures = append(r.Failures, plainly(err))
	}
	r.Passed = len(r.Failures) == 0
	return r
}

func testCase(t *terminal, loaded *config.Loaded, test *config.Test) (*rules.Case, error) {
	text, err := namedfile.Read(test.File, mostNamed)
	if err != nil {
		return nil, err
	}
	from, err := netip.ParseAddr(test.From)
	if test.From == "" {
		from, err = netip.MustParseAddr("192.0.2.1"), nil
	}
	if err != nil {
		return nil, err
	}
	request, refused, err := wire.ParseRequest(text, from, loaded.Policy.Trusted())
	if err != nil {
		return nil, err
	}
	request.Vouched = test.Source == "server"
	at := test.At.Time
	if at.IsZero() {
		at = t.now()
	}
	c := &rules.Case{
		Question: rules.Question{
			Request: request, Refused: refused, Objections: test.Objections, Receipts: test.Receipts,
			Decisions: test.Decisions, At: at, Region: test.Region,
			Keys: rules.NewKeys(pseudonym.TestRoot, loaded.Policy, at),
		},
		Permit: test.Expect.Permit, Deny: test.Expect.Deny, Absent: test.Expect.Absent, Sent: test.Expect.Sent,
	}
	s := &test.Signals
	if s.Own != nil || s.ConsentMode != nil || s.GPC || s.DNT {
		c.Choices = &rules.Choices{Own: s.Own, ConsentMode: s.ConsentMode, GPC: s.GPC, DNT: s.DNT}
	}
	return c, nil
}
