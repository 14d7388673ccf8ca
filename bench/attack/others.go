package main

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tagwarden/tagwarden/bench/load"
)

// Bounds of what other visitors do: how long they wait for an answer, and how long between two hits.
const (
	othersWait = 5 * time.Second
	othersPace = 250 * time.Millisecond
)

// Tally is how other visitors fared.
type Tally struct {
	Sent     int            `json:"sent"`
	Answered int            `json:"answered"` // with 2xx
	Statuses map[string]int `json:"statuses"`
	P50      float64        `json:"p50_ms"` // of those that were answered
	P99      float64        `json:"p99_ms"`
	Most     float64        `json:"max_ms"`
}

// join adds another tally; of times the longer one counts.
func (t *Tally) join(other *Tally) *Tally {
	if t == nil {
		return other
	}
	sum := &Tally{
		Sent: t.Sent + other.Sent, Answered: t.Answered + other.Answered, Statuses: map[string]int{},
		P50: max(t.P50, other.P50), P99: max(t.P99, other.P99), Most: max(t.Most, other.Most),
	}
	for _, of := range []*Tally{t, other} {
		for status, n := range of.Statuses {
			sum.Statuses[status] += n
		}
	}
	return sum
}

// crowd is some visitors, each at an address of their own, who send an ordinary hit now and then: half of them over a
// connection that they keep, the others over a new one each time, as newcomers do.
type crowd []visitor

type visitor struct{ from, to string }

// visitors are so many of them, at a network of loopback that nobody else is at.
func visitors(to string, n int) crowd {
	var c crowd
	for i := range n {
		c = append(c, visitor{loopback("127.9", i), to})
	}
	return c
}

// serials number hits, so that no two are the same.
var serials atomic.Uint64

// watch has the crowd send hits for some time.
func (c crowd) watch(ctx context.Context, d time.Duration) *Tally {
	within, stop := context.WithTimeout(ctx, d)
	defer stop()
	return c.start(within)()
}

// start has the crowd send hits until the context ends. What it returns waits for that, and tells how it went.
func (c crowd) start(ctx context.Context) func() *Tally {
	var all sync.WaitGroup
	var mu sync.Mutex // guards what follows
	t := &Tally{Statuses: map[string]int{}}
	var took []time.Duration
	for i, v := range c {
		all.Go(func() {
			pause(ctx, othersPace*time.Duration(i)/time.Duration(len(c))) // not all at once
			v.send(ctx, i%2 == 0, func(status string, d time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				t.Sent++
				t.Statuses[status]++
				if len(status) == 3 && status[0] == '2' {
					t.Answered++
					took = append(took, d)
				}
			})
		})
	}
	return func() *Tally {
		all.Wait()
		slices.Sort(took)
		t.P50, t.P99, t.Most = at(took, 0.5), at(took, 0.99), at(took, 1)
		return t
	}
}

// send sends hits until the context ends. One that is under way then is waited for: whoever sent it waits, too.
func (v visitor) send(ctx context.Context, keep bool, note func(status string, took time.Duration)) {
	hits := load.GA4{Host: host, Cookie: choice + "=yes"}
	var l *line
	defer func() {
		if l != nil {
			_ = l.Close()
		}
	}()
	for ctx.Err() == nil {
		request := hits.Append(nil, serials.Add(1))
		from := time.Now()
		status := ""
		if l == nil {
			var err error
			if l, err = dial(context.WithoutCancel(ctx), v.from, v.to, othersWait); err != nil {
				status = word(err)
			}
		}
		if l != nil {
			var kept bool
			if status, kept = v.one(l, request); !kept || !keep {
				_ = l.Close()
				l = nil
			}
		}
		note(status, time.Since(from))
		pause(ctx, othersPace-time.Since(from))
	}
}

// one sends one hit, and tells whether the connection can be used again.
func (v visitor) one(l *line, request []byte) (status string, kept bool) {
	if err := l.SetDeadline(time.Now().Add(othersWait)); err != nil {
		return word(err), false
	}
	a, err := l.ask(request)
	if err != nil {
		return word(err), false
	}
	return strconv.Itoa(a.status), !a.last
}

// at is a quantile of sorted times, in milliseconds; 0 where there are none.
func at(sorted []time.Duration, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := min(int(share*float64(len(sorted))), len(sorted)-1)
	return float64(sorted[i].Microseconds()) / 1000
}
