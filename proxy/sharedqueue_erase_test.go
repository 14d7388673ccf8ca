package proxy_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/cluster/natstest"
)

// testSharedErase: whoever has a person erased at one node has what waits of them end at each, what nobody has taken,
// too; what came later is another's. A node that is away is named, and does it when it is back.
func testSharedErase(t *testing.T, s *natstest.Servers) {
	v := startVendor(t)
	v.answers(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "3600") // all of it waits
		w.WriteHeader(503)
	})
	urls, cut := s.Relays(t)
	away, b := sharedNode(t, v.URL, urls, "away"), sharedNode(t, v.URL, s.URLs(), "b")
	a := sharedNode(t, v.URL, s.URLs(), "a")
	for range 6 { // of the person, and of others
		away.accepts(t, append(hitsOf(ga4Hit, 100, 103), ga4Hit(7))...)
		a.accepts(t, append(hitsOf(ga4Hit, 100, 103), ga4Hit(7))...)
	}
	until(t, "all are taken", func() bool { return away.Pending()+a.Pending()+b.Pending() == 48 })
	until(t, "some wait at each", func() bool { return min(away.Pending(), a.Pending(), b.Pending()) > 0 })
	asked := a.erased(t, 7)
	if got := asked.Get("queue.nodes").Array(); len(got) > 0 {
		t.Errorf("%v are said to hold something still", got)
	}
	until(t, "what waited of them has ended", func() bool { return away.Pending()+a.Pending()+b.Pending() == 36 })
	ended := 0
	for _, r := range []*running{away, a, b} {
		ended += r.outcomes(t)["dropped erased"]
	}
	if ended != 12 {
		t.Errorf("%d events of the person ended", ended)
	}
	a.accepts(t, ga4Hit(7)) // they come again: that is another hit
	until(t, "it waits", func() bool { return away.Pending()+a.Pending()+b.Pending() == 37 })
	cut(true)
	left := a.erased(t, 7).Get("queue.nodes").Array()
	if len(left) != 1 || left[0].Str != "away" {
		t.Errorf("%v are said to hold something still", left)
	}
	waiting := func() int { return away.Pending() + a.Pending() + b.Pending() }
	cut(false)
	until(t, "the one that was away does it when it is back", func() bool {
		return len(a.erased(t, 7).Get("queue.nodes").Array()) == 0 && waiting() == 36
	})
	stops(t, away, a, b)
	others := startVendor(t)
	c := sharedNode(t, others.URL, s.URLs(), "c")
	until(t, "what waits of others arrives", func() bool { return len(others.serials()) == 36 && c.onCluster(t) == 0 })
	until(t, "that is all", func() bool { return c.Pending() == 0 })
	stops(t, c)
	if slices.Contains(others.serials(), "serial7x") {
		t.Error("an event of the person leaves later")
	}
	for line := range strings.Lines(a.ledger(t)) {
		if gjson.Get(line, "kind").Str == "event" && strings.Contains(line, "serial7x") &&
			gjson.Get(line, "subjects.0").Exists() {
			t.Errorf("a record is there still: %s", line)
		}
	}
}

// erased has a person's records go.
func (r *running) erased(t *testing.T, person int) gjson.Result {
	t.Helper()
	w := r.operate("POST", "/ledger/erase",
		fmt.Sprintf(`{"ids":{"client_id:ga4":["%d.1700000000"]},"because":"they asked"}`, 1_000_000_000+person))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return gjson.ParseBytes(w.Body.Bytes())
}
