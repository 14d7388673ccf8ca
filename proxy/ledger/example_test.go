package ledger_test

import (
	"fmt"
	"os"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// counted says what the names in records of counted events stand for.
type counted struct{}

func (counted) Shape(int) ledger.Shape {
	return ledger.Shape{Kept: []string{"en"}, Changed: []string{"cid"}, Dropped: []string{"dl"}}
}

func (counted) Rungs(int) ledger.Rungs {
	return ledger.Rungs{
		Policy: "3f2a", Site: "shop", Vendor: "ga4", Endpoint: "collect",
		Ladder: []ledger.Rung{{Activity: "counting", Decision: "permit", Reason: "permitted"}},
	}
}

// A decision is recorded before its event leaves, how the delivery ended after it; both are found again by what they
// say.
func Example() {
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	noon := func() time.Time { return time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC) }

	start := ledger.Note{Kind: ledger.KindStart, Policy: "3f2a", Text: "version 1.0"}
	l, err := ledger.Open(ledger.Options{Dir: dir, Node: "eu-1", Now: noon}, start)
	if err != nil {
		panic(err)
	}
	decided := []ledger.Event{{
		Hit: 1, Site: "shop", Vendor: "ga4", Decision: "permit", Reason: "permitted", Activity: "counting",
		Shape: "5b1e", Rungs: "90d2",
	}}
	if err := l.Append(decided, counted{}); err != nil {
		panic(err) // it was not written: nothing may leave
	}
	// Here the event leaves.
	if err := l.Outcome(ledger.Outcome{Hit: 1, Events: []int{0}, Vendor: "ga4", Outcome: "delivered",
		Status: 204}); err != nil {
		panic(err)
	}
	if err := l.Close(); err != nil {
		panic(err)
	}

	ofGA4 := ledger.Query{Members: map[string]string{"vendor": "ga4"}}
	err = ledger.Search(dir, ofGA4, func(record []byte) bool {
		said := gjson.GetManyBytes(record, "kind", "hit", "decision", "outcome", "status")
		fmt.Println(said)
		return true
	})
	if err != nil {
		panic(err)
	}
	// Output:
	// [rungs    ]
	// [event 1 permit  ]
	// [outcome 1  delivered 204]
}
