package main

import (
	"context"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/api"
)

// ofAPI is what the description of the admin listener is called among the schemas.
const ofAPI = "openapi"

func schema(_ context.Context, t *terminal, args []string) int {
	kinds := append(slices.Clone(config.SchemaKinds()), ofAPI)
	f := t.flags("schema", "["+strings.Join(kinds, "|")+"]")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) == 0 {
		printf(t.out, "%s\n", severalLines(strings.Join(kinds, "\n")))
		return fine
	}
	if len(rest) > 1 || !slices.Contains(kinds, rest[0]) {
		t.fail("there is no schema %q", strings.Join(rest, " "))
		t.hint("one of %s is right", strings.Join(kinds, ", "))
		return usage
	}
	if rest[0] == ofAPI {
		printf(t.out, "%s\n", severalLines(strings.TrimSpace(string(api.Description()))))
		return fine
	}
	text, err := config.Schema(rest[0])
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	printf(t.out, "%s\n", severalLines(strings.TrimSpace(string(text))))
	return fine
}
