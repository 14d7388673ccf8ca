// Command attack does to tagwarden what strangers, broken vendors and bad weather do to it, one scenario after another,
// and says for each what came of it: whether the process lived, how much memory it held, and whether other visitors'
// hits were answered meanwhile. Each scenario has a process of its own, with a configuration made for it. What it
// promises is that a scenario is over within its time, whatever the process under attack does.
//
// It knows the product from outside only, talks to loopback only, and ends every process that it started, and no other.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are what a run can be told.
type options struct {
	binary   string
	only     string // ids of scenarios, separated by commas; "" is all
	format   string
	out      string
	before   string // a file of results to compare with
	memory   string // limits.memory, where no cgroup tells the process what it has
	confine  string
	inside   bool // this process runs in a network namespace of its own
	list     bool
	size     float64 // of the attacks; 1 is what the promises are about
	settle   time.Duration
	patience time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "", "the tagwarden to attack; none: it is built from this tree")
	flag.StringVar(&o.only, "scenario", "", "which ones, separated by commas; all where none is named")
	flag.StringVar(&o.format, "format", "text", "text or json")
	flag.StringVar(&o.out, "out", "", "where the results go as well, as JSON")
	flag.StringVar(&o.before, "before", "", "results of an earlier run, as JSON: a table of both is printed")
	flag.StringVar(&o.memory, "memory-limit", "128MiB",
		"limits.memory where no memory cgroup can be made; left out where the binary does not know the key")
	flag.StringVar(&o.confine, "confine", "auto",
		"how memory is bounded: cgroup, data (ulimit -d), none, or the first of these that can be had")
	flag.BoolVar(&o.inside, "inside", false, "for the program itself: it runs in a network namespace of its own")
	flag.BoolVar(&o.list, "list", false, "list the scenarios")
	flag.Float64Var(&o.size, "size", 1, "how large the attacks are, as a share")
	flag.DurationVar(&o.settle, "settle", 5*time.Second, "how long after an attack memory is looked at again")
	flag.DurationVar(&o.patience, "within", 40*time.Second, "how long one scenario may take")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, &o, os.Stdout)
	stop()
	os.Exit(code)
}

// run returns the exit code: 0 where every promise holds, 1 where one does not, 2
// where a scenario could not be carried out.
func run(ctx context.Context, o *options, w io.Writer) int {
	if o.list {
		for _, s := range scenarios {
			fmt.Fprintf(w, "%-10s %s\n", s.ID, s.Title)
		}
		return 0
	}
	results, err := attack(ctx, o)
	if err == nil {
		err = report(o, w, results)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "attack: %v\n", err)
		return 2
	}
	switch {
	case slices.ContainsFunc(results, func(r *Result) bool { return r.Failed != "" }):
		return 2
	case slices.ContainsFunc(results, func(r *Result) bool { return !r.Holds && r.Possible }):
		return 1
	default:
		return 0
	}
}

// attack carries the chosen scenarios out.
func attack(ctx context.Context, o *options) (results []*Result, err error) {
	chosen, err := choose(o.only)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "tagwarden-attack-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.binary == "" {
		if o.binary, err = build(ctx, dir); err != nil {
			return nil, err
		}
	}
	if o.binary, err = filepath.Abs(o.binary); err != nil {
		return nil, err
	}
	for _, s := range chosen {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !o.inside {
			fmt.Fprintf(os.Stderr, "%s: %s ...\n", s.ID, s.Title)
		}
		r, err := one(ctx, o, s, filepath.Join(dir, s.ID))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.ID, err)
		}
		results = append(results, r)
	}
	return results, nil
}

// build builds the product of this tree.
func build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "tagwarden")
	command := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/tagwarden/tagwarden/cmd/tagwarden")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build tagwarden: %w\n%s", err, out)
	}
	return binary, nil
}

// choose finds scenarios by their ids.
func choose(only string) ([]scenario, error) {
	if only == "" {
		return scenarios, nil
	}
	var chosen []scenario
	for id := range strings.SplitSeq(only, ",") {
		at := slices.IndexFunc(scenarios, func(s scenario) bool { return s.ID == strings.TrimSpace(id) })
		if at < 0 {
			return nil, fmt.Errorf("no scenario is called %q: -list lists them", id)
		}
		chosen = append(chosen, scenarios[at])
	}
	return chosen, nil
}

// readResults reads what an earlier run wrote with -out, or with -format json.
func readResults(name string) ([]*Result, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var results []*Result
	if err := json.Unmarshal(text, &results); err != nil {
		return nil, fmt.Errorf("%s holds no results of this program: %w", name, err)
	}
	return results, nil
}
