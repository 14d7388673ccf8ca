package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tagwarden/tagwarden/bench/load"
)

// What has to hold while a vendor hangs and another fails.
const (
	share         = 0.6 // of what is measured as the most: hits a second
	answerGoal    = 5 * time.Millisecond
	fineGoal      = 0.9              // of the events a second that the fine vendor gets where all are fine
	recoverWithin = 90 * time.Second // until all has arrived at vendors that are back
	diskTimes     = 500              // how often the disk's own time is taken, each time
)

// hanging is all of a run that measures what visitors and other vendors notice of vendors that hang and fail.
type hanging struct {
	options
	vendors []hangingVendor
	sinks   []*load.Sink
	warden  warden
	dir     string // on the disk that it writes to
	disk    disk
	next    uint64
	most    float64 // hits a second that are answered and delivered, all vendors fine
}

// hangingResult is how one state went.
type hangingResult struct {
	p50, p99, p999, longest time.Duration // of the answer, from the moment at which the hit was due
	late                    time.Duration // p99 of how long after that it was sent
	fine                    float64       // events a second at the fine vendor
	cpu                     float64       // share of its core that the process took
}

func runHanging(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "tagwarden-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	h := hanging{options: o, vendors: hangingVendors(), dir: dir, next: 1_000_000}
	defer func() {
		for _, s := range h.sinks {
			s.Close()
		}
	}()
	var started processes
	defer func() { err = errors.Join(err, started.end()) }()
	if err := h.start(ctx, dir, &started); err != nil {
		return err
	}
	all, broken, err := h.run(ctx)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	h.write(&text, all, broken, append(machine(), h.disk.fact()), time.Now())
	fmt.Print("\n", text.String())
	return writeDown(o.out, text.String())
}

func (h *hanging) start(ctx context.Context, dir string, started *processes) error {
	var words []string
	for _, v := range h.vendors {
		sink, err := load.NewSink(v.marker)
		if err != nil {
			return fmt.Errorf("cannot open a sink: %w", err)
		}
		sink.Say(v.answer)
		h.sinks = append(h.sinks, sink)
		words = append(words, v.at, sink.Address())
	}
	if err := build(ctx, dir, "./cmd/tagwarden"); err != nil {
		return err
	}
	config, err := writeFiles(filepath.Join(dir, "queued"), hangingFiles(), append(words, "MODE", "queued")...)
	if err != nil {
		return err
	}
	h.warden.process, h.warden.address, err = serve(ctx, started, dir, config)
	return err
}

// run measures how much there can be, then both states in turn.
func (h *hanging) run(ctx context.Context) (all, broken []hangingResult, err error) {
	if h.rate <= 0 {
		for warm := range 2 {
			if h.most, err = h.capacity(ctx); err != nil {
				return nil, nil, fmt.Errorf("as many hits as can be: %w", err)
			}
			fmt.Printf("as many as can be, %d/2: %.0f hits/s answered and delivered\n", warm+1, h.most)
		}
		h.rate = share * h.most
	}
	if err := h.disk.measure(h.dir, diskTimes); err != nil {
		return nil, nil, err
	}
	for round := range h.rounds {
		fine, err := h.state(ctx, uint64(round), false)
		if err != nil {
			return nil, nil, fmt.Errorf("all fine: %w", err)
		}
		if err := h.disk.measure(h.dir, diskTimes); err != nil {
			return nil, nil, err
		}
		bad, err := h.state(ctx, uint64(round), true)
		if err != nil {
			return nil, nil, fmt.Errorf("one hangs, one fails: %w", err)
		}
		if err := h.disk.measure(h.dir, diskTimes); err != nil {
			return nil, nil, err
		}
		all, broken = append(all, fine), append(broken, bad)
		fmt.Printf("round %d/%d  all fine: p99 %v, %.0f events/s at the fine vendor; one hangs, one fails: p99 %v, %.0f "+
			"events/s\n",
			round+1, h.rounds, fine.p99, fine.fine, bad.p99, bad.fine)
	}
	for i, s := range h.sinks {
		if n := s.Stray(); n > 0 {
			return nil, nil, fmt.Errorf("%d requests came to %s when none were sent", n, h.vendors[i].name)
		}
	}
	return all, broken, nil
}

// books opens new ones for so many hits of each vendor.
func (h *hanging) books(each int) []load.Stream {
	var all []load.Stream
	for i, v := range h.vendors {
		books := load.NewBooks(h.next, uint64(each))
		h.next += uint64(each)
		h.sinks[i].Open(books)
		all = append(all, load.Stream{Books: books, Render: v.render})
	}
	return all
}

// settleAll waits until all has arrived, and closes the books.
func (h *hanging) settleAll(ctx context.Context, streams []load.Stream) error {
	within, cancel := context.WithTimeoutCause(ctx, recoverWithin, errors.New("it takes too long until all has arrived"))
	defer cancel()
	for i, s := range streams {
		for s.Books.Balance(load.All) != nil {
			if err := pause(within, 5*time.Millisecond); err != nil {
				return fmt.Errorf("%s: %w: %w", h.vendors[i].name, err, s.Books.Balance(load.All))
			}
		}
	}
	if err := pause(ctx, settle); err != nil {
		return err
	}
	for i, s := range streams {
		if err := s.Books.Balance(load.All); err != nil {
			return fmt.Errorf("%s: %w", h.vendors[i].name, err)
		}
		h.sinks[i].Open(nil)
	}
	return nil
}

// capacity is how many hits a second are answered and delivered where each connection
// sends its next hit as soon as it may.
func (h *hanging) capacity(ctx context.Context) (float64, error) {
	each := h.hits / len(h.vendors)
	streams := h.books(each)
	from := time.Now()
	if _, err := (&load.Open{Address: h.warden.address, Conns: h.conns, Streams: streams}).Do(ctx); err != nil {
		return 0, err
	}
	arrived := func() (n int64) {
		for _, s := range streams {
			n += s.Books.HaveArrived()
		}
		return n
	}
	for all := int64(each * len(streams)); arrived() < all && time.Since(from) < recoverWithin; {
		if err := pause(ctx, time.Millisecond); err != nil {
			return 0, err
		}
	}
	took := time.Since(from)
	return float64(each*len(streams)) / took.Seconds(), h.settleAll(ctx, streams)
}

// state sends hits at their moments, all vendors fine or not, and then has those that
// were not be fine, until all has arrived.
func (h *hanging) state(ctx context.Context, seed uint64, broken bool) (r hangingResult, err error) {
	streams := h.books(int(h.rate*float64(h.seconds)) / len(h.vendors))
	for i, s := range h.sinks {
		if broken {
			s.Behave(h.vendors[i].manner)
		}
		defer s.Behave(load.Takes)
	}
	before, err := h.warden.process.spent()
	if err != nil {
		return r, err
	}
	got, err := (&load.Open{Address: h.warden.address, Conns: h.conns, Rate: h.rate, Seed: seed, Streams: streams}).Do(ctx)
	if err != nil {
		return r, err
	}
	fine := streams[0].Books.HaveArrived()
	after, err := h.warden.process.spent()
	if err != nil {
		return r, err
	}
	for i, s := range streams[1:] {
		if n := s.Books.HaveArrived(); broken && n > 0 {
			return r, fmt.Errorf("%d events were taken by %s, which takes none", n, h.vendors[i+1].name)
		}
	}
	for _, s := range h.sinks {
		s.Behave(load.Takes)
	}
	at := func(percent float64) time.Duration {
		return time.Duration(got.Answered.ValueAtQuantile(percent)) * time.Microsecond
	}
	r = hangingResult{
		p50: at(50), p99: at(99), p999: at(99.9), longest: time.Duration(got.Answered.Max()) * time.Microsecond,
		late: time.Duration(got.Late.ValueAtQuantile(99)) * time.Microsecond,
		fine: float64(fine) / got.Took.Seconds(),
		cpu:  (after.User + after.System - before.User - before.System).Seconds() / got.Took.Seconds(),
	}
	return r, h.settleAll(ctx, streams)
}

func (h *hanging) write(w *bytes.Buffer, all, broken []hangingResult, facts []string, now time.Time) {
	fmt.Fprintf(w, "# What a vendor that hangs costs the others\n\nWritten by `make bench-hanging` on %s. Hits of three "+
		"vendors of one policy, queued, each due at a moment of its own whether those before\nwere answered or not; times "+
		"are from that moment to the SDK's answer (HDR histogram; medians of the rounds). What has to hold: p99 below "+
		"%v,\nand at least %.0f %% of the events a second that the fine vendor gets where all three are fine.\n\n",
		now.Format("2006-01-02"), answerGoal, 100*fineGoal)
	fmt.Fprint(w, "| state | p50 | p99 | p99.9 | longest | sent late, p99 | events/s at the fine vendor | core busy "+
		"|\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, s := range []struct {
		name string
		of   []hangingResult
	}{{"all three fine", all}, {"one hangs, one answers 500, one is fine", broken}} {
		ms := func(value func(hangingResult) time.Duration) float64 {
			return medianOf(s.of, func(r hangingResult) float64 { return micro(value(r)) / 1000 })
		}
		fmt.Fprintf(w, "| %s | %.2f ms | %.2f ms | %.2f ms | %.1f ms | %.2f ms | %.0f | %.0f %% |\n", s.name,
			ms(func(r hangingResult) time.Duration { return r.p50 }), ms(func(r hangingResult) time.Duration { return r.p99 }),
			ms(func(r hangingResult) time.Duration {
				return r.p999
			}), ms(func(r hangingResult) time.Duration { return r.longest }),
			ms(func(r hangingResult) time.Duration {
				return r.late
			}), medianOf(s.of, func(r hangingResult) float64 { return r.fine }),
			medianOf(s.of, func(r hangingResult) float64 { return 100 * r.cpu }))
	}
	ratio, p99 := ratiosOfFine(all, broken), medianOf(broken, func(r hangingResult) float64 { return float64(r.p99) })
	fmt.Fprintf(w, "\n- p99 while one hangs and one fails: %v, %s. The fine vendor's events a second against all three "+
		"fine: %.3f, %s.\n",
		time.Duration(p99).Round(10*time.Microsecond), holds(p99 < float64(answerGoal)), median(ratio),
		holds(median(ratio) >= fineGoal))
	fmt.Fprintf(w, "- An answer waits for the sync that is under way, and then for its own: p99 is %.2f times the "+
		"disk's own p99 of %v in this run.\n",
		p99/float64(h.disk.at(99)), h.disk.at(99).Round(10*time.Microsecond))
	load := fmt.Sprintf("%.0f hits/s", h.rate)
	if h.most > 0 {
		load += fmt.Sprintf(": %.0f %% of %.0f hits/s, which were answered and delivered when each of %d connections sent "+
			"as fast as it could", 100*share, h.most, h.conns)
	}
	fmt.Fprintf(w, "- Load: %s. Pauses are random (exponential), the same in both states of a round. %d rounds of %d s "+
		"in each state.\n", load, h.rounds, h.seconds)
	fmt.Fprintf(w, "- ga4 is fine, one request an event; segment answers 500; amplitude takes connections and requests, "+
		"and never answers.\n")
	fmt.Fprintf(w, "- Every hit is accounted for: answered with 2xx; arrived once at the fine vendor; and once at the "+
		"others, soon after they are back.\n")
	fmt.Fprintf(w, "- tagwarden has a core of its own; generator and stand-ins share another, and what they wait for "+
		"one another is in the times (sent late).\n")
	for _, f := range facts {
		fmt.Fprintf(w, "- %s\n", f)
	}
}

// ratiosOfFine are the fine vendor's events a second, one state against the other, by round.
func ratiosOfFine(all, broken []hangingResult) []float64 {
	ratios := make([]float64, len(all))
	for i := range all {
		ratios[i] = broken[i].fine / all[i].fine
	}
	return ratios
}

func holds(is bool) string {
	if is {
		return "holds"
	}
	return "does not hold"
}
