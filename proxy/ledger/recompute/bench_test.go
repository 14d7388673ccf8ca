package recompute_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
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
	var promised []recompute.Promise
	for n := range 20 {
		of := class(hit.URL)
		of.Events = rules.EventNamesOf([]string{fmt.Sprint("event_", n)})
		promised = append(promised, never(fmt.Sprint("p", n), of))
	}
	for _, n := range []int{0, 1, 20} {
		b.Run(fmt.Sprint(n, " promises"), func(b *testing.B) {
			if n > 0 {
				promising(map[string][]recompute.Promise{digest: promised[:n]})(&o)
			}
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
			o.Promises = nil
		})
	}
}
