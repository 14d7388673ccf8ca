package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/keys"
)

func initialise(_ context.Context, t *terminal, args []string) int {
	f := t.flags("init", "[--example NAME] [--for DEPLOYMENT] DIR")
	example := f.String("example", "", "a policy that teaches one thing: "+strings.Join(config.Examples(), ", "))
	deployment := f.String("for", "", "how the server is to run: "+strings.Join(config.Deployments(), ", ")+
		"; by hand on this machine, where it is not given")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) != 1 || rest[0] == "" {
		t.fail("init: which folder is the configuration to be written to? One is right: tagwarden init shop")
		return usage
	}
	t.endsTidily(leftAlone...) // all of it is there, or nothing
	made, err := config.InitFor(*deployment, *example, rest[0], nil, t.now())
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	return printMade(t, &made)
}

// printMade makes the key state of what was written, and says what there is now and what comes next.
func printMade(t *terminal, made *config.Made) int {
	dir, err := makeKeys(t, made)
	if err != nil {
		t.fail("%v", made.Undo(err))
		return usage
	}
	for _, file := range made.Files {
		printf(t.out, "wrote %s\n", file)
	}
	if dir != "" {
		printf(t.out, "wrote %s\n", dir)
	}
	printNext(t, made)
	if made.ApproverKey != "" {
		printf(t.out, "Keep %s out of the server's reach: it is the privacy lead's, and makes assessments valid.\n",
			made.ApproverKey)
	}
	if dir == "" {
		printf(t.out, `Keep a copy of %s in a safe place: the server makes its keys of it when it first starts. It can make every pseudonym again, and
the keys, should they be lost.
`, made.RootKey)
		return fine
	}
	printf(t.out, `Move %s away, and keep it safe: the server has made its keys of it (%s) and does not need it any more. It can make every
pseudonym again, and the keys, should they be lost.
`, made.RootKey, dir)
	return fine
}

// unitReads is the server file of the systemd unit (docker/tagwarden.service).
const unitReads = "/etc/tagwarden/tagwarden.yaml"

// printNext says what to do with what was made. Nothing that it writes is signed: somebody has to have read it.
func printNext(t *terminal, made *config.Made) {
	server, folder := quotedPath(made.Server), quotedPath(filepath.Dir(made.Server))
	printf(t.out, "\nNext, once %s says who you are, which hosts are yours and where your vendors are:\n", made.Server)
	printf(t.out, "  tagwarden check --config %s     # says what is wrong, or about to be\n", server)
	printf(t.out, "  tagwarden test --config %s      # runs the policy's own tests, as if its assessments were approved\n",
		server)
	for _, id := range made.Assessments {
		printf(t.out, "  tagwarden lia approve %s --key %s --config %s\n", id, quotedPath(made.ApproverKey), server)
	}
	switch made.For {
	case "docker":
		away := []string{quotedPath(made.RootKey)}
		if made.ApproverKey != "" {
			away = append(away, quotedPath(made.ApproverKey))
		}
		at := folder
		if !filepath.IsAbs(made.Server) {
			at = "\"$PWD\"/" + folder
		}
		printf(t.out, "  mv %s SOMEWHERE-ELSE     # first: the container sees all of the folder\n", strings.Join(away, " "))
		printf(t.out, "  docker run -d --read-only --user $(id -u):$(id -g) -v %[1]s:/etc/tagwarden:ro -v %[1]s/data:/data "+
			"\\\n    -p 8080:8080 -p 127.0.0.1:8081:8081 tagwarden     # or docker/compose.yaml, with a web server before it\n",
			at)
	case "systemd":
		if made.Server != unitReads {
			printf(t.out, "  mkdir -p %[1]s && mv %[2]s %[1]s/     # the unit reads %[3]s\n",
				filepath.Dir(unitReads), strings.Join(inFolder(made), " "), unitReads)
		}
		printf(t.out, "  chown -R root:tagwarden %s     # the unit's user reads it; the keys can be read by root alone\n",
			filepath.Dir(unitReads))
		printf(t.out, "  systemctl enable --now tagwarden\n")
	default:
		printf(t.out, "  tagwarden serve --config %s\n", server)
	}
	if len(made.Assessments) > 0 {
		printf(t.out, `Nobody has approved %[1]s: what rests on it is denied until the privacy lead has read it
(policy/assessments), made it true for your site, and signed it with that lia approve.
`, strings.Join(made.Assessments, ", "))
	}
}

// inFolder is what lies at the top of the folder that was made, as a shell takes it: the place
// where it is moved may be there already.
func inFolder(made *config.Made) (all []string) {
	dir := filepath.Dir(made.Server)
	for _, file := range made.Files {
		if name, err := filepath.Rel(dir, file); err == nil {
			top, _, _ := strings.Cut(filepath.ToSlash(name), "/")
			all = append(all, quoted(filepath.Join(dir, top)))
		}
	}
	return slices.Compact(all)
}

// makeKeys makes the key state of the new root secret and returns its folder; "" where the
// server's data is not beside its file.
func makeKeys(t *terminal, made *config.Made) (string, error) {
	if made.Data == "" {
		return "", nil
	}
	root, err := fileRoot(made.RootKey)
	if err != nil {
		return "", err
	}
	dir := proxy.KeysDir(made.Data)
	_, err = keys.Open(keys.Options{Dir: dir, Root: root, Now: t.now})
	return dir, err
}
