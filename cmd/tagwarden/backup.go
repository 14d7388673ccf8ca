package main

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// backup copies the data folder, while it serves or stopped.
func backup(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("backup", "DIR --config FILE [--without-keys] [--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	without := f.Bool("without-keys", false,
		"leave the key state out, which is kept elsewhere then: without it nothing of the "+
			"copy can be used")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) != 1 {
		t.fail("where to? name one folder that is empty, or not there yet")
		return usage
	}
	if rest[0] == "" {
		t.fail("where to? the folder's name is empty: name one that is empty, or not there yet")
		return usage
	}
	to, err := filepath.Abs(rest[0])
	if err != nil {
		return t.failed(err)
	}
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int {
		t.endsTidily(leftAlone...) // a copy that broke off goes away
		var got api.BackupMade
		asked := api.BackupAsk{Dir: to, WithoutKeys: *without}
		err := c.call(ctx, http.MethodPost, "/backup", asked, &got)
		if _, is := errors.AsType[interruptedCall](err); is {
			t.fail("interrupted: what was written of the copy is taken away; where %s is there all the same, it is whole", to)
			return usage
		}
		if err != nil {
			return t.failed(err)
		}
		if *form == "json" {
			printJSON(t.out, got, "  ")
			return fine
		}
		printf(t.out, "wrote %s\n", got.Dir)
		for _, p := range got.Parts {
			printf(t.out, "  %s: %s, %s\n", p.Part, plural.Of(p.Files, "file"), sizeOf(p.Bytes))
		}
		if *without {
			t.hint("keep %s elsewhere: without it nothing of the copy can be used", "data/keys/state")
		} else {
			t.hint("the keys are in it: whoever has the copy can do with them what the server can")
		}
		t.hint("the server file, the policy folder and the secrets that it names are not in it")
		return fine
	})
}
