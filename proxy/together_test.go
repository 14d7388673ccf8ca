package proxy_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// togetherFolder has the events of a vendor wait that takes many in one request.
func togetherFolder(t *testing.T, upstream string) string {
	t.Helper()
	file := queuedFolder(t, upstream)
	write(t, file, strings.Replace(read(t, file), "{ mode: queued,", "{ mode: queued,", 1))
	writePolicy(t, strings.TrimSuffix(file, "/tagwarden.yaml"), strings.Replace(policyText, "classes: { event_name: keep,",
		"classes: { event_name: keep, event_id: keep, user_id: keep,", 1))
	return file
}

// trackOf is an event of a visitor.
func trackOf(n int, more string) string {
	return post("/t/v1/t", consent+more+"Content-Type: text/plain\r\n", fmt.Sprintf(
		`{"type":"track","event":"serial%dx","userId":"u-%d","messageId":"ajs-next-%032d"}`, n, n%20, n))
}

// arrivals are the numbers of the events that a vendor got, request by request.
func (v *vendor) arrivals() (all [][]string) {
	for _, request := range v.got() {
		if found := serial.FindAllString(request, -1); len(found) > 0 {
			all = append(all, found)
		}
	}
	return all
}

// TestWhatWaitsTravelsTogether: events that wait for a vendor which takes many at once arrive once, in fewer requests,
// in the order of each visitor, and without those that may not leave by then. What a header says is not mixed.
func TestWhatWaitsTravelsTogether(t *testing.T) {
	v := startVendor(t)
	v.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
	r := start(t, togetherFolder(t, v.URL))
	const events = 200
	for n := range events {
		more := ""
		if n%20 == 7 {
			more = "Sec-GPC: 1\r\n"
		}
		if a := r.send(t, trackOf(n, more)); a.status != 200 {
			t.Fatal(a)
		}
	}
	r.actOf(t, []objection.ID{{Name: "user_id", Value: "u-3"}}, objection.Change{Object: []string{"all"}})
	refused := v.answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"success":true}`)) })
	until(t, "all have ended", func() bool { return r.Pending() == 0 })
	good := v.got()[refused:]
	seen, last := map[string]int{}, map[int]int{}
	for _, request := range good {
		gpc := strings.Contains(request, "Sec-Gpc: 1")
		for _, name := range serial.FindAllString(request, -1) {
			var n int
			if _, err := fmt.Sscanf(name, "serial%dx", &n); err != nil {
				t.Fatal(err)
			}
			if seen[name]++; n < last[n%20] {
				t.Errorf("event %d of a visitor came behind event %d", n, last[n%20])
			}
			if last[n%20] = n; gpc != (n%20 == 7) {
				t.Errorf("event %d travelled with the signal of others", n)
			}
		}
	}
	for n := range events {
		if got, want := seen[fmt.Sprintf("serial%dx", n)], map[bool]int{true: 0, false: 1}[n%20 == 3]; got != want {
			t.Errorf("event %d arrived %d times, want %d", n, got, want)
		}
	}
	if len(good) > events/5 {
		t.Errorf("%d requests for %d events", len(good), events)
	}
	until(t, "the ledger says of each other one that it was dropped for an objection", func() bool {
		dropped := 0
		for _, record := range r.recordsOf(t, "outcome") {
			if gjson.Get(record, "outcome").Str == "dropped" && gjson.Get(record, "why").Str == "objection" {
				ledger.EachOf([]byte(record), func(uint64, int) { dropped++ })
			}
		}
		return dropped == events/20
	})
}

// TestAVendorThatHangsSlowsNoOther: while one vendor hangs the events of another arrive, and SDKs are answered.
func TestAVendorThatHangsSlowsNoOther(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	v := startVendor(t)
	v.answers(func(w http.ResponseWriter, q *http.Request) {
		if strings.Contains(q.URL.Path, "collect") {
			<-hang
		}
		w.WriteHeader(http.StatusOK)
	})
	r := start(t, togetherFolder(t, v.URL))
	for n := range 200 {
		if a := r.send(t, strings.ReplaceAll(get(pageView, consent), "1234567890",
			strconv.Itoa(1_000_000_000+n))); a.status != 204 {
			t.Fatal(a)
		}
		if a := r.send(t, trackOf(n, "")); a.status != 200 {
			t.Fatal(a)
		}
	}
	until(t, "those of the other have arrived", func() bool {
		var all []string
		for _, names := range v.arrivals() {
			all = append(all, names...)
		}
		slices.Sort(all)
		return len(slices.Compact(all)) == 200
	})
}

// TestWhatComesWithinAMomentTravelsTogether, also where nothing had to wait: one worker gathers, and not each a little.
func TestWhatComesWithinAMomentTravelsTogether(t *testing.T) {
	v := startVendor(t)
	r := start(t, togetherFolder(t, v.URL))
	const events = 200
	for n := range events {
		if a := r.send(t, trackOf(n, "")); a.status != 200 {
			t.Fatal(a)
		}
	}
	until(t, "all have arrived", func() bool { return r.Pending() == 0 })
	seen := map[string]int{}
	for _, names := range v.arrivals() {
		for _, name := range names {
			seen[name]++
		}
	}
	if n := len(v.arrivals()); len(seen) != events || n > events/2 {
		t.Errorf("%d events arrived in %d requests", len(seen), n)
	}
	for name, n := range seen {
		if n != 1 {
			t.Errorf("%s arrived %d times", name, n)
		}
	}
}

// TestWhatTravelsApart: events of more kinds than an exchange gathers of, which do not travel with each other, arrive
// once, in the order of each visitor, and each with its kind alone.
func TestWhatTravelsApart(t *testing.T) {
	v := startVendor(t)
	v.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
	file := togetherFolder(t, v.URL)
	writePolicy(t, strings.TrimSuffix(file, "/tagwarden.yaml"), strings.Replace(policyText, "classes: { event_name: keep,",
		"classes: { event_name: keep, event_id: keep, user_id: keep, timestamp: keep,", 1))
	r := start(t, file)
	const events, kinds, visitors = 240, 12, 9
	kind := func(n int) string { return fmt.Sprintf("2026-11-29T12:00:%02dZ", n%kinds) }
	for n := range events {
		body := fmt.Sprintf(`{"type":"track","event":"serial%dx","userId":"u-%d","messageId":"ajs-next-%032d","sentAt":%q}`,
			n, n%visitors, n, kind(n))
		if a := r.send(t, post("/t/v1/t", consent+"Content-Type: text/plain\r\n", body)); a.status != 200 {
			t.Fatal(a)
		}
	}
	refused := v.answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"success":true}`)) })
	until(t, "all have ended", func() bool { return r.Pending() == 0 })
	good := v.got()[refused:]
	seen, last := map[int]int{}, map[int]int{}
	for _, request := range good {
		for _, name := range serial.FindAllString(request, -1) {
			var n int
			if _, err := fmt.Sscanf(name, "serial%dx", &n); err != nil {
				t.Fatal(err)
			}
			seen[n]++
			if n < last[n%visitors] {
				t.Errorf("event %d of a visitor came behind event %d", n, last[n%visitors])
			}
			if last[n%visitors] = n; !strings.Contains(request, kind(n)) {
				t.Errorf("event %d travelled with those of another kind: %s", n, request)
			}
		}
	}
	for n := range events {
		if seen[n] != 1 {
			t.Errorf("event %d arrived %d times", n, seen[n])
		}
	}
	if len(good) > events {
		t.Errorf("%d requests for %d events", len(good), events)
	}
}
