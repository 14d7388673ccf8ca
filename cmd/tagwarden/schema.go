package main

import (
	"context"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
)

func schema(_ context.Context, t *terminal, args []string) int {
	f := t.flags("schema", "["+strings.Join(config.SchemaKinds(), "|")+"]")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) == 0 {
		printf(t.out, "%s\n", severalLines(strings.Join(config.SchemaKinds(), "\n")))
		return fine
	}
	if len(rest) > 1 || !slices.Contains(config.SchemaKinds(), rest[0]) {
		t.fail("there is no schema %q", strings.Join(rest, " "))
		t.hint("one of %s is right", strings.Join(config.SchemaKinds(), ", "))
		return usage
	}
	text, err := config.Schema(rest[0])
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	printf(t.out, "%s\n", severalLines(strings.TrimSpace(string(text))))
	return fine
}
