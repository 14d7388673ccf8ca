package proxy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// checking is a vendor that takes all events of a request or none, and says which of them are bad.
type checking struct {
	mu       sync.Mutex
	requests int
	arrived  []string
}

func (c *checking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Events []struct {
			Type string `json:"event_type"`
		}
	}
	text, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(text, &body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	var names []string
	bad := []int{}
	for i, e := range body.Events {
		if names = append(names, e.Type); e.Type == "bad" {
			bad = append(bad, i)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if len(bad) > 0 {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"code": 400, "events_with_invalid_fields": map[string]any{"time": bad}})
		return
	}
	c.arrived = append(c.arrived, names...)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": 200, "events_ingested": len(names)})
}

// TestBadEventsOfOneRequest: events that wait leave in few requests; those that the vendor calls bad
// are parked, and all others arrive, once.
func TestBadEventsOfOneRequest(t *testing.T) {
	v := new(checking)
	stand := httptest.NewServer(v)
	defer stand.Close()
	file := amplitudeSome(t, strings.TrimPrefix(stand.URL, "http://"))
	write(t, file, read(t, file)+"delivery: { mode: queued, retry: { first: 10ms, most: 50ms } }\n")
	r := start(t, file)
	const hits = 3
	for h := range hits {
		var events []string
		for e, name := range []string{"good1", "bad", "good2", "other", "good1"} {
			events = append(events, fmt.Sprintf(`{"event_type":%q,"device_id":"0190aaaa-0000-7000-8000-00000000%02d%02d"}`,
				name, h, e))
		}
		if a := r.send(t, amplitudeBatch(events...)); a.status != 200 {
			t.Fatal(a)
		}
	}
	until(t, "all have ended", func() bool {
		ended := endedAs(r.ledger(t))
		return ended["delivered"] == 3*hits && ended["parked"] == hits
	})
	v.mu.Lock()
	defer v.mu.Unlock()
	slices.Sort(v.arrived)
	want := slices.Concat(slices.Repeat([]string{"good1"}, 2*hits), slices.Repeat([]string{"good2"}, hits))
	if !slices.Equal(v.arrived, want) {
		t.Errorf("%q arrived", v.arrived)
	}
	if v.requests >= 4*hits {
		t.Errorf("%d requests for %d events", v.requests, 4*hits)
	}
}

// endedAs counts events by the outcome that the log has of them.
func endedAs(log string) map[string]int {
	ended := map[string]int{}
	for line := range strings.Lines(log) {
		if of := gjson.Get(line, "outcome").Str; of != "" {
			ledger.EachOf([]byte(line), func(uint64, int) { ended[of]++ })
		}
	}
	return ended
}
