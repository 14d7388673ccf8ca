package main

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/assess"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules/plural"
)

func promisesApprove(_ context.Context, t *terminal, args []string) int {
	f := t.flags("promises approve", "--key FILE --config FILE [--version N]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	key := f.String("key", "", "the approver's private key, as `init` writes it")
	version := f.Int("version", 0, "the approval's version; the one after the last that is known, where it is not given")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	if *key == "" {
		t.fail("--key is missing: with whose key are they to be signed?")
		return usage
	}
	if *version < 0 {
		t.fail("--version counts from 1")
		return usage
	}
	loaded, code := examineKnowing(t, *file)
	if loaded == nil {
		return code
	}
	private, ok := readKey(t, *key)
	if !ok {
		return usage
	}
	for _, fault := range loaded.Unguarded {
		printf(t.out, "until now: %v\n", fault)
	}
	path, signed, err := assess.ApprovePromises(loaded, private, t.now(), *version)
	if err != nil {
		t.fail("%v", err)
		return codeOf(err)
	}
	printf(t.out, "wrote %s\n", path)
	for _, id := range signed.IDs() {
		printf(t.out, "  %s %s\n", id, signed.Promises[id])
	}
	printf(t.out, "%s signed, version %d, by %s. From now on one that is changed, new or gone is refused until it is "+
		"signed anew.\n",
		plural.Of(len(signed.Promises), "promise"), signed.Version, signed.By)
	return fine
}

// examineKnowing reads a configuration as [examine] does, with what the ledger remembers, where it can be read.
func examineKnowing(t *terminal, file string) (*config.Loaded, int) {
	loaded, code := examine(t, file)
	if loaded == nil {
		return nil, code
	}
	if !whole(t, loaded.Server.Data) {
		return nil, usage
	}
	past, err := ledger.Recover(filepath.Join(loaded.Server.Data, "ledger"))
	if errors.Is(err, fs.ErrPermission) { // who approves need not be let near the data
		t.hint("the ledger in %s cannot be read from here: which version came into force last is not known",
			loaded.Server.Data)
		return loaded, fine
	}
	if err == nil {
		loaded, err = config.Examine(loaded.Source, past.Facts)
	}
	if err != nil {
		t.fail("%v", err)
		return nil, usage
	}
	return loaded, fine
}
