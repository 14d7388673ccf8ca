package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCompletes: verbs, the verbs below them, flags, values, topics, and files where nothing else is known.
func TestCompletes(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		"":                               "demo serve help completion",
		"expl":                           "explain",
		"logs ":                          "tail search verify",
		"logs ver":                       "verify",
		"explain --ch":                   "--choice",
		"explain --choice ":              "all none refused as-recorded",
		"replay a.har --only d":          "denied",
		"replay --format ":               "text jsonl",
		"replay --format = j":            "jsonl",
		"replay --format =":              "text jsonl",
		"replay --raw ":                  ":files",
		"replay ":                        ":files",
		"replay --config ":               ":files",
		"docs tou":                       "tour",
		"schema serv":                    "server",
		"catalog ":                       "list show check",
		"catalog show posth":             "posthog",
		"catalog check ":                 ":files",
		"report ":                        "art30 cnil",
		"report art30 --lang d":          "de",
		"completion b":                   "bash",
		"init --example consent-":        "consent-only",
		"init --for ":                    "docker systemd",
		"snippet --front ng":             "nginx",
		"lia approve --k":                "--key",
		"health --":                      "--config --url --help",
		"objections add --purpose x --a": "--all",
		"nothing --":                     "",
		"logs nothing ":                  "",
	} {
		got := complete(&terminal{now: time.Now}, strings.Split(words, " "))
		for one := range strings.FieldsSeq(want) {
			if !slices.Contains(got, one) {
				t.Errorf("%q: %q is not among %q", words, one, got)
			}
		}
		if want == "" && len(got) > 0 {
			t.Errorf("%q: %q", words, got)
		}
		last := words[strings.LastIndexAny(words, " =")+1:]
		for _, one := range got {
			if one != filesToo && !strings.HasPrefix(one, last) {
				t.Errorf("%q: %q begins otherwise", words, one)
			}
		}
	}
}

// TestEveryVerbCompletes: each verb hands its flags over before it does anything, and says nothing.
func TestEveryVerbCompletes(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	for _, v := range verbs() {
		below := verbsBelow()[v.name]
		if below == nil {
			below, v.name = []verb{v}, ""
		}
		for _, of := range below {
			name := strings.TrimSpace(v.name + " " + of.name)
			parsed := 0
			asked := &terminal{in: strings.NewReader(""), out: &said, err: &said, now: time.Now, parsing: countFlags(&parsed)}
			of.run(context.Background(), asked, nil)
			if parsed != 1 || said.Len() > 0 {
				t.Errorf("%s: its flags were parsed %d times, and it said %q", name, parsed, said.String())
				said.Reset()
			}
		}
	}
}

// TestShellsComplete: the scripts work in the shells that they are for, where those are installed.
func TestShellsComplete(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"hits one.har", "hits.jsonl"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ shell, ask string }{
		{"bash", `. <(tagwarden completion bash)
ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tagwarden; printf '%s\n' "${COMPREPLY[@]}"; }
ask tagwarden repl; ask tagwarden explain --choi; ask tagwarden docs tou; ask tagwarden replay hits; complete -p tagwarden`},
		{"zsh", `autoload -Uz compinit; compinit -u -D; source <(tagwarden completion zsh)
compadd() { shift; print -l -- "$@" } ; _files() { print -l -- hits* } ; compdef() {}
ask() { words=("$@"); CURRENT=$#; _tagwarden }
ask tagwarden repl; ask tagwarden explain --choi; ask tagwarden docs tou; ask tagwarden replay hits; print _tagwarden tagwarden`},
		{"fish", `tagwarden completion fish | source
for line in "tagwarden repl" "tagwarden explain --choi" "tagwarden docs tou" "tagwarden replay hits"
complete -C "$line"
end
echo _tagwarden tagwarden`},
	} {
		t.Run(c.shell, func(t *testing.T) {
			t.Parallel()
			shell, err := exec.LookPath(c.shell)
			if err != nil {
				t.Logf("%s is not installed: its completion is not tried", c.shell)
				return
			}
			command := exec.CommandContext(t.Context(), shell, "-c", c.ask)
			command.Dir = folder
			out, err := command.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for _, want := range []string{"replay", "--choice", "tour", "hits one.har", "hits.jsonl", "_tagwarden tagwarden"} {
				if !strings.Contains(strings.ReplaceAll(string(out), `\ `, " "), want) {
					t.Errorf("%q is missing: %s", want, out)
				}
			}
		})
	}
}

func countFlags(parsed *int) func(*flag.FlagSet) { return func(*flag.FlagSet) { *parsed++ } }
