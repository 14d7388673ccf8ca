package main

import (
	"context"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/bench/load"
)

// settle is how long a contender may go on working after its last answer (logs, collection of garbage): that counts too.
const settle = 300 * time.Millisecond

// result is one contender's measurement in one round.
type result struct {
	cpu, user time.Duration // of the whole process, for a hit
	rate      float64       // hits a second
	p50, p99  time.Duration
}

// measurement is all of a run.
type measurement struct {
	options
	sink       *load.Sink
	contenders []contender
	results    [][]result // by contender, by round
	next       uint64     // the next serial number
}

// run warms every contender up, then measures one after another, and again: A B C D A B C D ...
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
			fmt.Printf("round %d/%d  %-30s %6.1f µs of CPU a hit  %6.0f hits/s  p99 %v\n",
				round+1, m.rounds, m.contenders[i].name, micro(r.cpu), r.rate, r.p99)
		}
	}
	if n := m.sink.Stray(); n > 0 {
		return fmt.Errorf("%d requests came to the sink when none were sent", n)
	}
	return nil
}

// one sends hits to one contender and reads what its process spent.
func (m *measurement) one(ctx context.Context, c *contender, hits int) (result, error) {
	books := load.NewBooks(m.next, uint64(hits))
	m.next += uint64(hits)
	m.sink.Open(books)
	defer m.sink.Open(nil)
	before, err := c.process.spent()
	if err != nil {
		return result{}, err
	}
	took, err := (&load.Run{Address: c.address, Conns: m.conns, Books: books, Render: c.render}).Do(ctx)
	if err != nil {
		return result{}, fmt.Errorf("%s: %w", c.name, err)
	}
	for c.waits && books.Balance(c.expect) != nil {
		if err := pause(ctx, settle); err != nil {
			return result{}, err
		}
	}
	if err := pause(ctx, settle); err != nil {
		return result{}, err
	}
	after, err := c.process.spent()
	if err != nil {
		return result{}, err
	}
	if err := books.Balance(c.expect); err != nil {
		return result{}, fmt.Errorf("%s: %w", c.name, err)
	}
	n := time.Duration(hits)
	return result{
		cpu:  (after.User + after.System - before.User - before.System) / n,
		user: (after.User - before.User) / n,
		rate: float64(hits) / took.Took.Seconds(), p50: took.P50, p99: took.P99,
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
