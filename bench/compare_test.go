package main

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repositoryOf makes a repository with a benchmark in two packages, as of two
// commits; the working tree is a third state.
func repositoryOf(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	git := func(args ...string) {
		t.Helper()
		if _, err := said(exec.CommandContext(t.Context(), "git",
			append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)); err != nil {
			t.Fatal(err)
		}
	}
	benchmark := func(state string) string {
		return "package a\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc BenchmarkOne(b *testing.B) {\n\tif os.Getenv(\"FAIL\") == \"" +
			state + "\" {\n\t\tb.Fatal(\"asked to\")\n\t}\n" +
			"\tfor b.Loop() {\n\t}\n\tb.ReportMetric(" + state +
			", \"state\")\n}\n\nfunc BenchmarkOther(*testing.B) { panic(\"not asked for\") }\n"
	}
	git("init", "--quiet")
	write("go.mod", "module example.com/a\n\ngo 1.24\n")
	write("plain/plain_test.go", "package plain\n\nimport \"testing\"\n\nfunc TestNothing(*testing.T) {}\n")
	write("a/a_test.go", benchmark("1"))
	git("add", ".")
	git("commit", "--quiet", "-m", "one")
	write("a/a_test.go", benchmark("2"))
	git("commit", "--quiet", "-a", "-m", "two")
	write("a/a_test.go", benchmark("3"))
	return dir
}

// TestBenchmarksOfTwoStatesAreCompared: those of the base and those of the working tree, as often as was asked
// for, and of no others. What the worktree was for is gone at the end, also where a benchmark fails, or the
// base is none, or the run is told to end.
func TestBenchmarksOfTwoStatesAreCompared(t *testing.T) {
	repository, folder := repositoryOf(t), t.TempDir()
	t.Setenv("TMPDIR", folder)
	stat := filepath.Join(t.TempDir(), "benchstat")
	got := stat + ".out"
	if err := os.WriteFile(stat, []byte("#!/bin/sh\nfor side; do echo \"${side%%=*}:\" >>"+got+
		"; grep -o '[0-9.]* state' \"${side#*=}\" >>"+got+"; done\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name, base, bench, pkg, fail string
		ctx                          context.Context
		wrong                        string // in the error; "": there is none
		state                        string // of the base
	}{
		{name: "the commit before", base: "HEAD~1", bench: "One$", state: "1.000"},
		{name: "a benchmark fails", base: "HEAD", bench: "One$", fail: "3", wrong: "asked to"},
		{name: "no base", base: "nothing", bench: ".", wrong: "is no revision"},
		{name: "no benchmark", base: "HEAD", bench: ".", pkg: "./plain", wrong: "no benchmark"},
		{name: "it is told to end", base: "HEAD", bench: "One$", ctx: ended, wrong: "canceled"},
	} {
		t.Setenv("FAIL", c.fail)
		_ = os.Remove(got)
		if c.ctx == nil {
			c.ctx = t.Context()
		}
		err := compareIn(c.ctx, repository, options{base: c.base, bench: c.bench, pkg: cmp.Or(c.pkg, "./..."),
			rounds: 2, benchstat: stat})
		switch {
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("%s: %v, wanted %q in it", c.name, err, c.wrong)
		case c.wrong == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.wrong == "":
			text, err := os.ReadFile(got)
			revision, _ := said(exec.CommandContext(t.Context(), "git", "-C", repository, "rev-parse", "--short", c.base))
			want := strings.TrimSpace(revision) + ":\n" + strings.Repeat(c.state+" state\n", 2) + "here:\n" +
				strings.Repeat("3.000 state\n", 2)
			if err != nil || string(text) != want {
				t.Errorf("%s: %v, it compared\n%s, wanted\n%s", c.name, err, text, want)
			}
		}
		trees, err := said(exec.CommandContext(t.Context(), "git", "-C", repository, "worktree", "list"))
		if err != nil || strings.Count(trees, "\n") != 1 {
			t.Errorf("%s: %v, worktrees are left:\n%s", c.name, err, trees)
		}
		if left, err := filepath.Glob(filepath.Join(folder, "tagwarden-compare-*")); err != nil || len(left) > 0 {
			t.Errorf("%s: %v, left: %v", c.name, err, left)
		}
	}
}
