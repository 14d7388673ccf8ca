package ledger_test

import (
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
	l, err := ledger.Open(ledger.Options{Dir: b.TempDir(), Now: time.Now, Disk: disk}, ledger.Note{Kind: ledger.KindStart})
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

// BenchmarkAppend is the cost of a record without that of the disk.
func BenchmarkAppend(b *testing.B) { benchmarkAppend(b, new(nowhere)) }

func BenchmarkAppendToDisk(b *testing.B) { benchmarkAppend(b, nil) }

func BenchmarkOutcome(b *testing.B) {
	l, err := ledger.Open(ledger.Options{Dir: b.TempDir(), Now: time.Now, Disk: new(nowhere)}, ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		b.Fatal(err)
	}
	o := ledger.Outcome{Hit: 1795512345678901, Events: []int{0}, Vendor: "ga4", Outcome: "delivered", Why: "ok", Status: 204}
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Outcome(o); err != nil {
			b.Fatal(err)
		}
	}
}
