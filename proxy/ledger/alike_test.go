package ledger

import (
	"fmt"
	"testing"
	"time"
)

// decided are events as they are decided, over and over.
func decided() (all []Event) {
	for i := range 6 {
		e := Event{Site: "shop", Vendor: "ga4", Name: `a "name", "decision":"permit","assessment":"none"`,
			Reason: "permitted", Rungs: "r1"}
		if e.Decision = "permit"; i%2 == 1 {
			e.Decision = "deny"
		}
		if e.Activity = fmt.Sprint("activity-", i); i >= 2 {
			e.Basis, e.LIA, e.Version = "legitimate_interest", fmt.Sprint("LIA-", i), 10*i
		}
		all = append(all, e)
	}
	return all
}

// TestEventsDecidedAlike: the assessments that permitted events travelled on are remembered, and the highest number of
// a hit, however many events were decided alike before, and by whichever copy of the memory.
func TestEventsDecidedAlike(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 12, 0, 0, 5e6, time.UTC)
	r := nothing()
	observe := func(e Event) {
		t.Helper()
		var l line
		l.event(at, &e, part{})
		if err := r.observe(l.b[:len(l.b)-1]); err != nil {
			t.Fatal(err)
		}
	}
	for round := range 20 {
		for i, e := range decided() {
			e.Hit = uint64(1000 + 10*round + (i*7)%6)
			observe(e)
			if round%7 == 3 {
				r = r.clone()
			}
		}
	}
	if r.Hits != 1000+190+5 {
		t.Errorf("the highest number of a hit is %d", r.Hits)
	}
	if want := map[string]int{"LIA-2": 20, "LIA-4": 40}; fmt.Sprint(r.Facts.Seen) != fmt.Sprint(want) {
		t.Errorf("seen: %v, not %v", r.Facts.Seen, want)
	}
	newer := decided()[4]
	newer.Version++
	observe(newer)
	newer = decided()[5]
	newer.Decision, newer.Rungs = "permit", ""
	observe(newer)
	if r.Facts.Seen["LIA-4"] != 41 || r.Facts.Seen["LIA-5"] != 50 {
		t.Errorf("seen: %v", r.Facts.Seen)
	}
}

// TestKindOfARecord: it is found whatever stands in front of it.
func TestKindOfARecord(t *testing.T) {
	t.Parallel()
	for record, want := range map[string]string{
		`{"time":"2026-05-04T12:00:00.123Z","kind":"event","hit":1}`: "event",
		`{"time":"2026-05-04T12:00:00Z","kind":"shape"}`:             "shape",
		`{"time":"","kind":"shape"}`:                                 "shape",
		`{"time":1,"kind":"shape"}`:                                  "shape",
		`{"kind":"shape"}`:                                           "shape",
		`{"time":"a","x":1,"kind":"shape"}`:                          "shape",
		`{"time":"a","kind":"shape`:                                  "",
		`{"time":"a","kind":`:                                        "",
		`{"time":"a`:                                                 "",
		`{"time":"`:                                                  "",
		``:                                                           "",
	} {
		if got := string(kindOf([]byte(record))); got != want {
			t.Errorf("%s: %q, not %q", record, got, want)
		}
	}
}
