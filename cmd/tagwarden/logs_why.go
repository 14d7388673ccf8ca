package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
	"github.com/tagwarden/tagwarden/proxy/ledger/words"
)

// explained is an explanation that is shown.
type explained struct{ *recompute.Explanation }

// logsWhy explains one record: an event's ladder is judged again by what is recorded, under the policy of then.
func logsWhy(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("logs why",
		"NUMBER [--config FILE | --dir DIR | --server URL --token-file FILE] [--policies DIR] [--format text|json]")
	of, remote := t.ledgerFlags(f), addRemoteFlags(f)
	policies := f.String("policies", "",
		"the folder of policies by their digests; policies beside the ledger's folder, where none is given")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	number, ok := recordNumber(t, rest)
	if !ok {
		return usage
	}
	if remote.given() {
		return whyRemote(ctx, t, remote, number, *form)
	}
	dir, code := of.written(t)
	if dir == "" {
		return code
	}
	reading, code := beginReading(ctx, t, dir, readingAsk{Verb: api.VerbWhy, Number: &number})
	if reading == nil {
		return code
	}
	by := proxy.Explaining{Dir: dir, Policies: policiesBeside(*policies, dir)}
	if *of.dir == "" {
		by.Loaded, _ = t.knowing(*of.config)
	}
	found, err := proxy.Explain(ctx, by, number)
	if err != nil {
		return reading.end(ctx, 0, t.failed(err))
	}
	return reading.end(ctx, 1, explained{found}.show(t, *form))
}

// whyRemote shows how a server explains one record.
func whyRemote(ctx context.Context, t *terminal, of remoteFlags, number uint64, form string) int {
	c, err := of.client()
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	x := explained{&recompute.Explanation{}}
	if err := c.call(ctx, http.MethodGet, fmt.Sprintf("/ledger/records/%d/why", number), nil, x.Explanation); err != nil {
		return t.failed(err)
	}
	return x.show(t, form)
}

// show shows it, and tells how the verb ends.
func (x explained) show(t *terminal, form string) int {
	if form == "json" {
		printJSON(t.out, x.Explanation, "  ")
	} else {
		x.print(t)
	}
	if x.Rejudged == "otherwise" {
		return findings
	}
	return fine
}

// print shows an explanation.
func (x *explained) print(t *terminal) {
	printf(t.out, "#%d  ", x.Number)
	printf(t.out, "%s\n", words.Line(x.Record, words.Names{}))
	if x.Decision == "" {
		return
	}
	printf(t.out, "\n%s: %s\n", x.Decision, x.Reason)
	line := func(name, text string) {
		if text != "" {
			printf(t.out, "  %-12s %s\n", name, cut(text, 400))
		}
	}
	line("activity", x.Activity)
	line("basis", x.Basis)
	line("where", strings.TrimSpace(x.Site+" → "+x.Vendor+" "+x.Endpoint))
	line("region", cmp.Or(x.Region, "unknown"))
	line("policy", x.Policy)
	if x.Line != "" {
		line("decided by", x.Line)
		line("profile", x.Profile)
	} else {
		line("decided by", x.Archive)
	}
	for _, s := range x.Signals {
		line("signal", s)
	}
	if len(x.Signals) == 0 && len(x.Ladder) > 0 {
		line("signal", "none said anything")
	}
	if len(x.Left) > 0 {
		line("left", strings.Join(x.Left, ", "))
	}
	x.printLadder(t)
	for _, e := range x.Outcomes {
		printf(t.out, "  became: record %d, %s: %s\n", e.Number, e.Time.UTC().Format(time.RFC3339),
			short(strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Outcome, e.Why, numberOrNone(e.Status)))))
	}
	for _, o := range x.Others {
		printf(t.out, "  of the same hit: record %d, event %d %s: %s %s\n", o.Number, o.Event, short(o.Name),
			short(o.Decision), short(o.Reason))
	}
	for _, a := range x.Assumed {
		printf(t.out, "  assumed: %s\n", a)
	}
}

func numberOrNone(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// printLadder shows the ladder rung by rung, as it was and as it comes to again.
func (x *explained) printLadder(t *terminal) {
	printf(t.out, "ladder:\n")
	for _, j := range x.Ladder {
		again := "not judged again"
		switch j.Again {
		case "":
		case j.Decision + " " + j.Reason:
			again = "the same again"
		default:
			again = "again: " + j.Again
		}
		when := ""
		if j.When != "" {
			when = ", condition " + j.When
		}
		printf(t.out, "  %-24s %-6s %-20s %s%s\n", short(j.Activity), short(j.Decision), short(j.Reason), again, when)
	}
	switch x.Rejudged {
	case "same":
		printf(t.out, "judged again by what is recorded, it comes to the same\n")
	case "otherwise":
		printf(t.out, "judged again by what is recorded, it comes to something else: %s\n", cut(x.Differs, 400))
	default:
		printf(t.out, "not judged again: %s\n", x.Why)
	}
}
