package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestFind: every kind of change is found, and nothing else is: a golden file lists them as they read.
func TestFind(t *testing.T) {
	text, err := os.ReadFile("testdata/sample.go")
	if err != nil {
		t.Fatal(err)
	}
	found, err := find("testdata/sample.go", text, constants{folders: map[string]map[string]string{}})
	if err != nil {
		t.Fatal(err)
	}
	var list bytes.Buffer
	seen := map[string]bool{}
	for i := range found {
		m := &found[i]
		seen[m.kind] = true
		fmt.Fprintf(&list, "%s, counted %d:%d  %s\n", m.place(), m.counted.line, m.counted.column, m.change())
		if _, err := parser.ParseFile(token.NewFileSet(), "changed.go", m.source(), parser.SkipObjectResolution); err != nil {
			t.Errorf("%s %s: %v", m.place(), m.change(), err)
		}
		if bytes.Equal(m.source(), text) {
			t.Errorf("%s %s changes nothing", m.place(), m.change())
		}
	}
	for kind := range kinds {
		if kind != "edit" && !seen[kind] {
			t.Errorf("the sample has no place of kind %q", kind)
		}
	}
	golden(t, "testdata/sample.golden", list.Bytes())
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (-update writes it anew):\n%s", file, got)
	}
}

func TestDraw(t *testing.T) {
	var all []mutant
	for i := range 90 {
		all = append(all, mutant{kind: "not", line: i})
	}
	for i := range 10 {
		all = append(all, mutant{kind: "call", line: i})
	}
	one, same := draw(all, rand.New(rand.NewPCG(1, 0))), draw(all, rand.New(rand.NewPCG(1, 0)))
	other := draw(all, rand.New(rand.NewPCG(2, 0)))
	lines := func(mutants []mutant) (lines []int) {
		for i := range mutants {
			lines = append(lines, mutants[i].line)
		}
		return lines
	}
	if len(one) != len(all) || !slices.Equal(lines(one), lines(same)) || slices.Equal(lines(one), lines(other)) {
		t.Errorf("%d of %d drawn; the same seed must draw the same, another seed others", len(one), len(all))
	}
	calls := 0
	for i := range one[:20] {
		if one[i].kind == "call" {
			calls++
		}
	}
	if calls != 10 {
		t.Errorf("%d of the first 20 are of the rare kind, want 10", calls)
	}
}

func TestReadEdits(t *testing.T) {
	open := func(string) ([]byte, error) { return []byte("a {\n\tb()\n\tc()\n}\nd()\nd()\n"), nil }
	for _, c := range []struct{ name, text, want, fault string }{
		{"replaced", "# why\nx/y.go\n- b()\n+ e()\n", "a {\ne()\n\tc()\n}\nd()\nd()\n", ""},
		{"several lines", "x/y.go\n- b()\n- c()\n+ e()\n+ f()\n", "a {\ne()\nf()\n}\nd()\nd()\n", ""},
		{"removed", "x/y.go\n- b()", "a {\n\n\tc()\n}\nd()\nd()\n", ""},
		{"not there", "\n\nx/y.go\n- nowhere()\n", "", `list:3: x/y.go has these lines 0 times, not once: nowhere()`},
		{"there twice", "x/y.go\n- d()\n", "", `list:1: x/y.go has these lines 2 times, not once: d()`},
		{"no file", "- d()\n", "", `list:1: a mutant needs a file, and the lines of it that change ("- ...")`},
		{"no lines", "x/y.go\n+ d()\n", "", `list:1: a mutant needs a file, and the lines of it that change ("- ...")`},
	} {
		mutants, err := readEdits("list", []byte(c.text), open)
		switch {
		case c.fault != "":
			if err == nil || err.Error() != c.fault {
				t.Errorf("%s: error %v, want %s", c.name, err, c.fault)
			}
		case err != nil || len(mutants) != 1 || string(mutants[0].source()) != c.want:
			t.Errorf("%s: %v, %d mutants: %q, want %q", c.name, err, len(mutants), mutants[0].source(), c.want)
		}
	}
	two, err := readEdits("list", []byte("# one\nx.go\n- b()\n\n# only a remark\n\n# other\nx.go\n- c()\n"), open)
	if err != nil || len(two) != 2 {
		t.Fatalf("%v: %+v", err, two)
	}
	if one, other := two[0].change(), two[1].change(); one != "one" || other != "other" || two[1].place() != "x.go:3" {
		t.Errorf("%q and %q at %s", one, other, two[1].place())
	}
}

func TestReadProfile(t *testing.T) {
	const file = module + "/rules/judge.go"
	c, err := readProfile([]byte("mode: set\n" + file + ":10.5,12.3 2 1\n" + file + ":20.1,21.1 1 0\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []struct {
		line, column int
		want         bool
	}{{10, 4, false}, {10, 5, true}, {11, 1, true}, {12, 2, true}, {12, 3, false}, {20, 5, false}} {
		if got := c.has(filepath.Join("rules", "judge.go"), at.line, at.column); got != at.want {
			t.Errorf("%d:%d is executed: %v, want %v", at.line, at.column, got, at.want)
		}
	}
	if _, err := readProfile([]byte("judge.go:1.2")); err == nil {
		t.Error("a broken profile is read")
	}
}

// TestTry changes a module of its own, and sees what the tests of it say: real runs of go test, in a folder that is
// thrown away.
func TestTry(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.org/m\n\ngo 1.26\n",
		"m.go":   "package m\n\nfunc Twice(n int) int {\n\tif n > 100 {\n\t\tn = 100\n\t}\n\treturn 2 * n\n}\n",
		"m_test.go": "package m\n\nimport \"testing\"\n\n" +
			"func TestTwice(t *testing.T) {\n\tif Twice(3) != 6 {\n\t\tt.Error(Twice(3))\n\t}\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
	text, err := os.ReadFile("m.go")
	if err != nil {
		t.Fatal(err)
	}
	at := func(old, by string) mutant {
		from := strings.Index(string(text), old)
		to := from + len(old)
		return mutant{kind: "edit", file: "m.go", text: text, from: from, to: to, old: old, new: by, executed: true}
	}
	o := options{workers: 2, patience: time.Minute, edits: "list"}
	mutants := []mutant{at("2 * n", "3 * n"), at("> 100", ">= 100"), at("2 * n", "2 *")}
	tried, err := tryAll(t.Context(), &o, mutants, len(mutants), new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for i := range tried {
		got[tried[i].new] = tried[i].fate.String() + " " + tried[i].by
	}
	for by, want := range map[string]string{"3 * n": "noticed TestTwice", ">= 100": "SURVIVED ", "2 *": "uncompiled "} {
		if got[by] != want {
			t.Errorf("%s: %q, want %q", by, got[by], want)
		}
	}
}

// failure is the error of a command that ran and failed.
func failure(t *testing.T) error {
	t.Helper()
	err := exec.CommandContext(t.Context(), "false").Run()
	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		t.Fatal(err)
	}
	return err
}

// TestJudged: what go test says is read as what it means; what is not understood is an error, not a mutant that was
// noticed.
func TestJudged(t *testing.T) {
	live := t.Context()
	ended, cancel := context.WithCancel(live)
	cancel()
	failed := failure(t)
	for _, c := range []struct {
		name         string
		ctx, bounded context.Context
		err          error
		out          string
		fate         fate
		by           string
		fault        bool
	}{
		{"passed", live, live, nil, "ok x 0.1s\n", survived, "", false},
		{"failed", live, live, failed, "--- FAIL: TestA (0.00s)\nFAIL\nFAIL\tx\t0.1s\n", noticed, "TestA", false},
		{"fatal", live, live, failed, "fatal error: deadlock\nFAIL\tx\t0.1s\n", noticed, "the process ended", false},
		{"not built", live, live, failed, "# x\nx.go:1: bad\nFAIL\tx [build failed]\n", uncompiled, "", false},
		{"its own limit", live, live, failed, "panic: test timed out after 1m\nFAIL\tx\t60s\n", late, "", false},
		{"ended by us", live, ended, failed, "", late, "", false},
		{"the caller ended", ended, ended, failed, "", 0, "", true},
		{"no go command", live, live, errors.New("not found"), "", 0, "", true},
		{"go cannot begin", live, live, failed, "go: go.mod is broken\n", 0, "", true},
	} {
		fate, by, err := judged(c.ctx, c.bounded, c.err, []byte(c.out))
		if fate != c.fate || by != c.by || (err != nil) != c.fault {
			t.Errorf("%s: %v by %q (%v), want %v by %q", c.name, fate, by, err, c.fate, c.by)
		}
	}
}
