package ledger_test

import (
	"fmt"
	"os"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

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
		Hit: 1, Site: "shop", Vendor: "ga4", Decision: "permit", Reason: "permitted", Activity: "counting", Shape: "5b1e",
	}}
	shapes := func(int) ledger.Shape {
		return ledger.Shape{ID: "5b1e", Kept: []string{"en"}, Changed: []string{"cid"}, Dropped: []string{"dl"}}
	}
	if err := l.Append(decided, shapes); err != nil {
		panic(err) // it was not written: nothing may leave
	}
	// Here the event leaves.
	if err := l.Outcome(ledger.Outcome{Hit: 1, Events: 1, Vendor: "ga4", Outcome: "delivered", Status: 204}); err != nil {
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
	// [event 1 permit  ]
	// [outcome 1  delivered 204]
}
