package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tagwarden/tagwarden/proxy/cluster/natstest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"compose": composeCommand,
		"tagwarden": func() {
			t := terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr, now: time.Now, tty: isTerminal(os.Stdin)}
			os.Exit(interruptible(&t, os.Args[1:]))
		},
	})
}

// TestScripts runs the command line sessions of testdata/script: they are documentation that cannot be wrong.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"waitfor": waitFor, "codes": codes, "ask": ask,
			"appended": appended, "seeded": seeded, "nats": natsCommand},
	})
}

func setUp(env *testscript.Env) error {
	env.Values[natsKey{}] = new(natstest.Servers)
	for name, folder := range map[string]string{"HITS": "../../rules/catalog/testdata",
		"CAPTURES": "../../rules/testdata/captures"} {
		path, err := filepath.Abs(folder)
		if err != nil {
			return err
		}
		env.Setenv(name, path)
	}
	return nil
}

// codes runs a command and wants it to end with the exit code given.
func codes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: codes code command [argument...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("the exit code is %d, want %s", code, args[0])
	}
}

// appended appends a file to another, as it is.
func appended(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: appended file more")
	}
	text := strings.TrimSuffix(ts.ReadFile(args[0])+ts.ReadFile(args[1]), "\n") // archives end each file with one
	if strings.HasSuffix(args[1], ".lines") {
		text += "\n"
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// waitFor waits until a file holds a text that a pattern matches, for at most a minute. What the pattern's groups match
// is put into the variables that follow.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: waitfor file pattern [variable...]")
	}
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	deadline := time.After(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		text, _ := os.ReadFile(ts.MkAbs(args[0]))
		if found := pattern.FindSubmatch(text); found != nil {
			for i, name := range args[2:] {
				ts.Setenv(name, string(found[i+1]))
			}
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			ts.Fatalf("%s does not hold %s: %s", args[0], args[1], text)
		}
	}
}

// ask calls an API with the token that a file holds, and puts what it answers into a
// file. Where a body is named it is sent.
func ask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: ask address token-file answer-file [body-file]")
	}
	method, body := http.MethodGet, ""
	if len(args) == 4 {
		method, body = http.MethodPost, ts.ReadFile(args[3])
	}
	request, err := http.NewRequestWithContext(context.Background(), method, args[0], strings.NewReader(body))
	ts.Check(err)
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(ts.ReadFile(args[1])))
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	text, err := io.ReadAll(response.Body)
	ts.Check(errors.Join(err, response.Body.Close()))
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), text, 0o600))
}

// TestDocumentedVendor: nothing is wrong with the vendor file that the page shows.
func TestDocumentedVendor(t *testing.T) {
	text, err := os.ReadFile("docs/vendors.md")
	if err != nil {
		t.Fatal(err)
	}
	_, vendor, _ := strings.Cut(string(text), "# policy/vendors/acme.yaml\n")
	vendor, _, found := strings.Cut(vendor, "```")
	if !found {
		t.Fatal("the page has no vendor file")
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("acme.yaml", []byte(vendor), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if code := run(t.Context(), &terminal{out: &out, err: &out}, []string{"catalog", "check", "acme.yaml"}); code != fine {
		t.Errorf("exit code %d\n%s", code, out.String())
	}
}

// TestHelpNamesEveryVerb: what can be done can be found.
func TestHelpNamesEveryVerb(t *testing.T) {
	var out strings.Builder
	if code := run(t.Context(), &terminal{out: &out, err: &out}, []string{"help"}); code != fine {
		t.Fatal(code)
	}
	for _, v := range verbs() {
		if !strings.Contains(out.String(), "\n  "+v.name) {
			t.Errorf("help does not name %s", v.name)
		}
	}
}
