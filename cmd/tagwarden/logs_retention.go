package main

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// logsRetention says what the log keeps, and what should have gone. Exit codes: 1 where something is overdue.
func logsRetention(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("logs retention", "[--config FILE | --server URL --token-file FILE] [--format text|json]")
	remote := addRemoteFlags(f)
	file := f.String("config", "tagwarden.yaml", "the server file")
	form := format(f, "json")
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	if remote.given() {
		c, err := remote.client()
		if err != nil {
			t.fail("%v", err)
			return usage
		}
		return showRetention(ctx, t, c, *form)
	}
	if missing(*file) {
		defer whichLog(t, f)
	}
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int { return showRetention(ctx, t, c, *form) })
}

// showRetention asks, and shows the answer.
func showRetention(ctx context.Context, t *terminal, c *client, form string) int {
	var got api.Retention
	if err := c.call(ctx, http.MethodGet, "/ledger/retention", nil, &got); err != nil {
		return t.failed(err)
	}
	if form == "json" {
		printJSON(t.out, got, "  ")
	} else {
		printRetention(t, &got)
	}
	if len(got.Overdue) > 0 {
		return findings
	}
	return fine
}

// printRetention shows it.
func printRetention(t *terminal, got *api.Retention) {
	at := func(when time.Time) string { return when.UTC().Format(time.RFC3339) }
	printf(t.out, "kept: %s", cmp.Or(got.Kept, "for good: nothing says for how long (ledger.retain)"))
	switch {
	case got.Counts != nil:
		printf(t.out, "; that counts from %s on", at(*got.Counts))
	case got.Kept != "":
		printf(t.out, "; that is not recorded yet, and nothing goes before it is: a running server does that within a "+
			"minute, else its next start")
	}
	printf(t.out, "\n%s in %s", plural.Of(got.Records-got.Deleted, "record"), plural.Of(got.Segments, "segment"))
	if got.Oldest != nil {
		printf(t.out, ", the oldest of %s", at(*got.Oldest))
	}
	if got.Deleted > 0 {
		printf(t.out, "; records before %d were deleted with their segments", got.Deleted)
	}
	printf(t.out, "\n")
	if r := got.Retain; r != nil {
		printf(t.out, "the next pass deletes %s from before %s: %s\n", plural.Of(r.Segments, "segment"), at(r.Before),
			plural.Of(r.Records, "record"))
	}
	for i := range got.Windows {
		w := &got.Windows[i]
		printf(t.out, "%s, kept for %s: the next pass erases %s from before %s in %s\n", w.Window, w.Retain,
			plural.Of(w.Records, "record"), at(w.Before), plural.Of(w.Segments, "segment"))
	}
	switch {
	case got.Next != nil:
		printf(t.out, "next pass of the windows: %s\n", at(*got.Next))
	case len(got.Windows) > 0:
		printf(t.out, "next pass of the windows: when the server runs, and what the configuration says counts\n")
	}
	for _, late := range got.Overdue {
		printf(t.out, "overdue: %s: %s\n", late.What, late.Why)
	}
	if len(got.Overdue) == 0 {
		printf(t.out, "nothing is overdue\n")
	}
}
