package main

import (
	"context"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/bench/load"
)

// settle is how long a contender may go on working after its last answer (logs,
// collection of garbage): that counts too.
const settle = 300 * time.Millisecond

// result is one contender's measurement in one round.
type result struct {
	cpu, user time.Duration // of the whole process, for a hit
	rate      float64       // hits a second
}

// answers are how long answers take where hits come at half of a contender's own rate,
// whether those before were answered or not.
type answers struct {
	rate           float64 // hits a second
	p50, p99, p999 time.Duration
	late           time.Duration // p99 of how long a hit was sent after its moment: what of that is the generator's
}

// resident is what a contender holds of memory at the end, in bytes, and held at most.
type resident struct{ now, most int64 }

// measurement is all of a run.
type measurement struct {
	options
	sink       *load.Sink
	contenders []contender
	missing    []string   // contenders whose programs are not here
	results    [][]result // by contender, by round
	answers    []answers  // by contender
	resident   []resident
	next       uint64 // the next serial number
}

// run warms every contender up, then measures one after another, and again: A B C D A B C D ... Then
// each answers hits at half of its rate.
func (m *measurement) run(ctx context.Context) error {
	m.next = 1_000_000
	for i := range m.contenders {
		if _, err := m.one(ctx, &m.contenders[i], m.warm); err != nil {
			return err
		}
	}
	for round := range m.rounds {
		for i := range m.contenders {
			r, err := m.one(ctx, &m.contenders[i], m.hits)
			if err != nil {
				return err
			}
			m.results[i] = append(m.results[i], r)
			fmt.Printf("round %d/%d  %-46s %6.1f µs of CPU a hit  %6.0f hits/s\n", round+1, m.rounds, m.contenders[i].name,
				micro(r.cpu), r.rate)
		}
	}
	for i := range m.contenders {
		c := &m.contenders[i]
		a, err := m.half(ctx, c, medianOf(m.results[i], func(r result) float64 { return r.rate })/2)
		if err != nil {
			return err
		}
		m.answers = append(m.answers, a)
		fmt.Printf("at half of its rate  %-46s p50 %v  p99 %v  p99.9 %v\n", c.name, a.p50, a.p99, a.p999)
	}
	for i := range m.contenders {
		now, most, err := m.contenders[i].process.memory()
		if err != nil {
			return err
		}
		m.resident = append(m.resident, resident{now, most})
	}
	if n := m.sink.Stray(); n > 0 {
		return fmt.Errorf("%d requests came to the sink when none were sent", n)
	}
	return nil
}

// half sends hits to one contender, each at its moment.
func (m *measurement) half(ctx context.Context, c *contender, rate float64) (answers, error) {
	books := m.books(max(int(rate*float64(m.seconds)), 1))
	defer m.sink.Open(nil)
	got, err := (&load.Open{
		Address: c.address, Conns: 4 * m.conns, Rate: rate, Seed: 1, Streams: []load.Stream{{Books: books, Render: c.render}},
	}).Do(ctx)
	if err != nil {
		return answers{}, fmt.Errorf("%s: %w", c.name, err)
	}
	if err := m.settle(ctx, c, books); err != nil {
		return answers{}, err
	}
	at := func(percent float64) time.Duration {
		return time.Duration(got.Answered.ValueAtQuantile(percent)) * time.Microsecond
	}
	return answers{rate, at(50), at(99), at(99.9), time.Duration(got.Late.ValueAtQuantile(99)) * time.Microsecond}, nil
}

// books opens new ones for so many hits.
func (m *measurement) books(hits int) *load.Books {
	books := load.NewBooks(m.next, uint64(hits))
	m.next += uint64(hits)
	m.sink.Open(books)
	return books
}

// settle waits until everything has arrived and what comes behind that is done, and holds it against the books.
func (m *measurement) settle(ctx context.Context, c *contender, books *load.Books) error {
	for late := time.Now().Add(patience); c.waits && books.Balance(c.expect) != nil && time.Now().Before(late); {
		if err := pause(ctx, settle); err != nil {
			return err
		}
	}
	if err := pause(ctx, settle); err != nil {
		return err
	}
	if err := books.Balance(c.expect); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}

// one sends hits to one contender and reads what its process spent.
func (m *measurement) one(ctx context.Context, c *contender, hits int) (result, error) {
	books := m.books(hits)
	defer m.sink.Open(nil)
	before, err := c.process.spent()
	if err != nil {
		return result{}, err
	}
	took, err := (&load.Run{Address: c.address, Conns: m.conns, Books: books, Render: c.render}).Do(ctx)
	if err != nil {
		return result{}, fmt.Errorf("%s: %w", c.name, err)
	}
	if err := m.settle(ctx, c, books); err != nil {
		return result{}, err
	}
	after, err := c.process.spent()
	if err != nil {
		return result{}, err
	}
	n := time.Duration(hits)
	return result{
		cpu:  (after.User + after.System - before.User - before.System) / n,
		user: (after.User - before.User) / n,
		rate: float64(hits) / took.Took.Seconds(),
	}, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
