package proxy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestQueueOfAnEarlierVersion: what waits in a folder that the version before wrote is there, with what that knew of
// it, and leaves; nothing of it is taken to be lost.
func TestQueueOfAnEarlierVersion(t *testing.T) {
	for _, c := range []struct {
		at                           string
		delivered, unknown, departed int
	}{
		{"2026-12-01T13:00:00Z", 6, 0, 6},
		{"2026-12-02T13:00:00Z", 5, 1, 5}, // the vendor of one that it may have has forgotten that by then
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS("testdata/waiting-1")); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, "data", "keys", "state"), 0o600); err != nil {
			t.Fatal(err)
		}
		door, clock := new(scripted), newClock(c.at)
		for range 10_000 {
			door.will = append(door.will, unconnected)
		}
		r := start(t, filepath.Join(dir, "tagwarden.yaml"), door.option, clock.option)
		all := r.queue(t, "GET", "/events", "", 200)
		pending := int(all.Get("of").Int()) // what its vendor has forgotten ends at the start, at once or a moment later
		if pending != 6 && pending != 6-c.unknown || all.Get(`events.#(state=="parked")#|#`).Int() != 2 ||
			all.Get(`events.#(attempted==true)#.vendor`).Raw != `["segment"]` && c.unknown == 0 {
			t.Errorf("%s", all.Raw)
		}
		for _, endpoint := range all.Get("events.#.endpoint").Array() {
			if endpoint.Str != "collect" && endpoint.Str != "track" {
				t.Errorf("an event is said to have come in at %q", endpoint.Str)
			}
		}
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
		door.will, door.left = nil, nil
		r = start(t, filepath.Join(dir, "tagwarden.yaml"), door.option, clock.option)
		r.queue(t, "POST", "/retry", `{"vendor":"ga4"}`, 200)
		text, ended := "", map[string]int{}
		until(t, "all have ended", func() bool {
			text = r.ledger(t)
			ended = endedAs(text)
			return ended["delivered"]+ended["unknown"]+ended["dropped"] == 6
		})
		if ended["delivered"] != c.delivered || ended["unknown"] != c.unknown || ended["dropped"] != 0 ||
			strings.Contains(text, `"recovered":true`) || len(door.departed()) != c.departed {
			t.Errorf("%s: %v, and %d requests", c.at, ended, len(door.departed()))
		}
	}
}
