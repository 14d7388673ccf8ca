package proxy_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// ladderOfTwo are two rungs for orders, as the measured configuration (bench/warden.go) has them.
const ladderOfTwo = `activities:
  - { id: ga4-with-consent, vendor: ga4, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: ["*"] }
  - { id: ga4-orders, vendor: ga4, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: [purchase] }
`

// TestSizesOfRecords: what an ordinary hit leaves in the ledger, permitted or denied, takes no more bytes than this,
// with the line's end. What many have in common is named, and stands there once.
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
	most := map[string]int{"event": 480, "outcome": 160, "rungs": 710, "shape": 560}
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

// TestAnOutcomeNamesItsEvents: those that travelled together, and no other of their hit.
func TestAnOutcomeNamesItsEvents(t *testing.T) {
	t.Parallel()
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	const batch = "en=page_view&dt=a\nen=login&dt=b\nen=page_view&dt=c"
	r.ask(t, post("/t/g/collect?v=2&tid=G-1&cid=1234567890.1700000000", yes+"Content-Type: text/plain\r\n", batch))
	r.ask(t, post("/t/g/collect?v=2&tid=G-1&cid=1234567890.1700000000", yes+"Content-Type: text/plain\r\n", "en=login"))
	outcomes := r.records(t, "outcome")
	if len(outcomes) != 1 || gjson.Get(outcomes[0], "events").Raw != "[0,2]" ||
		gjson.Get(outcomes[0], "outcome").Str != "delivered" {
		t.Errorf("%q", outcomes)
	}
}

// ordinal tells which one of the numbers it is, by the order in which they were asked for: "(1)" is the first.
func ordinal(asked *[]string, number string) string {
	if !slices.Contains(*asked, number) {
		*asked = append(*asked, number)
	}
	return "(" + strconv.Itoa(slices.Index(*asked, number)+1) + ")"
}
