package main

import (
	"context"
	"time"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// followEvery is how often the log is looked at for what was written.
const followEvery = 100 * time.Millisecond

func logsTail(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("logs tail", "[-f] [--lines N] [--config FILE | --dir DIR] [--format text|json]")
	of := t.ledgerFlags(f)
	lines := f.Int("lines", 20, "how many records")
	follow := f.Bool("follow", false, "go on with what is written from now on, until Ctrl-C")
	f.BoolVar(follow, "f", false, "the same as --follow")
	form := format(f, "json")
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	if *lines < 0 {
		t.fail("--lines: %d is not right: 0 or more is", *lines)
		return usage
	}
	where := of.written
	if *follow { // a folder without records gets some
		where = of.folder
	}
	dir, code := where(t)
	if dir == "" {
		return code
	}
	r, err := ledger.Last(dir, *lines)
	if err != nil {
		return t.failed(err)
	}
	defer func() { _ = r.Close() }()
	reading, code := beginReading(ctx, t, dir, readingAsk{Verb: api.VerbTail}) // behind those that are shown
	if reading == nil {
		return code
	}
	out := newRecordPrinter(t, *form)
	if *follow {
		t.endsTidily(leftAlone...)
		return out.follow(ctx, r)
	}
	left := *lines
	code = out.all(r, func() bool { left--; return left >= 0 })
	return reading.end(ctx, out.shown, code)
}

// follow shows records as they are written, until the user ends it.
func (p *recordPrinter) follow(ctx context.Context, r *ledger.Reader) int {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	code := fine
	for {
		code = max(code, p.all(r, func() bool { return true }))
		if r.Err() != nil {
			return code
		}
		select {
		case <-ctx.Done():
			return code
		case <-tick.C:
		}
	}
}
