package main

import (
	"context"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
)

// mostShown is how many records a search shows where nobody says how many.
const mostShown = 1000

func logsSearch(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("logs search", "[--id NAME=VALUE]... [--vendor ID]... [--since TIME] [--until TIME] [--number N[-M]] "+
		"[--where MEMBER=VALUE]... [--limit N|all] [--wide] [--config FILE | --dir DIR | "+
		"--server URL --token-file FILE] [--format text|json|csv]")
	q, remote := t.question(f), addRemoteFlags(f)
	q.searched(f, "how many records at most (1000); 0 or all shows all, with --format json or csv")
	q.of.Limit = mostShown
	wide := f.Bool("wide", false, "name the fields and rungs of events")
	form := choice(f, "format", "text, json or csv", []string{"text", "json", "csv"})
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	if q.of.Limit == 0 && *form == "text" {
		t.fail("--limit: all records are shown with --format json or csv")
		return usage
	}
	if err := q.of.Check(); err != nil {
		t.fail("%v", err)
		return usage
	}
	if remote.given() {
		return q.searchRemote(ctx, remote, *form, *wide)
	}
	l, _, code := q.open(ctx, api.VerbSearch)
	if l == nil {
		return code
	}
	out := newRecordPrinter(t, *form)
	tally, err := l.Ask(ctx, &q.of, func(found *query.Found) bool {
		out.showFound(found, *wide)
		return true
	})
	out.flush()
	if err == nil && tally.Found == 0 {
		q.sayGone()
	}
	return q.reading.end(ctx, tally.Found, q.answered(tally, err))
}

// sayGone says of a record that was asked for by its number that its line is gone,
// and by which record, where one says so.
func (q *question) sayGone() {
	of := q.of.Numbers
	if of.End != of.First+1 {
		return
	}
	by, record, is, err := audit.GoneBy(q.dir, of.First)
	switch {
	case err != nil:
		q.t.fail("%v", err)
	case is && string(ledger.KindOf(record)) == ledger.KindSetAside:
		q.t.fail("record %d was damaged and set aside: record %d says so", of.First, by)
	case is:
		q.t.fail("record %d was erased: record %d says so; its hash is there, `logs prove %d` proves both",
			of.First, by, of.First)
	}
}

// defused is a cell that no spreadsheet takes for a formula, and no terminal for a command.
func defused(cell string) string {
	cell = visible(cell)
	if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
