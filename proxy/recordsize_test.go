package proxy_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// ladderOfTwo are two rungs for orders, as the measured configuration (bench/warden.go) has them.
const ladderOfTwo = `activities:
  - { id: ga4-with-consent, vendor: ga4, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: ["*"] }
  - { id: ga4-orders, vendor: ga4, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: [purchase] }
`

// TestSizesOfRecords: what an ordinary hit leaves in the ledger, permitted or denied, takes no more bytes than this, with
// the line's end. What many have in common is named, and stands there once.
func TestSizesOfRecords(t *testing.T) {
	t.Parallel()
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), map[string]string{"policy/activities.yaml": ladderOfTwo}))
	const each = 3
	for range each {
		for _, choice := range []string{"choice=yes; ", "choice=no; "} {
			r.ask(t, big(choice))
		}
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	most := map[string]int{"event": 480, "outcome": 170, "rungs": 720, "shape": 560}
	want := map[string]int{"event": 2 * each, "outcome": each, "rungs": 2, "shape": 2}
	for line := range strings.Lines(r.ledger(t)) {
		kind := gjson.Get(line, "kind").Str
		if n := most[kind]; n > 0 && len(line) > n {
			t.Errorf("%d bytes, at most %d: %s", len(line), n, line)
		}
		want[kind]--
	}
	for kind := range most {
		if want[kind] != 0 {
			t.Errorf("%d records too few of kind %s", want[kind], kind)
		}
	}
}
