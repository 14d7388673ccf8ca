// Command bench measures what a hit costs, in CPU time, against what a bare proxy takes for it: nginx's proxy_pass, and
// a reverse proxy on the same HTTP library. All contenders are measured in one run, one after another and again, on a
// core of their own; generator and sink share another. What it promises is that a figure comes from a run in which
// every hit was accounted for (package load).
//
// It talks to loopback only, and ends every process that it started, and no other.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tagwarden/tagwarden/bench/load"
)

// options are what a run can be told.
type options struct {
	rounds, hits, warm, conns int
	out                       string
	within                    time.Duration
	rate                      float64 // hanging: hits a second; 0: a share of what was measured
	seconds                   int     // hanging: how long hits are sent in each state; cost: at half of each rate
	only                      string  // merging: one vendor
	events                    int     // merging: in one request, at most
	doublings                 int     // growth: of each size, at most; 0: as far as it goes
	base, bench, pkg          string  // compare: with what; which benchmarks of which packages
	benchstat                 string  // compare: the program
}

// figures are what can be measured, by the word that asks for it.
var figures = map[string]struct {
	defaults options
	run      func(context.Context, options) error
}{
	"compare": {options{rounds: 6, bench: ".", pkg: "./...", benchstat: "benchstat", within: 4 * time.Hour}, runCompare},
	"cost":    {options{rounds: 7, hits: 40_000, warm: 60_000, conns: 32, seconds: 10}, run},
	"merging": {options{rounds: 5, hits: 4_000, conns: 32, events: 50}, runMerging},
	"growth":  {options{rounds: 40}, runGrowth},
	"hanging": {options{rounds: 3, hits: 60_000, conns: 128, seconds: 10}, runHanging},
}

func main() {
	word, args := "cost", os.Args[1:]
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		word, args = args[0], args[1:]
	}
	f, known := figures[word]
	if !known {
		fmt.Fprintf(os.Stderr, "bench: %q is no figure: %s are\n", word,
			strings.Join(slices.Sorted(maps.Keys(figures)), ", "))
		os.Exit(2)
	}
	o, flags := f.defaults, flag.NewFlagSet(word, flag.ExitOnError)
	flags.IntVar(&o.rounds, "rounds", o.rounds, "how many times each contender is measured, in turn")
	flags.DurationVar(&o.within, "within", cmp.Or(o.within, 20*time.Minute), "how long all of it may take")
	if word != "compare" {
		flags.StringVar(&o.out, "out", "bench/RESULTS.md",
			"where the table goes, in place of the one before, and pictures beside it; - for nowhere but here")
	}
	if word != "compare" && word != "growth" {
		flags.IntVar(&o.hits, "hits", o.hits, "hits in a measurement")
		flags.IntVar(&o.conns, "conns", o.conns, "connections, kept alive, each with one hit under way")
	}
	switch word {
	case "compare":
		flags.StringVar(&o.base, "base", "", "the revision that the working tree is compared with")
		flags.StringVar(&o.bench, "bench", o.bench, "which benchmarks, as go test -bench takes it")
		flags.StringVar(&o.pkg, "pkg", o.pkg, "of which packages")
		flags.StringVar(&o.benchstat, "benchstat", o.benchstat, "the program that compares (golang.org/x/perf/cmd/benchstat)")
	case "cost":
		flags.IntVar(&o.warm, "warm", o.warm, "hits before the first measurement of a contender")
		flags.IntVar(&o.seconds, "seconds", o.seconds, "how long hits are sent at half of each contender's rate")
	case "growth":
		flags.IntVar(&o.doublings, "doublings", o.doublings, "how often each size is doubled at most; 0: as far as it goes")
	case "merging":
		flags.StringVar(&o.only, "vendor", o.only, "measure this vendor alone")
		flags.IntVar(&o.events, "events", o.events, "events in one request at most, where the catalog does not say fewer")
	case "hanging":
		flags.Float64Var(&o.rate, "rate", o.rate, "hits a second; 0: 60 % of what is measured first")
		flags.IntVar(&o.seconds, "seconds", o.seconds, "how long hits are sent in each state")
	}
	_ = flags.Parse(args) // it ends the process by itself
	if flags.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "bench: %q is not understood\n", flags.Arg(0))
		os.Exit(2)
	}
	if word != "compare" { // its benchmarks have the machine as it is
		if err := pinSelf(); err != nil {
			fail(err)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	within, cancel := context.WithTimeout(ctx, o.within)
	err := f.run(within, o)
	cancel()
	stop()
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "bench: %v\n", err)
	os.Exit(1)
}

// pinSelf puts this process, generator and sink, on the last core, by starting it anew under taskset.
func pinSelf() error {
	const mark = "TAGWARDEN_BENCH_PINNED"
	if os.Getenv(mark) != "" || runtime.NumCPU() < 2 {
		return nil
	}
	taskset, err := exec.LookPath("taskset")
	if err != nil {
		return fmt.Errorf("taskset is needed (package util-linux): %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args := append([]string{"taskset", "-c", strconv.Itoa(runtime.NumCPU() - 1), self}, os.Args[1:]...)
	return syscall.Exec(taskset, args, append(os.Environ(), mark+"=1", "GOMAXPROCS=1"))
}

func run(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "tagwarden-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	sink, err := load.NewSink(load.Marker)
	if err != nil {
		return fmt.Errorf("cannot open the sink: %w", err)
	}
	defer sink.Close()
	var started processes
	defer func() { err = errors.Join(err, started.end()) }()
	if err := build(ctx, dir, "./cmd/tagwarden", "./bench/bareproxy", "./bench/stdproxy"); err != nil {
		return err
	}
	there, missing, err := startAll(ctx, &started, dir, sink.Address(), contenders())
	if err != nil {
		return err
	}
	m := measurement{options: o, sink: sink, contenders: there, missing: missing, results: make([][]result, len(there))}
	if err := m.run(ctx); err != nil {
		return err
	}
	return m.report(os.Stdout)
}

// build builds commands of this tree.
func build(ctx context.Context, dir string, packages ...string) error {
	for _, pkg := range packages {
		build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, filepath.Base(pkg)), pkg)
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOMAXPROCS=")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("cannot build %s: %w\n%s", pkg, err, out)
		}
	}
	return nil
}

// serve starts tagwarden with a configuration.
func serve(ctx context.Context, started *processes, dir, config string) (*process, string, error) {
	p, err := started.start(ctx, filepath.Join(dir, "tagwarden"), "serve", "--config", config)
	if err != nil {
		return nil, "", err
	}
	address, err := p.ready()
	return p, address, err
}
