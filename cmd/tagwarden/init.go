package main

import (
	"context"

	"github.com/tagwarden/tagwarden/config"
)

func initialise(_ context.Context, t *terminal, args []string) int {
	f := t.flags("init", "DIR")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) != 1 {
		t.fail("which folder is the configuration to be written to?")
		return usage
	}
	made, err := config.Init(rest[0], nil, t.now())
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	for _, file := range made.Files {
		printf(t.out, "wrote %s\n", file)
	}
	printf(t.out, `
Next:
  tagwarden check --config %[1]s     # says what is wrong, or about to be
  tagwarden test --config %[1]s      # runs the policy's own tests
  tagwarden serve --config %[1]s
Keep %[2]s out of the server's reach: it is the privacy lead's, and makes assessments valid.
`, made.Server, made.ApproverKey)
	return fine
}
