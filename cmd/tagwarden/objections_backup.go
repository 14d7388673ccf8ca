package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/plural"
)

func objectionsFeedKey(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("objections feed-key", "--config FILE")
	file := f.String("config", "tagwarden.yaml", "the server file")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int {
		var got api.Key
		if err := c.call(ctx, http.MethodGet, "/objections/feed-key", nil, &got); err != nil {
			return t.failed(err)
		}
		printf(t.out, "%s\n", got.Key)
		t.hint("whoever has it can find out whether somebody they know objected: give it to nobody but the tools that pull " +
			"the feed")
		return fine
	})
}

func objectionsBackup(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("objections backup", "FILE --config FILE")
	file := f.String("config", "tagwarden.yaml", "the server file")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) != 1 {
		t.fail("where to? name one file that is not there yet")
		return usage
	}
	return t.with(ctx, *file, func(loaded *config.Loaded, c *client) int {
		if _, err := os.Lstat(rest[0]); err == nil {
			t.fail("%s is there already: nothing is written over", rest[0])
			return usage
		}
		t.endsTidily(leftAlone...) // a copy that broke off goes away
		copied, err := c.send(ctx, http.MethodGet, "/objections/backup", nil)
		if err != nil {
			return t.failed(err)
		}
		defer func() { _ = copied.Close() }()
		n, err := durable.Files{}.New(rest[0], copied, 0o600)
		if err != nil {
			return t.failed(fmt.Errorf("the copy broke off: %w", err))
		}
		printf(t.out, "wrote %s, %s\n", rest[0], plural.Of(n, "byte"))
		t.hint("it is of use with the key state alone that it was made under: keep a copy of %s with it",
			proxy.KeysDir(loaded.Server.Data))
		return fine
	})
}

func objectionsRestore(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("objections restore", "[FILE] --because TEXT --config FILE")
	file := f.String("config", "tagwarden.yaml", "the server file")
	because := f.String("because", "", "why an older copy is accepted: it is recorded")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if strings.TrimSpace(*because) == "" {
		t.fail("--because is missing: why is an older copy accepted? Objections that came after it are lost")
		return usage
	}
	if len(rest) > 1 {
		return orUsage(t, code, rest[1:])
	}
	loaded, code := t.load(*file)
	if loaded == nil {
		return code
	}
	back := func() error { return nil }
	if len(rest) == 1 {
		var err error
		if back, err = putCopy(t, loaded, rest[0]); err != nil {
			return refusedCopy(t, err)
		}
	}
	c, err := t.openAPI(ctx, loaded, *because)
	if err != nil {
		return refusedCopy(t, errors.Join(err, back()))
	}
	var got api.Stats
	err = c.call(ctx, http.MethodGet, "/objections/stats", nil, &got)
	if err = errors.Join(err, c.close()); err != nil {
		return t.failed(err)
	}
	printf(t.out, "restored: %s; something is in force for %s. The ledger says why\n",
		plural.Of(got.Changes, "change"), plural.Of(got.Subjects, "identifier"))
	return fine
}

func refusedCopy(t *terminal, err error) int {
	t.fail("%v", err)
	if errors.Is(err, proxy.ErrLocked) {
		t.hint("stop the server first")
	}
	return usage
}

// putCopy checks a copy of the store and puts it in the store's place, where what was
// there stays beside it. Back undoes that.
func putCopy(t *terminal, loaded *config.Loaded, copied string) (back func() error, err error) {
	lock, err := proxy.LockData(loaded.Server.Data)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	t.sayShut(lock.Shut)
	state, err := keys.Read(proxy.KeysDir(loaded.Server.Data))
	if err != nil {
		return nil, err
	}
	dir := proxy.ObjectionsDir(loaded.Server.Data)
	trial := filepath.Join(dir, "restoring")
	var files durable.Files
	if err := errors.Join(os.RemoveAll(trial), files.Folder(trial, 0o700)); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(trial)) }()
	from, err := os.Open(copied)
	if err != nil {
		return nil, err
	}
	fresh := filepath.Join(trial, objection.FileName)
	_, err = files.New(fresh, from, 0o600)
	if err = errors.Join(err, from.Close()); err != nil {
		return nil, err
	}
	store, err := objection.Open(objection.Options{Dir: trial, Identity: state.Identity()})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", copied, err)
	}
	if err := store.Close(); err != nil {
		return nil, err
	}
	place := filepath.Join(dir, objection.FileName)
	before := place + ".before"
	if err := files.Rename(place, before); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	back = func() error { return files.Rename(before, place) }
	if err := files.Rename(fresh, place); err != nil {
		return nil, errors.Join(err, back())
	}
	return back, nil
}
