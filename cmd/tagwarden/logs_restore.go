package main

import (
	"context"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// logsRestore has the next start accept a ledger that does not go on from its newest checkpoint.
func logsRestore(_ context.Context, t *terminal, args []string) int {
	dir, because, code := t.changing("logs restore", "why an older copy is accepted: it is recorded", args)
	if dir == "" {
		return code
	}
	var next uint64
	err := t.locked(dir, func() error {
		from, err := ledger.Recover(dir)
		if err != nil {
			return err
		}
		next = from.Next()
		return ledger.Restore(dir, because, nil)
	})
	if err != nil {
		return refusedLog(t, err)
	}
	signed := audit.Signed(dir)
	printf(t.out, "the next start of the server accepts the log as it stands, with %s, and records why\n",
		plural.Of(next, "record"))
	if signed <= next {
		t.hint("by its numbers the log lacks nothing that was signed: a start that has nothing to accept forgets this")
	} else {
		printf(t.out, "lost: records %d to %d, which were signed\n", next, signed-1)
	}
	t.hint("a witness that saw the log as it was refuses it from now on: give the log another `ledger: { origin: ... }` " +
		"then")
	return fine
}
