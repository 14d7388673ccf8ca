package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// restored is what restore says to programs.
type restored struct {
	proxy.Restored
	Data    string `json:"data"`
	Records uint64 `json:"records"` // of the ledger, up to the copy
}

// restore makes an empty data folder of a copy: nothing is there before all of it was looked at.
func restore(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("restore", "DIR --config FILE [--keys FILE] [--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file, whose data folder is made")
	keyState := f.String("keys", "", "the file of the key state, where the copy was made --without-keys")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) != 1 {
		t.fail("of which copy? name one folder that `tagwarden backup` wrote")
		return usage
	}
	loaded, code := t.load(*file)
	if loaded == nil {
		return code
	}
	got := restored{Data: loaded.Server.Data}
	var bad []audit.Finding
	var err error
	got.Restored, err = proxy.Restore(loaded, rest[0], *keyState, func(dir string) error {
		report, err := t.verify(ctx, audit.Options{Dir: dir})
		if err != nil {
			return fmt.Errorf("the copy's ledger cannot be verified: %w", err)
		}
		if got.Records, bad = report.Records, report.Findings; len(bad) > 0 {
			printReport(t, report)
			return errors.New("the copy's ledger does not verify: nothing was restored")
		}
		return nil
	})
	if err != nil {
		t.fail("%v", err)
		if errors.Is(err, proxy.ErrLocked) {
			t.hint("stop the server first, and restore into a data folder that is empty")
		}
		if len(bad) > 0 || errors.Is(err, proxy.ErrAltered) {
			return findings
		}
		return usage
	}
	if *form == "json" {
		printJSON(t.out, got, "  ")
		return fine
	}
	printf(t.out, "%s is the copy of %s: %s, %s\n", got.Data, got.Made.Format(time.RFC3339), plural.Of(got.Files, "file"),
		sizeOf(got.Bytes))
	printf(t.out, "  keys: %s\n", got.Identity)
	printf(t.out, "  objections: %s; something is in force for %s\n", plural.Of(got.Changes, "change"),
		plural.Of(got.Subjects, "identifier"))
	if got.Lacking > 0 {
		printf(t.out, "    the ledger remembers %d more: the server takes them from the nodes' log when it starts\n",
			got.Lacking)
	}
	printf(t.out, "  ledger: %s, and all of it verifies\n", plural.Of(got.Records, "record"))
	printf(t.out, "  queue: %s, %d parked; each can be read\n", plural.Of(got.Waiting, "waiting event"), got.Parked)
	if got.Waiting > 0 {
		t.hint("the server that was copied may have sent what waits. At the start, events that their vendor knows again " +
			"are sent, which may be for the second time and counts once; all others are parked as restored, and not sent: " +
			"`tagwarden queue retry --reason restored` has them sent where you know that they were not")
	}
	t.hint("what came after the copy is not in it: record objections of that time again before you start the server")
	return fine
}
