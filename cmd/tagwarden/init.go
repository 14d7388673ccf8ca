package main

import (
	"context"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/keys"
)

func initialise(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("init", "[--example NAME] DIR")
	example := f.String("example", "", "a policy that teaches one thing: "+strings.Join(config.Examples(), ", "))
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) != 1 {
		t.fail("which folder is the configuration to be written to?")
		return usage
	}
	made, err := config.InitExample(*example, rest[0], nil, t.now())
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	for _, file := range made.Files {
		printf(t.out, "wrote %s\n", file)
	}
	dir, err := makeKeys(ctx, t, made.Server)
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	printf(t.out, "wrote %s\n", dir)
	printf(t.out, `
Next:
  tagwarden check --config %[1]s     # says what is wrong, or about to be
  tagwarden test --config %[1]s      # runs the policy's own tests
  tagwarden serve --config %[1]s
`, made.Server)
	if made.ApproverKey != "" {
		printf(t.out, "Keep %s out of the server's reach: it is the privacy lead's, and makes assessments valid.\n", made.ApproverKey)
	}
	printf(t.out, `Move %s away, and keep it safe: the server has made its keys of it (%s) and does not need it any more. It can make every
pseudonym again, and the keys, should they be lost.
`, made.RootKey, dir)
	return fine
}

// makeKeys makes the key state of the new root secret and returns its folder.
func makeKeys(ctx context.Context, t *terminal, file string) (string, error) {
	loaded, err := config.Load(file)
	if err != nil {
		return "", err
	}
	root, err := readRoot(ctx, &loaded.Server)
	if err != nil {
		return "", err
	}
	dir := proxy.KeysDir(loaded.Server.Data)
	_, err = keys.Open(keys.Options{Dir: dir, Root: root, Now: t.now})
	return dir, err
}
