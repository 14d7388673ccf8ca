package recompute_test

import (
	"context"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
	"github.com/tagwarden/tagwarden/rules"
)

// BenchmarkRun recomputes from a log of events and their outcomes: a record is one of them.
func BenchmarkRun(b *testing.B) {
	s := tell(b)
	for n := range 50_000 {
		subject := byte(n)
		if n%1000 == 0 {
			s.objects(subject, "ads")
		}
		s.end(s.event("page_view", subject), ledger.Delivered, "")
	}
	s.must(s.l.Close())
	o := recompute.Options{Dir: s.dir, Compile: func(string) (*rules.Policy, error) { return policy(), nil }}
	records := uint64(0)
	for b.Loop() {
		r, err := recompute.Run(context.Background(), o)
		s.must(err)
		if len(r.Findings) > 0 {
			b.Fatal(r.Findings[0].String())
		}
		records += r.Records
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}
