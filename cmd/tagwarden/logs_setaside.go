package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// changing reads what a verb is given that changes a ledger's folder: which one, and why. Where the folder
// is empty the verb ends with the code.
func (t *terminal) changing(verb, why string, args []string) (dir, because string, code int) {
	f := t.flags(verb, "--because TEXT [--config FILE | --dir DIR]")
	of := t.ledgerFlags(f)
	given := f.String("because", "", why)
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return "", "", orUsage(t, code, rest)
	}
	if strings.TrimSpace(*given) == "" {
		t.fail("--because is missing: why? The log says it")
		return "", "", usage
	}
	dir, code = of.written(t)
	return dir, *given, code
}

// locked does something to a ledger's folder while no server writes to it.
func (t *terminal) locked(dir string, do func() error) (err error) {
	lock, err := proxy.LockData(filepath.Dir(filepath.Clean(dir)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	t.sayShut(lock.Shut)
	return do()
}

// refusedLog says why a ledger was left alone.
func refusedLog(t *terminal, err error) int {
	code := t.failed(err)
	if errors.Is(err, proxy.ErrLocked) {
		t.hint("stop the server first")
	}
	return code
}

// logsSetAside has the next start pass over lines that cannot be read.
func logsSetAside(_ context.Context, t *terminal, args []string) int {
	dir, because, code := t.changing("logs set-aside", "what happened to the lines: it is recorded", args)
	if dir == "" {
		return code
	}
	n := 0
	err := t.locked(dir, func() error {
		all, err := audit.FindDamage(dir, because)
		if err != nil {
			return err
		}
		for i := range all {
			if err := all[i].Aside.SetAside(dir, all[i].Segment.First, nil); err != nil {
				return err
			}
			for _, fault := range all[i].Faults {
				printf(t.out, "set aside: %v\n", fault)
				n += int(fault.End - fault.First)
			}
		}
		return nil
	})
	if err != nil {
		return refusedLog(t, err)
	}
	if n == 0 {
		printf(t.out, "nothing is set aside: every line can be read\n")
		return fine
	}
	printf(t.out, "set aside: %s; their hashes stay in the tree, and the next start of the server records it\n",
		plural.Of(n, "record"))
	return fine
}
