package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/bench/load"
	"github.com/tagwarden/tagwarden/bench/plot"
)

// report prints the tables, and writes them down with their pictures.
func (m *measurement) report(w io.Writer) error {
	var text bytes.Buffer
	m.write(&text, machine(), time.Now())
	if _, err := w.Write(append([]byte("\n"), text.Bytes()...)); err != nil {
		return err
	}
	if err := drawBeside(m.out, "ratio.svg", m.ratioPicture()); err != nil {
		return err
	}
	if err := drawBeside(m.out, "latency.svg", m.latencyPicture()); err != nil {
		return err
	}
	return writeDown(m.out, text.String())
}

func (m *measurement) write(w *bytes.Buffer, facts []string, now time.Time) {
	fmt.Fprintf(w, "# What a hit costs\n\nWritten by `make bench` on %s. CPU time (user and system, all threads and "+
		"children) of the contender's process for each hit; the ratio is\ntaken within a round and its median given, with "+
		"the lowest and the highest in brackets. Compare ratios, not microseconds: those are this machine's.\n\n",
		now.Format("2006-01-02"))
	fmt.Fprintf(w, "![CPU a hit of each contender as a ratio to nginx's, with the goals: the figures are in the table "+
		"below](ratio.svg)\n\n")
	fmt.Fprintf(w, "| contender | CPU a hit | of it user | ratio to nginx | goal | hits/s | core busy "+
		"|\n|---|--:|--:|--:|--:|--:|--:|\n")
	for i, c := range m.contenders {
		all, ratios, goal := m.results[i], m.ratios(i), ""
		if c.goal > 0 {
			goal = fmt.Sprintf("≤ %.1f, %s", c.goal, met(median(ratios) <= c.goal))
		}
		pick := func(of func(result) float64) float64 { return medianOf(all, of) }
		fmt.Fprintf(w, "| %s | %.1f µs | %.1f µs | %.2f (%.2f-%.2f) | %s | %.0f | %.0f %% |\n", c.name,
			pick(func(r result) float64 { return micro(r.cpu) }), pick(func(r result) float64 { return micro(r.user) }),
			median(ratios), slices.Min(ratios), slices.Max(ratios), goal,
			pick(func(r result) float64 {
				return r.rate
			}), pick(func(r result) float64 { return 100 * r.cpu.Seconds() * r.rate }))
	}
	m.writeAnswers(w)
	ga4, segment := m.sizes(&load.GA4{Host: host, Cookie: consentCookie + "=yes"}),
		m.sizes(&load.Segment{Host: host, Cookie: consentCookie + "=yes"})
	fmt.Fprintf(w, "\n- Hits are a shop's (`bench/load/visit.go`): GA4 POSTs with one event (%.0f bytes with headers on "+
		"average, about 900 of them query and body), or an event of Segment (%.0f bytes). Pages, products and searches by "+
		"Zipf's law over thousands, a fifth of the addresses one person's own, click ids and campaigns on first pages; "+
		"another visitor in each hit.\n", ga4, segment)
	fmt.Fprintf(w, "- Warm: %d hits of the same mixture before the first measurement. 50 %% unseen: half of the pages, "+
		"titles, products and searches that come again in the mixture were never seen before instead, in warming up too.\n",
		m.warm)
	fmt.Fprintf(w, "- %d rounds, in each every contender in turn with %d hits over %d connections that are kept alive.\n",
		m.rounds, m.hits, m.conns)
	fmt.Fprintf(w, "- The contender has a core of its own (Go with GOMAXPROCS=1, nginx with one worker, HAProxy with "+
		"one thread); generator, sink and what stands in for the system's log share another. Where the core is busy, "+
		"hits/s are the contender's; where it is not, they are the generator's.\n")
	fmt.Fprintf(w, "- Every hit is accounted for: sent, answered with 2xx, arrived at the sink once (denied: not at "+
		"all). A run whose books do not balance gives no figures.\n")
	fmt.Fprintf(w, "- nginx, HAProxy: keep-alive to both sides, access log as Debian has it. With Lua: query parameters "+
		"by a list, cid as HMAC-SHA1, no cookies; body, pages and titles go as they came. tagwarden: every signal source, "+
		"a ladder of two rungs, a profile of twelve classes, the ledger on disk. The configurations are in "+
		"`bench/nginx.go`, `bench/haproxy.go` and `bench/warden.go`.\n")
	for _, name := range m.missing {
		fmt.Fprintf(w, "- Left out: %s.\n", name)
	}
	for _, f := range facts {
		fmt.Fprintf(w, "- %s\n", f)
	}
}

// writeAnswers appends how long answers take at half of each rate, and what memory it took.
func (m *measurement) writeAnswers(w *bytes.Buffer) {
	fmt.Fprintf(w, "\nAt half of each contender's own rate above, each hit due at a moment of its own whether those "+
		"before were answered or not (HDR histogram, from\nthat moment to the answer, %d s); and memory after all of it, "+
		"of the process and its\nchildren (VmRSS, VmHWM; what these share counts for each).\n\n", m.seconds)
	fmt.Fprintf(w, "![How long answers take at half of each contender's rate, p50, p99 and p99.9: the figures are in "+
		"the table below](latency.svg)\n\n")
	fmt.Fprintf(w, "| contender | hits/s | p50 | p99 | p99.9 | sent late, p99 | resident | at most "+
		"|\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for i, c := range m.contenders {
		a, r := m.answers[i], m.resident[i]
		fmt.Fprintf(w, "| %s | %.0f | %.0f µs | %.0f µs | %.0f µs | %.0f µs | %.1f MiB | %.1f MiB |\n", c.name, a.rate,
			micro(a.p50), micro(a.p99), micro(a.p999),
			micro(a.late), float64(r.now)/(1<<20), float64(r.most)/(1<<20))
	}
}

// ratios are a contender's CPU a hit against the first one's, by round.
func (m *measurement) ratios(i int) []float64 {
	ratios := make([]float64, len(m.results[i]))
	for r := range ratios {
		ratios[r] = float64(m.results[i][r].cpu) / float64(m.results[0][r].cpu)
	}
	return ratios
}

// sizes is how many bytes a hit has on average.
func (m *measurement) sizes(of interface {
	Append(dst []byte, serial uint64) []byte
}) float64 {
	const some = 1000
	sum, room := 0, []byte(nil)
	for serial := range uint64(some) {
		room = of.Append(room[:0], serial)
		sum += len(room)
	}
	return float64(sum) / some
}

func met(is bool) string {
	if is {
		return "met"
	}
	return "not met"
}

// ratioPicture is the first table as a picture.
func (m *measurement) ratioPicture() []byte {
	var all []plot.Bar
	for i, c := range m.contenders {
		ratios := m.ratios(i)
		all = append(all, plot.Bar{Label: c.name, Value: median(ratios), Low: slices.Min(ratios), Top: slices.Max(ratios),
			Goal: c.goal, Ours: !c.other})
	}
	return plot.Bars("CPU a hit, as a ratio to nginx's proxy_pass",
		"A bar for each contender, its rounds as a line, goals dashed. The figures are in bench/RESULTS.md.", all)
}

// latencyPicture is the second table as a picture.
func (m *measurement) latencyPicture() []byte {
	var all []plot.Span
	for i, c := range m.contenders {
		a := m.answers[i]
		all = append(all, plot.Span{Label: c.name, P50: micro(a.p50), P99: micro(a.p99), P999: micro(a.p999), Ours: !c.other})
	}
	return plot.Spans("Answers at half of each contender's rate",
		"Three times for each contender: p50, p99 and p99.9. The figures are in bench/RESULTS.md.", all)
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
	facts := []string{fmt.Sprintf("Machine: %s, %d cores, %s, kernel %s", cpu(), cores(), memory(),
		read("/proc/sys/kernel/osrelease"))}
	facts = append(facts, loadFact(read("/proc/loadavg"), cores())...)
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
	if program, err := programOf("haproxy", "haproxy"); err == nil {
		if out, err := exec.Command(program, "-v").CombinedOutput(); err == nil {
			line, _, _ := strings.Cut(string(out), "\n")
			facts = append(facts, strings.TrimSuffix(line, " - https://haproxy.org/"))
		}
	}
	return facts
}

// loadFact says what else was at work, as /proc/loadavg has it, and whether that is too much for figures to be held
// against others: those who measure are two themselves.
func loadFact(average string, cores int) []string {
	last := strings.Fields(average)
	facts := []string{"Load average at the end, of what else was at work too (1, 5, 15 minutes): " +
		strings.Join(last[:min(3, len(last))], ", ")}
	if len(last) < 2 {
		return facts
	}
	if five, err := strconv.ParseFloat(last[1], 64); err == nil && five > float64(cores)+1 {
		facts = append(facts, "Others were at work on this machine all the while: hits/s and times are of that, and ratios "+
			"wander as the brackets say. Measure again where nothing else runs.")
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
