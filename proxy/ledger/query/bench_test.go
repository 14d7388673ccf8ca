package query_test

import (
	"encoding/hex"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
)

// BenchmarkTail asks about a person where nothing is sealed: every record of the open segment is looked at.
func BenchmarkTail(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "ledger")
	l, err := ledger.Open(ledger.Options{Dir: dir, Now: time.Now, Node: "n", Seal: time.Hour, Size: 1 << 40},
		ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		b.Fatal(err)
	}
	d := newDice(3)
	const hits = 50_000
	for range hits {
		if err := l.Append(d.events(), d); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Sync(); err != nil {
		b.Fatal(err)
	}
	s := d.subject()
	var read uint64
	for b.Loop() {
		q := (&query.Question{}).And(query.Subject, hex.EncodeToString(s[:]))
		tally, err := query.Open(dir, query.Options{}).Ask(b.Context(), q, func(*query.Found) bool { return true })
		if err != nil {
			b.Fatal(err)
		}
		read += tally.Read
		b.ReportMetric(float64(tally.Read), "records")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(read), "ns/record")
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkMakeIndex makes the index of a packed segment again: what the ledger does in the
// background where lines of it were erased.
func BenchmarkMakeIndex(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "ledger")
	l, err := ledger.Open(ledger.Options{Dir: dir, Now: time.Now, Node: "n", Seal: time.Hour, Size: 1 << 40},
		ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		b.Fatal(err)
	}
	d := newDice(3)
	for range 50_000 {
		if err := l.Append(d.events(), d); err != nil {
			b.Fatal(err)
		}
	}
	if err := errors.Join(l.Eraser.SealAll(), l.Close()); err != nil {
		b.Fatal(err)
	}
	all, err := ledger.Segments(dir)
	if err != nil || !all[0].Packed {
		b.Fatal(all, err)
	}
	records := 0
	for b.Loop() {
		if err := ledger.MakeIndex(all[0], nil, nil); err != nil {
			b.Fatal(err)
		}
		records += int(all[0].End - all[0].First)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
}
