package ledger_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// full is a record with every member that a hit to GA4 has.
func full() ledger.Event {
	return ledger.Event{
		Hit: 1795512345678901, Index: 0, Site: "shop", Vendor: "ga4", Name: "page_view", Decision: "permit", Reason: "permitted",
		Activity: "ga4-with-consent", Basis: "consent", Rungs: "fedcba9876543210",
		Subjects: [][16]byte{{1}, {2}}, Shape: "0123456789abcdef", In: 912, Out: 411, Salt: [16]byte{3}, Digest: [32]byte{4},
	}
}

func benchmarkAppend(b *testing.B, disk durable.Disk) {
	l, err := ledger.Open(ledger.Options{Dir: b.TempDir(), Now: time.Now, Disk: disk, Size: 1 << 60}, ledger.Note{Kind: ledger.KindStart})
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
	o := ledger.Outcome{Hit: 1795512345678901, Events: []int{0}, Vendor: "ga4", Outcome: "delivered", Why: "ok", Status: 204}
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
