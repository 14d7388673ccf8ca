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
	printNext(t, &made)
	if made.ApproverKey != "" {
		printf(t.out, "Keep %s out of the server's reach: it is the privacy lead's, and makes assessments valid.\n", made.ApproverKey)
	}
	printf(t.out, `Move %s away, and keep it safe: the server has made its keys of it (%s) and does not need it any more. It can make every
pseudonym again, and the keys, should they be lost.
`, made.RootKey, dir)
	return fine
}

// printNext says what to do with what was made. Nothing that it writes is signed: somebody has to have read it.
func printNext(t *terminal, made *config.Made) {
	printf(t.out, "\nNext, once %s says who you are, which hosts are yours and where your vendors are:\n", made.Server)
	printf(t.out, "  tagwarden check --config %s     # says what is wrong, or about to be\n", made.Server)
	printf(t.out, "  tagwarden test --config %s      # runs the policy's own tests, as if its assessments were approved\n", made.Server)
	for _, id := range made.Assessments {
		printf(t.out, "  tagwarden lia approve %s --key %s --config %s\n", id, made.ApproverKey, made.Server)
	}
	printf(t.out, "  tagwarden serve --config %s\n", made.Server)
	if len(made.Assessments) > 0 {
		printf(t.out, `Nobody has approved %[1]s: what rests on it is denied until the privacy lead has read it
(policy/assessments), made it true for your site, and signed it with that lia approve.
`, strings.Join(made.Assessments, ", "))
	}
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
