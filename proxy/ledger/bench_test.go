package ledger_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// full is a record with every member that a hit to GA4 has.
func full() ledger.Event {
	return ledger.Event{
		Hit: 1795512345678901, Index: 0, Site: "shop", Vendor: "ga4", Name: "page_view", Decision: "permit",
		Reason:   "permitted",
		Activity: "ga4-with-consent", Basis: "consent", Rungs: "fedcba9876543210",
		Subjects: [][16]byte{{1}, {2}}, Shape: "0123456789abcdef", In: 912, Out: 411, Salt: [16]byte{3}, Digest: [32]byte{4},
	}
}

func benchmarkAppend(b *testing.B, disk durable.Disk) {
	l, err := ledger.Open(ledger.Options{Dir: b.TempDir(), Now: time.Now, Disk: disk, Size: 1 << 60},
		ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		b.Fatal(err)
	}
	events := []ledger.Event{full()}
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Append(events, named{}); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkAppend is the cost of a record, with its place in the tree, without that of the disk.
func BenchmarkAppend(b *testing.B) { benchmarkAppend(b, new(nowhere)) }

func BenchmarkAppendToDisk(b *testing.B) { benchmarkAppend(b, nil) }

// BenchmarkAppendBy is that where many hits come at once.
func BenchmarkAppendBy(b *testing.B) {
	for _, writers := range []int{1, 32, 128} {
		b.Run(strconv.Itoa(writers), func(b *testing.B) {
			l, err := ledger.Open(ledger.Options{Dir: b.TempDir(), Now: time.Now, Disk: new(nowhere), Size: 1 << 60},
				ledger.Note{Kind: ledger.KindStart})
			if err != nil {
				b.Fatal(err)
			}
			var left atomic.Int64
			left.Store(int64(b.N))
			var all sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for range writers {
				all.Go(func() {
					events := []ledger.Event{full()}
					for left.Add(-1) >= 0 {
						if err := l.Append(events, named{}); err != nil {
							b.Error(err)
						}
					}
				})
			}
			all.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			if err := l.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkOutcome is the cost of a record that nobody waits for.
func BenchmarkOutcome(b *testing.B) {
	l, err := ledger.Open(ledger.Options{Dir: b.TempDir(), Now: time.Now, Disk: new(nowhere), Size: 1 << 60},
		ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		b.Fatal(err)
	}
	o := ledger.Outcome{Hit: 1795512345678901, Events: []int{0}, Vendor: "ga4", Outcome: "delivered",
		Why: "ok", Status: 204}
	b.ReportAllocs()
	for n := 1; b.Loop(); n++ {
		err := l.Outcome(o)
		if n%1000 == 0 { // as it goes where hits come, too
			err = l.Note(ledger.Note{Kind: ledger.KindReload})
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkSeal is what sealing a segment costs for a hit, which has a record and one of its outcome: reading it again,
// its summary, its index, and packing it. Rests are not in it: cpu-ns/hit is the CPU of the process.
func BenchmarkSeal(b *testing.B) {
	const hits = 100_000
	random := rand.New(rand.NewPCG(1, 2))
	var least time.Duration
	for n := 0; b.Loop(); n++ {
		l, err := ledger.Open(ledger.Options{Dir: b.TempDir(), Now: time.Now, Size: 1 << 60},
			ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			b.Fatal(err)
		}
		for i := range hits {
			e := full()
			e.Hit += uint64(i)
			e.Name = [...]string{"page_view", "view_item", "view_item_list", "user_engagement", "scroll"}[random.IntN(5)]
			e.Shape = fmt.Sprintf("%016x", random.IntN(40))
			for j := range e.Subjects {
				binary.LittleEndian.PutUint64(e.Subjects[j][:], uint64(random.IntN(hits/5)))
			}
			for j := range e.Digest {
				e.Digest[j] = byte(random.Uint32())
			}
			e.Salt = l.Salt()
			err := l.Append([]ledger.Event{e}, named{})
			if err == nil {
				err = l.Outcome(ledger.Outcome{Hit: e.Hit, Events: []int{0}, Outcome: "delivered"})
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		before := processTime()
		err = l.Eraser.SealAll()
		took := processTime() - before
		if err := errors.Join(err, l.Close()); err != nil {
			b.Fatal(err)
		}
		if n == 0 || took < least {
			least = took
		}
	}
	b.ReportMetric(float64(least.Nanoseconds())/hits, "cpu-ns/hit")
}

// processTime is how long the process has computed, in all threads.
func processTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
