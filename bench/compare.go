package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// comparison is the benchmarks of two states of the repository, run in turn.
type comparison struct {
	options
	repository string  // in which the newer one is as it lies there
	dir        string  // for what is made
	sides      [2]side // base, here
}

// side is one of the two.
type side struct {
	name  string
	tree  string
	tests []benchmarks
	out   string // what its benchmarks said, one run behind the other
}

// benchmarks are those of a package.
type benchmarks struct{ pkg, dir, program string }

func runCompare(ctx context.Context, o options) error { return compareIn(ctx, ".", o) }

// compareIn compares a repository's working tree with a revision of it. The worktree of that is
// removed whatever happens, but for a kill.
func compareIn(ctx context.Context, repository string, o options) (err error) {
	dir, err := os.MkdirTemp("", "tagwarden-compare-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	c := comparison{options: o, repository: repository, dir: dir}
	revision, err := c.git(ctx, "rev-parse", "--verify", "--short", o.base+"^{commit}")
	if err != nil {
		return fmt.Errorf("-base: %q is no revision: %w", o.base, err)
	}
	c.sides = [2]side{
		{name: revision, tree: filepath.Join(dir, "base"), out: filepath.Join(dir, "base.txt")},
		{name: "here", tree: repository, out: filepath.Join(dir, "here.txt")},
	}
	// also where the run was told to end
	defer func() { err = errors.Join(err, c.removeTree(context.WithoutCancel(ctx))) }()
	if _, err := c.git(ctx, "worktree", "add", "--quiet", "--detach", c.sides[0].tree, revision); err != nil {
		return err
	}
	for i := range c.sides {
		if err := c.sides[i].build(ctx, filepath.Join(dir, strconv.Itoa(i)), o); err != nil {
			return err
		}
	}
	if len(c.sides[0].tests)+len(c.sides[1].tests) == 0 {
		return fmt.Errorf("no benchmark of %s is called so: -bench %q", o.pkg, o.bench)
	}
	if err := c.run(ctx); err != nil {
		return err
	}
	stat := exec.CommandContext(ctx, o.benchstat, c.sides[0].name+"="+c.sides[0].out, c.sides[1].name+"="+c.sides[1].out)
	stat.Stdout, stat.Stderr = os.Stdout, os.Stderr
	if err := stat.Run(); err != nil {
		return fmt.Errorf("benchstat (make tools): %w", err)
	}
	return nil
}

// removeTree removes the base's worktree, whole or half made.
func (c *comparison) removeTree(ctx context.Context) error {
	if _, err := c.git(ctx, "worktree", "remove", "--force", c.sides[0].tree); err == nil {
		return nil
	}
	removed := os.RemoveAll(c.sides[0].tree)
	_, err := c.git(ctx, "worktree", "prune") // what git still knows of it
	return errors.Join(removed, err)
}

// git runs git in the repository, and returns its first line.
func (c *comparison) git(ctx context.Context, args ...string) (string, error) {
	out, err := said(exec.CommandContext(ctx, "git", append([]string{"-C", c.repository}, args...)...))
	line, _, _ := strings.Cut(out, "\n")
	return line, err
}

// said is what a command writes. Where it fails, that is in the error.
func said(c *exec.Cmd) (string, error) {
	var errors strings.Builder
	c.Stderr = &errors
	out, err := c.Output()
	if err != nil {
		return string(out), fmt.Errorf("%s: %w\n%s%s", strings.Join(c.Args, " "), err, out, errors.String())
	}
	return string(out), nil
}

// build makes a program of each package's tests that has benchmarks of those names.
func (s *side) build(ctx context.Context, dir string, o options) error {
	list := exec.CommandContext(ctx, "go", append([]string{"list", "-f", "{{.ImportPath}}\t{{.Dir}}"},
		strings.Fields(o.pkg)...)...)
	list.Dir = s.tree
	all, err := said(list)
	if err != nil {
		return err
	}
	top, _, _ := strings.Cut(o.bench, "/")
	for line := range strings.Lines(all) {
		pkg, folder, _ := strings.Cut(strings.TrimSpace(line), "\t")
		has, err := hasBenchmarks(folder)
		if err != nil {
			return err
		}
		if !has {
			continue
		}
		b := benchmarks{pkg, folder, filepath.Join(dir, strconv.Itoa(len(s.tests))+".test")}
		build := exec.CommandContext(ctx, "go", "test", "-c", "-o", b.program, pkg)
		build.Dir = s.tree
		if _, err := said(build); err != nil {
			return err
		}
		names := exec.CommandContext(ctx, b.program, "-test.list", top)
		names.Dir = folder
		called, err := said(names)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(strings.Fields(called), func(name string) bool {
			return strings.HasPrefix(name, "Benchmark")
		}) {
			s.tests = append(s.tests, b)
		}
	}
	return nil
}

// hasBenchmarks tells whether a folder's tests have any, so that most packages need not be built.
func hasBenchmarks(folder string) (bool, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		return false, err
	}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			return false, err
		}
		if strings.Contains(string(text), "\nfunc Benchmark") {
			return true, nil
		}
	}
	return false, nil
}

// run runs every package's benchmarks of one side and then of the other, and again: A B A B ...
func (c *comparison) run(ctx context.Context) error {
	var pkgs []string
	for _, s := range c.sides {
		for _, b := range s.tests {
			if !slices.Contains(pkgs, b.pkg) {
				pkgs = append(pkgs, b.pkg)
			}
		}
	}
	for round := range c.rounds {
		for _, pkg := range pkgs {
			for i := range c.sides {
				at := slices.IndexFunc(c.sides[i].tests, func(b benchmarks) bool { return b.pkg == pkg })
				if at < 0 {
					continue
				}
				fmt.Fprintf(os.Stderr, "round %d/%d  %s  %s\n", round+1, c.rounds, pkg, c.sides[i].name)
				if err := c.sides[i].bench(ctx, &c.sides[i].tests[at], c.bench); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// bench runs a package's benchmarks once.
func (s *side) bench(ctx context.Context, b *benchmarks, names string) error {
	test := exec.CommandContext(ctx, b.program, "-test.run", "^$", "-test.bench", names, "-test.benchmem")
	test.Dir = b.dir
	out, err := said(test)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(s.out, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(out)
	return errors.Join(err, f.Close())
}
