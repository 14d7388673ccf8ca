package cluster

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// BenchmarkAppend measures appends on three servers in this process that sync every write, from one writer and from
// many, on one node and on two.
func BenchmarkAppend(b *testing.B) {
	c := startServers(b)
	x, y := join(b, c, "x", nil), join(b, c, "y", nil)
	caughtUp(b, x, y)
	for _, writers := range []int{1, 64, 1024} {
		for _, nodes := range [][]*member{{x}, {x, y}} {
			b.Run(fmt.Sprintf("writers=%d/nodes=%d", writers, len(nodes)), func(b *testing.B) {
				var (
					all  sync.WaitGroup
					mu   sync.Mutex
					took []time.Duration
				)
				body := make([]byte, 200)
				for w := range writers {
					all.Go(func() {
						for i := w; i < b.N; i += writers {
							start := time.Now()
							if _, err := nodes[w%len(nodes)].Append(b.Context(), id(i), body); err != nil {
								b.Error(err)
							}
							mu.Lock()
							took = append(took, time.Since(start))
							mu.Unlock()
						}
					})
				}
				all.Wait()
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
			})
		}
	}
}

// BenchmarkApplied measures how long after an append is begun another node has applied it.
func BenchmarkApplied(b *testing.B) {
	c := startServers(b)
	came := make(chan Act, 1)
	x := join(b, c, "x", nil)
	y := join(b, c, "y", func(o *Options) {
		o.Apply = func(acts []Act, _ Position) error {
			came <- acts[len(acts)-1]
			return nil
		}
	})
	caughtUp(b, x, y)
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := x.Append(b.Context(), id(0), nil); err != nil {
			b.Fatal(err)
		}
		<-came
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkReadAnew measures how long a node that begins takes to be handed 50,000 acts, fifty an entry.
func BenchmarkReadAnew(b *testing.B) {
	c := startServers(b)
	x := join(b, c, "x", nil)
	const acts = 50_000
	var all sync.WaitGroup
	for w := range 100 {
		all.Go(func() {
			for i := range acts / 100 {
				if _, err := x.Append(b.Context(), id(w*acts+i), make([]byte, 200)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	for b.Loop() {
		y := join(b, c, "y", nil)
		caughtUp(b, y)
		if got, _ := y.applied(); len(got) != acts {
			b.Errorf("%d acts", len(got))
		}
		_ = y.Close()
	}
	b.ReportMetric(float64(acts*b.N)/b.Elapsed().Seconds(), "acts/s")
}
