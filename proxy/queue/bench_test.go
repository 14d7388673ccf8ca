package queue

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// used is the CPU time of this process.
func used() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchEvent(n uint64) Event {
	return Event{
		Name: Name{Hit: n}, Vendor: "ga4", Role: []byte("main"), Time: time.Unix(1_800_000_000, 0), TTL: time.Hour,
		Subjects: make([][16]byte, 2), Facts: make([]byte, 120), Method: []byte("POST"), Path: []byte("/g/collect"),
		Query: make([]byte, 400), Body: make([]byte, 300),
	}
}

// BenchmarkPut adds events of some 900 bytes from so many goroutines, each waiting for the disk, and has them
// ended; cpu-µs is the CPU of one, its share of the syncs among it.
func BenchmarkPut(b *testing.B) {
	for _, ends := range []bool{false, true} {
		for _, writers := range []int{1, 32, 256} {
			b.Run(fmt.Sprintf("ends=%v/writers=%d", ends, writers), func(b *testing.B) {
				o := options(b.TempDir(), &diary{}, newClock())
				o.Now, o.Tend, o.Sync, o.Size, o.Disk = time.Now, time.Second, 0, 1<<40, nil
				q := opened(b, o)
				var number atomic.Uint64
				b.SetParallelism(max(writers/2, 1))
				b.ReportAllocs()
				b.ResetTimer()
				before := used()
				b.RunParallel(func(pb *testing.PB) {
					var read Event
					events := []Event{benchEvent(0)}
					for pb.Next() {
						events[0].Name.Hit = number.Add(1)
						if err := added1(q, events...); err != nil {
							b.Error(err)
						}
						if !ends {
							continue
						}
						it, ok := q.Next("ga4", Due)
						if !ok {
							continue
						}
						if err := q.Read(it, &read); err != nil {
							b.Error(err)
						}
						_ = q.End(nil, it)
					}
				})
				b.ReportMetric(float64((used()-before).Nanoseconds())/1000/float64(b.N), "cpu-µs/op")
			})
		}
	}
}

// BenchmarkStart opens a queue of a million events of some 900 bytes.
func BenchmarkStart(b *testing.B) {
	const many = 1_000_000
	dir, d := b.TempDir(), &diary{}
	o := options(dir, d, newClock())
	q := opened(b, o)
	events := make([]Event, 1000)
	for n := 0; n < many; n += len(events) {
		for i := range events {
			events[i] = benchEvent(uint64(n + i))
		}
		add(b, q, events...)
		if n%100_000 == 0 {
			_ = q.Tend()
		}
	}
	_ = q.Close()
	for b.Loop() {
		q := opened(b, o)
		if n := q.Stats().Vendors[0].Events; n != many {
			b.Fatal(n)
		}
		_ = q.Close()
	}
}
