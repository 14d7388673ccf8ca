// Command mutate says how much the tests notice: it makes one small change of the code at a time, runs the tests
// against it, and lists the changes that no test noticed. The tree itself is never touched: a change is handed to the
// compiler beside it (go test -overlay).
//
// Mutants are drawn by a seed, as many of each kind as there are, until the sample is full; or they are read from a
// list that somebody wrote by hand (-edits). Each is run against the tests of its own package, then against those of
// -tests, and one that survives these against those of -also. It is a tool for a quiet hour, not for every change: a
// few hundred mutants take half an hour.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// options are what a run can be told.
type options struct {
	packages string // patterns of what is changed, separated by blanks
	files    string // names of files, by pattern, separated by blanks; "" is all
	tests    string // patterns of packages whose tests are run besides a mutant's own
	also     string // the same, for survivors only
	edits    string // a file of mutants written by hand
	out      string // a file for what is printed
	count    int
	seed     uint64
	workers  int
	patience time.Duration // for the tests of one mutant
	list     bool
}

func main() {
	var o options
	flag.StringVar(&o.packages, "packages", "./rules", "what is changed: patterns of packages, separated by blanks")
	flag.StringVar(&o.files, "files", "", "only files of these names, by pattern (judge.go, \"t*.go\")")
	flag.StringVar(&o.tests, "tests", "", "packages whose tests are run besides those of the mutant's own")
	flag.StringVar(&o.also, "also", "", "packages whose tests are run for survivors only")
	flag.StringVar(&o.edits, "edits", "", "a file of mutants written by hand, in place of drawn ones")
	flag.StringVar(&o.out, "out", "", "a file that the result goes to as well")
	flag.IntVar(&o.count, "n", 50, "how many are drawn")
	flag.Uint64Var(&o.seed, "seed", 1, "what the draw begins with: the same seed and the same tree draw the same mutants")
	flag.IntVar(&o.workers, "workers", 2, "how many are run side by side")
	flag.DurationVar(&o.patience, "within", 3*time.Minute, "how long tests may take; one that takes longer was noticed")
	flag.BoolVar(&o.list, "list", false, "list what would be run, and run nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, &o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options, stdout io.Writer) error {
	out := stdout
	if o.out != "" {
		f, err := os.Create(o.out)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		out = io.MultiWriter(stdout, f)
	}
	if o.edits != "" {
		return runEdits(ctx, o, out)
	}
	return runDrawn(ctx, o, out)
}

// runEdits tries every mutant of a list.
func runEdits(ctx context.Context, o *options, out io.Writer) error {
	text, err := os.ReadFile(o.edits)
	if err != nil {
		return err
	}
	mutants, err := readEdits(o.edits, text, os.ReadFile)
	if err != nil {
		return err
	}
	if o.list {
		return printList(out, mutants)
	}
	tried, err := tryAll(ctx, o, mutants, len(mutants), out)
	printSurvivors(out, tried, false)
	return errors.Join(printTable(out, tried, false), err)
}

// runDrawn draws mutants and tries them.
func runDrawn(ctx context.Context, o *options, out io.Writer) error {
	folders, err := listPackages(ctx, strings.Fields(o.packages))
	if err != nil {
		return err
	}
	var all []mutant
	for _, folder := range folders {
		found, err := findIn(folder, func(name string) bool { return matches(o.files, name) })
		if err != nil {
			return err
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return fmt.Errorf("nothing to change in %s (files %q)", o.packages, o.files)
	}
	//nolint:gosec // a draw that can be repeated by its seed
	drawn := draw(all, rand.New(rand.NewPCG(o.seed, 0)))
	if o.list {
		return printList(out, drawn[:min(o.count, len(drawn))])
	}
	seen, err := coverage(ctx, folders, append(slices.Clone(folders), strings.Fields(o.tests)...))
	if err != nil {
		return err
	}
	for i := range drawn {
		drawn[i].executed = seen.has(drawn[i].file, drawn[i].counted.line, drawn[i].counted.column)
	}
	const heading = "%d mutants can be made of %s; %d are drawn, seed %d\n\n"
	fmt.Fprintf(out, heading, len(all), o.packages, min(o.count, len(all)), o.seed)
	tried, err := tryAll(ctx, o, drawn, o.count, out)
	printSurvivors(out, tried, true)
	return errors.Join(printTable(out, tried, true), err)
}

// matches reports whether a file is among those of the patterns.
func matches(patterns, name string) bool {
	if patterns == "" {
		return true
	}
	return slices.ContainsFunc(strings.Fields(patterns), func(pattern string) bool {
		ok, err := filepath.Match(pattern, name)
		return err == nil && ok
	})
}

// draw puts mutants in the order in which they are tried: by lot, the kinds by turns, so that a sample holds as many of
// each kind as there are of the rarest.
func draw(all []mutant, lot *rand.Rand) []mutant {
	byKind := map[string][]mutant{}
	for _, i := range lot.Perm(len(all)) {
		byKind[all[i].kind] = append(byKind[all[i].kind], all[i])
	}
	names := slices.Sorted(maps.Keys(byKind))
	drawn := make([]mutant, 0, len(all))
	for len(drawn) < len(all) {
		for _, kind := range names {
			if left := byKind[kind]; len(left) > 0 {
				drawn, byKind[kind] = append(drawn, left[0]), left[1:]
			}
		}
	}
	return drawn
}

// tryAll tries mutants until `count` of them could be compiled. Where it ends early, those that were tried are returned
// with the error: they are a sample as well.
func tryAll(ctx context.Context, o *options, mutants []mutant, count int, out io.Writer) ([]tried, error) {
	var (
		mu       sync.Mutex
		next     int
		made     int // handed out, less those that did not compile
		results  []tried
		failed   error
		ready    = sync.NewCond(&mu)
		running  int
		finished sync.WaitGroup
	)
	for range o.workers {
		finished.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			for {
				for made == count && running > 0 && failed == nil {
					ready.Wait() // one that does not compile makes room for another
				}
				if made == count || next == len(mutants) || failed != nil {
					return
				}
				m := mutants[next]
				next, made, running = next+1, made+1, running+1
				mu.Unlock()
				fate, by, err := try(ctx, o, &m)
				mu.Lock()
				running--
				switch {
				case err != nil:
					failed = err
				case fate == uncompiled && o.edits == "":
					made--
				default:
					results = append(results, tried{mutant: m, fate: fate, by: by})
					fmt.Fprintf(out, "%4d  %-10s %s  %s\n", len(results), fate, m.place(), m.change())
				}
				ready.Broadcast()
			}
		})
	}
	finished.Wait()
	return results, failed
}
