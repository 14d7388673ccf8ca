package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// halving is a vendor that takes two events at once, and once that it has refused more, has too much to do for a while.
type halving struct {
	mu       sync.Mutex
	up       bool
	refused  bool
	declined time.Time // when it asked to be let alone
	next     time.Time // when it was asked after that
	asked    []time.Time
	arrived  []string
}

func (h *halving) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	names := serial.FindAllString(string(text), -1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, time.Now())
	if h.next.IsZero() && !h.declined.IsZero() {
		h.next = time.Now()
	}
	switch {
	case !h.up:
		w.WriteHeader(http.StatusTooManyRequests)
	case len(names) > 2:
		h.refused = true
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	case h.refused && h.declined.IsZero():
		h.declined = time.Now()
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	default:
		h.arrived = append(h.arrived, names...)
		_, _ = w.Write([]byte(`{"success":true}`))
	}
}

func (h *halving) rises() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.up = true
}

// TestHalvesKeepTheOrder: where events come again by halves, and the first half is to wait, so does what stands behind
// it: each visitor's events arrive in their order, and a vendor that asks to be let alone is.
func TestHalvesKeepTheOrder(t *testing.T) {
	for _, keyed := range []bool{true, false} {
		t.Run(strconv.FormatBool(keyed), func(t *testing.T) {
			v := new(halving)
			stand := httptest.NewServer(v)
			defer stand.Close()
			r := start(t, togetherFolder(t, stand.URL))
			var want []string
			for n := range 4 {
				event := trackOf(20*n, "")
				if !keyed {
					event = strings.Replace(event, "messageId", "messageIx", 1)
				}
				if a := r.send(t, event); a.status != 200 {
					t.Fatal(a)
				}
				want = append(want, fmt.Sprintf("serial%dx", 20*n))
			}
			v.rises()
			until(t, "all have ended", func() bool { return endedAs(r.ledger(t))["delivered"] == 4 })
			v.mu.Lock()
			defer v.mu.Unlock()
			if !slices.Equal(v.arrived, want) {
				t.Errorf("%q arrived, want %q", v.arrived, want)
			}
			if pause := v.next.Sub(v.declined); pause < time.Second {
				t.Errorf("it was asked again %v after it had asked to be let alone for a second", pause)
			}
			if ended := endedAs(r.ledger(t)); ended["unknown"] != 0 {
				t.Errorf("they ended so: %v", ended)
			}
		})
	}
}

// TestHalvesKeepTheRate: what comes again by halves is sent no faster than its vendor is to be asked.
func TestHalvesKeepTheRate(t *testing.T) {
	v := new(halving)
	stand := httptest.NewServer(v)
	defer stand.Close()
	file := togetherFolder(t, stand.URL)
	slow := strings.Replace(read(t, file), "segment: { catalog: segment,", "segment: { catalog: segment, rate: 10,", 1)
	write(t, file, slow)
	r := start(t, file)
	for n := range 12 {
		if a := r.send(t, trackOf(n, "")); a.status != 200 {
			t.Fatal(a)
		}
	}
	v.rises()
	until(t, "all have arrived", func() bool { return endedAs(r.ledger(t))["delivered"] == 12 })
	v.mu.Lock()
	defer v.mu.Unlock()
	first, last := v.asked[0], v.asked[len(v.asked)-1]
	if most := int(last.Sub(first)/(95*time.Millisecond)) + 1; len(v.asked) > most {
		t.Errorf("it was asked %d times in %v", len(v.asked), last.Sub(first))
	}
}
