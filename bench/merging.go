package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/tagwarden/tagwarden/bench/load"
	"github.com/tagwarden/tagwarden/bench/proc"
)

// mergeGoal is what delivering events in one request may cost at most, against a request each.
const mergeGoal = 0.5

// held is how long answers of a stand-in may be held: vendors have 3 s to answer.
const held = 2500 * time.Millisecond

// merging is all of a run that measures what merging saves.
type merging struct {
	options
	sink    *load.Sink
	wardens [2]warden // together, apart
	next    uint64    // the next serial number
}

// warden is a running tagwarden.
type warden struct {
	process *process
	address string
}

// mergeCost is what one vendor's events cost in one measurement.
type mergeCost struct {
	deliver, all time.Duration // CPU of the process an event: of delivering it, and of receiving it too
	requests     float64       // events in a request, on average
}

// mergeResult is a vendor's, by round.
type mergeResult struct {
	vendor          string
	together, apart []mergeCost
}

func runMerging(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "tagwarden-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	m := merging{options: o, next: 1_000_000}
	if m.sink, err = load.NewSink(serialMark); err != nil {
		return fmt.Errorf("cannot open the sink: %w", err)
	}
	defer m.sink.Close()
	var started processes
	defer func() { err = errors.Join(err, started.end()) }()
	if err := m.start(ctx, dir, &started); err != nil {
		return err
	}
	results, err := m.run(ctx)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	m.write(&text, results, machine(), time.Now())
	fmt.Print("\n", text.String())
	return writeDown(o.out, text.String())
}

// start starts one tagwarden whose vendors take several events in one request, and one whose vendors take one.
func (m *merging) start(ctx context.Context, dir string, started *processes) error {
	if err := build(ctx, dir, "./cmd/tagwarden"); err != nil {
		return err
	}
	show := func(id string) ([]byte, error) {
		return exec.CommandContext(ctx, filepath.Join(dir, "tagwarden"), "catalog", "show", id).Output()
	}
	for i, most := range []int{m.events, 1} {
		files, err := mergeFiles(show, most)
		if err != nil {
			return err
		}
		config, err := writeFiles(filepath.Join(dir, strconv.Itoa(most)), files, "UPSTREAM", m.sink.Address())
		if err != nil {
			return err
		}
		if m.wardens[i].process, m.wardens[i].address, err = serve(ctx, started, dir, config); err != nil {
			return err
		}
	}
	return nil
}

// run measures every vendor together and apart, and again.
func (m *merging) run(ctx context.Context) ([]mergeResult, error) {
	var all []mergeResult
	for _, v := range mergeVendors {
		if m.only != "" && m.only != v.id {
			continue
		}
		r := mergeResult{vendor: v.id}
		hit := load.NewTemplate(v.hit)
		m.sink.Say(v.answer)
		for round := range m.rounds + 1 { // the first one warms up
			together, err := m.measure(ctx, &m.wardens[0], hit)
			if err != nil {
				return nil, fmt.Errorf("%s, together: %w", v.id, err)
			}
			apart, err := m.measure(ctx, &m.wardens[1], hit)
			if err != nil {
				return nil, fmt.Errorf("%s, apart: %w", v.id, err)
			}
			if apart.requests != 1 {
				return nil, fmt.Errorf("%s, apart: %.2f events in a request, 1 is wanted", v.id, apart.requests)
			}
			if round == 0 {
				continue
			}
			r.together, r.apart = append(r.together, together), append(r.apart, apart)
			fmt.Printf("round %d/%d  %-12s together %5.1f µs of CPU an event, %4.1f in a request; apart %5.1f µs; ratio %.2f\n",
				round, m.rounds,
				v.id, micro(together.deliver), together.requests, micro(apart.deliver),
				float64(together.deliver)/float64(apart.deliver))
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no vendor %q takes several events in one request", m.only)
	}
	return all, nil
}

// errLate is of a measurement during which a vendor held its answers for so long that it
// may have been taken for one that hangs.
var errLate = fmt.Errorf(
	"hits took more than %v to queue up, and a vendor's answer is not waited for much longer: send fewer (-hits)", held)

// tries is how often a measurement is made that was late.
const tries = 5

// measure has the measurement made again that was late: others may be at work on this machine.
func (m *merging) measure(ctx context.Context, w *warden, hit *load.Template) (cost mergeCost, err error) {
	for range tries {
		if cost, err = m.one(ctx, w, hit); !errors.Is(err, errLate) {
			break
		}
	}
	return cost, err
}

// one has events queue up while the vendor holds its first answers, then has it go on, and reads what the process
// spent on the way of the others to it.
func (m *merging) one(ctx context.Context, w *warden, hit *load.Template) (cost mergeCost, err error) {
	if err := pause(ctx, settle); err != nil { // what the one before has left to do is not this one's
		return cost, err
	}
	books := load.NewBooks(m.next, uint64(m.hits))
	m.next += uint64(m.hits)
	pid := w.process.cmd.Process.Pid
	m.sink.Open(books)
	defer m.sink.Open(nil)
	m.sink.Hold()
	defer m.sink.Release()
	begun := time.Now()
	before, err := proc.Ran(pid)
	if err != nil {
		return cost, err
	}
	if _, err := (&load.Run{Address: w.address, Conns: m.conns, Books: books, Render: hit.Append}).Do(ctx); err != nil {
		return cost, err
	}
	if err := pause(ctx, settle); err != nil {
		return cost, err
	}
	if n := m.sink.Waiting(); n != mergeWorkers {
		if time.Since(begun) > held { // some were given up, and made again
			m.sink.Release()
			return cost, cmp.Or(arrive(ctx, books, load.Repeated), errLate)
		}
		return cost, fmt.Errorf("%d requests wait for their answers, %d are wanted", n, mergeWorkers)
	}
	first, askedFirst := books.HaveArrived(), m.sink.Requests()
	queued, err := proc.Ran(pid)
	if err != nil {
		return cost, err
	}
	m.sink.Release()
	if time.Since(begun) > held {
		return cost, cmp.Or(arrive(ctx, books, load.Repeated), errLate)
	}
	if err := arrive(ctx, books, load.All); err != nil {
		return cost, err
	}
	after, err := proc.Ran(pid)
	if err != nil {
		return cost, err
	}
	n, left := int64(m.hits), int64(m.hits)-first
	if left < n/2 {
		return cost, fmt.Errorf("%d of %d events had left before it was measured: send more (-hits)", first, n)
	}
	askedFirst = m.sink.Requests() - askedFirst
	return mergeCost{
		deliver: (after - queued) / time.Duration(left), all: (after - before) / time.Duration(n),
		requests: float64(left) / float64(askedFirst),
	}, nil
}

// arrive waits until every event has arrived as it has to, and what comes behind that is done.
func arrive(ctx context.Context, books *load.Books, e load.Expect) error {
	const patience = 30 * time.Second
	late := time.Now().Add(patience)
	for books.Balance(e) != nil {
		if time.Now().After(late) {
			return books.Balance(e)
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	if err := pause(ctx, settle); err != nil {
		return err
	}
	return books.Balance(e)
}

func (m *merging) write(w *bytes.Buffer, results []mergeResult, facts []string, now time.Time) {
	fmt.Fprintf(w, "# What merging saves\n\nWritten by `make bench-merging` on %s. CPU time of the process (user and "+
		"system, all threads) for each event that is\ndelivered, where at most %d travel in one request, against a request "+
		"each: ratios within a round, their median, with the lowest and the\nhighest in brackets. The goal is %.1f.\n\n",
		now.Format("2006-01-02"), m.events, mergeGoal)
	fmt.Fprint(w, "| vendor | events in a request | CPU an event, together | a request each | ratio | holds | ratio "+
		"with receiving |\n|---|--:|--:|--:|--:|---|--:|\n")
	for _, r := range results {
		deliver := func(c mergeCost) float64 { return micro(c.deliver) }
		ratios, whole := r.ratios()
		holds := "yes"
		if median(ratios) > mergeGoal {
			holds = "no"
		}
		fmt.Fprintf(w, "| %s | %.1f | %.1f µs | %.1f µs | %.2f (%.2f-%.2f) | %s | %.2f |\n", r.vendor,
			medianOf(r.together, func(c mergeCost) float64 {
				return c.requests
			}), medianOf(r.together, deliver), medianOf(r.apart, deliver),
			median(ratios), slices.Min(ratios), slices.Max(ratios), holds, median(whole))
	}
	fmt.Fprintf(w, "\n- %d rounds and one to warm up, in each both with %d events of as many visitors (snowplow, which "+
		"ties a request to one browser: fifty events each).\n", m.rounds, m.hits)
	fmt.Fprintf(w, "- Two processes of one build on a core of their own, in turn: one with vendor files as the catalog "+
		"has them (`tagwarden catalog show`), but for at most %d events (Matomo: 25, as there); one with the same files "+
		"without `merge`. %d requests at once to a vendor.\n", m.events, mergeWorkers)
	fmt.Fprintf(w, "- Events queue up while the vendor holds its first answers. Delivering is what the process does "+
		"from then on: reading the queue, judging again, merging, sending, recording attempts and outcomes.\n")
	fmt.Fprintf(w, "- Every event is accounted for: sent, answered with 2xx, arrived once. A run whose books do not "+
		"balance gives no figures.\n")
	for _, f := range facts {
		fmt.Fprintf(w, "- %s\n", f)
	}
}

// ratios are those of delivering, and of receiving and delivering, by round.
func (r *mergeResult) ratios() (deliver, all []float64) {
	for i := range r.together {
		deliver = append(deliver, float64(r.together[i].deliver)/float64(r.apart[i].deliver))
		all = append(all, float64(r.together[i].all)/float64(r.apart[i].all))
	}
	return deliver, all
}
