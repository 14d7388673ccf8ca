package proxy_test

import (
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/cluster/natstest"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// BenchmarkSharedAccept is what it takes to accept an event where the queue is on the cluster, three servers in this
// process among it: the answer's p50 and p99, and CPU of all of them together.
func BenchmarkSharedAccept(b *testing.B) {
	s := natstest.Start(b)
	v := startVendor(b)
	r := start(b, sharedFolder(b, v.URL, s.URLs(), "a"), soonSilent)
	r.ready(b)
	for _, senders := range []int{1, 32} {
		b.Run(strconv.Itoa(senders), func(b *testing.B) {
			var mu sync.Mutex
			var all []time.Duration
			var sending sync.WaitGroup
			before := cpu(b)
			b.ResetTimer()
			for n := range senders {
				sending.Go(func() {
					conn, err := rawhttp.Dial(r.hits)
					if err != nil {
						b.Error(err)
						return
					}
					defer func() { _ = conn.Close() }()
					for i := n; i < b.N; i += senders {
						began := time.Now()
						if err := conn.Send(ga4Hit(i % 100_000)); err != nil {
							b.Error(err)
							return
						}
						if a, err := conn.Answer("GET"); err != nil || a.Status != 204 {
							b.Errorf("%v %+v", err, a)
							return
						}
						mu.Lock()
						all = append(all, time.Since(began))
						mu.Unlock()
					}
				})
			}
			sending.Wait()
			b.StopTimer()
			slices.Sort(all)
			if len(all) > 0 {
				b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
				b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
				b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(len(all)), "cpu-µs/event")
			}
		})
	}
}

func cpu(b *testing.B) time.Duration {
	var of syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &of); err != nil {
		b.Fatal(err)
	}
	return time.Duration(of.Utime.Nano() + of.Stime.Nano())
}
