package proxy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/queue"
)

// TestEventsThatEndAlikeAreOneRecord: however many end together, each is named once, below its hit, by a record that
// says how it ended; and events stand in one record as long as they ended alike, and it fits in a line.
func TestEventsThatEndAlikeAreOneRecord(t *testing.T) {
	type ending struct{ hit, event, outcome int }
	outcomes := [][3]string{ // vendor, outcome, why
		{"segment", ledger.Delivered, delivery.WhyOK.String()}, {"segment", ledger.Dropped, "refused"},
		{"posthog", ledger.Dropped, "refused"},
	}
	var many []ending
	want := []string{}
	for hit := range 70_000 {
		many = append(many, ending{1<<60 + hit/3, hit % 3, 1})
	}
	for n := 0; n < len(many); n += mostTogether {
		want = append(want, "segment dropped refused")
	}
	for name, c := range map[string]struct {
		events  []ending
		records []string
	}{
		"nothing":                {nil, []string{}},
		"one":                    {[]ending{{7, 2, 1}}, []string{"segment dropped refused"}},
		"several of a hit":       {[]ending{{7, 0, 0}, {7, 1, 0}}, []string{"delivered"}},
		"taken, of several hits": {[]ending{{7, 0, 0}, {8, 0, 0}, {8, 3, 0}, {7, 1, 0}}, []string{"delivered"}},
		"taken, and refused": {[]ending{{7, 0, 0}, {8, 0, 1}, {9, 0, 1}},
			[]string{"delivered", "segment dropped refused"}},
		"refused by two vendors": {[]ending{{7, 0, 1}, {8, 0, 2}}, []string{"segment dropped refused",
			"posthog dropped refused"}},
		"more than fit in a line": {many, want},
	} {
		dir := t.TempDir()
		l, err := ledger.Open(ledger.Options{Dir: dir, Now: time.Now}, ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			t.Fatal(err)
		}
		records := []string{}
		e := newEndings(newDispatcher(nil, dispatchOptions{Outcome: func(o ledger.Outcome) error {
			records = append(records, strings.TrimSpace(strings.Join([]string{o.Vendor, o.Outcome, o.Why}, " ")))
			return l.Outcome(o)
		}}))
		named := map[string]int{}
		for _, one := range c.events {
			said := outcomes[one.outcome]
			named[fmt.Sprintf("%d.%d", one.hit, one.event)] = 1
			e.add(queue.Item{Name: queue.Name{Hit: uint64(one.hit), Event: uint32(one.event)}, Vendor: said[0]},
				said[1], said[2], 0)
		}
		if err := e.record(); err != nil || !slices.Equal(records, c.records) {
			t.Errorf("%s: %q, %v; want %q", name, records, err, c.records)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = ledger.Fates(dir, 0, func(hit uint64, event int, fate ledger.Fate) {
			if fate == ledger.Ended {
				named[fmt.Sprintf("%d.%d", hit, event)]--
			}
		})
		for event, left := range named {
			if left != 0 || err != nil {
				t.Errorf("%s: event %s is named %d times (%v)", name, event, 1-left, err)
			}
		}
	}
}
