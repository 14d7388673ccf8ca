package main

import (
	"bytes"
	"fmt"
	"github.com/tagwarden/tagwarden/bench/load"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report prints the table and writes it down.
func (m *measurement) report(w io.Writer) error {
	var text bytes.Buffer
	m.write(&text, machine(), time.Now())
	if _, err := w.Write(append([]byte("\n"), text.Bytes()...)); err != nil {
		return err
	}
	return writeDown(m.out, text.String())
}

func (m *measurement) write(w *bytes.Buffer, facts []string, now time.Time) {
	fmt.Fprintf(w, "# What a hit costs\n\nWritten by `make bench` on %s. CPU time (user and system, all threads and children) of the contender's process for each hit; the ratio is\n"+
		"taken within a round and its median given, with the lowest and the highest in brackets. Compare ratios, not microseconds: those are this machine's.\n\n", now.Format("2006-01-02"))
	fmt.Fprintf(w, "| contender | CPU a hit | of it user | ratio to nginx | goal | hits/s | core busy | p50 | p99 |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for i, c := range m.contenders {
		all := m.results[i]
		ratios := make([]float64, len(all))
		for r := range all {
			ratios[r] = float64(all[r].cpu) / float64(m.results[0][r].cpu)
		}
		goal := ""
		if c.goal > 0 {
			goal = fmt.Sprintf("≤ %.1f", c.goal)
		}
		pick := func(of func(result) float64) float64 { return medianOf(all, of) }
		fmt.Fprintf(w, "| %s | %.1f µs | %.1f µs | %.2f (%.2f-%.2f) | %s | %.0f | %.0f %% | %.0f µs | %.0f µs |\n", c.name,
			pick(func(r result) float64 { return micro(r.cpu) }), pick(func(r result) float64 { return micro(r.user) }),
			median(ratios), slices.Min(ratios), slices.Max(ratios), goal,
			pick(func(r result) float64 { return r.rate }), pick(func(r result) float64 { return 100 * r.cpu.Seconds() * r.rate }), pick(func(r result) float64 { return micro(r.p50) }), pick(func(r result) float64 { return micro(r.p99) }))
	}
	sample := (&load.GA4{Host: host, Cookie: consentCookie + "=yes"}).Append(nil, m.next)
	fmt.Fprintf(w, "\n- Hits: GA4 POSTs with one event, %d bytes with headers, about 900 of them query and body, or an event of Segment of about that size; other ids, pages and orders in each.\n", len(sample))
	fmt.Fprintf(w, "- %d rounds, in each every contender in turn with %d hits over %d connections that are kept alive; %d hits to warm up.\n", m.rounds, m.hits, m.conns, m.warm)
	fmt.Fprintf(w, "- The contender has a core of its own (Go with GOMAXPROCS=1, nginx with one worker); generator and sink share another. Where the core is busy, hits/s and times are the contender's; where it is not, they are the generator's.\n")
	fmt.Fprintf(w, "- Every hit is accounted for: sent, answered with 2xx, arrived at the sink once (denied: not at all). A run whose books do not balance gives no figures.\n")
	fmt.Fprintf(w, "- nginx: keep-alive to both sides, access log on. tagwarden: every signal source, a ladder of two rungs, a profile of twelve classes, the ledger on disk. The configurations are in `bench/nginx.go` and `bench/warden.go`.\n")
	for _, f := range facts {
		fmt.Fprintf(w, "- %s\n", f)
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// medianOf is the median of a figure of all rounds.
func medianOf[T any](all []T, figure func(T) float64) float64 {
	values := make([]float64, len(all))
	for i := range all {
		values[i] = figure(all[i])
	}
	return median(values)
}

// machine says where the figures come from.
func machine() []string {
	facts := []string{fmt.Sprintf("Machine: %s, %d cores, %s, kernel %s", cpu(), cores(), memory(), read("/proc/sys/kernel/osrelease"))}
	facts = append(facts, "Load average at the end, of what else was at work too (1, 5, 15 minutes): "+
		read("/proc/loadavg"))
	facts = append(facts, "Go: "+runtime.Version())
	if out, err := exec.Command("git", "describe", "--always", "--dirty", "--abbrev=12").Output(); err == nil {
		facts = append(facts, "Commit: "+strings.TrimSpace(string(out)))
	}
	if program, err := nginxProgram(); err == nil {
		if out, err := exec.Command(program, "-v").CombinedOutput(); err == nil {
			_, version, _ := strings.Cut(strings.TrimSpace(string(out)), "version: ")
			facts = append(facts, "nginx: "+version)
		}
	}
	return facts
}

func cpu() string {
	for line := range strings.Lines(read("/proc/cpuinfo")) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// cores counts those of the machine: this process itself sees but one.
func cores() int {
	n := 0
	for line := range strings.Lines(read("/proc/cpuinfo")) {
		if strings.HasPrefix(line, "processor") {
			n++
		}
	}
	return n
}

func memory() string {
	var kib int
	if _, err := fmt.Sscanf(read("/proc/meminfo"), "MemTotal: %d kB", &kib); err != nil {
		return "memory unknown"
	}
	return fmt.Sprintf("%d GiB", (kib+1<<19)>>20)
}

func read(name string) string {
	text, err := os.ReadFile(filepath.Clean(name))
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}
