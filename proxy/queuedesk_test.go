package proxy_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// queue asks the operator's API of the queue, and wants an answer of a status.
func (r *running) queue(t *testing.T, method, path, body string, status int) gjson.Result {
	t.Helper()
	w := r.operate(method, "/queue"+path, body)
	if w.Code != status {
		t.Fatalf("%s %s %s: %d %s", method, path, body, w.Code, w.Body)
	}
	return gjson.ParseBytes(w.Body.Bytes())
}

// pending sends an event of each name.
func (r *running) pending(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		target := "/t/g/collect?v=2&tid=G-1&cid=1234567890.17000000" + name + "&en=event_" + name
		if a := r.send(t, get(target, consent)); a.status != 204 {
			t.Fatal(a)
		}
	}
}

// TestQueueIsLookedAfter: what is pending is counted, shown and treated as it was asked for, and nothing else; counts
// add up at each step, and the ledger says of each event what became of it, and who asked for that.
func TestQueueIsLookedAfter(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	v.answers(func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusNotFound
		if strings.Contains(r.URL.RawQuery, "event_9") {
			w.Header().Set("Retry-After", "3600")
			status = http.StatusTooManyRequests
		}
		w.WriteHeader(status)
	})
	file := queuedFolder(t, v.URL)
	write(t, file, strings.Replace(read(t, file), "concurrency: 64", "concurrency: 1", 1))
	r := start(t, file)
	stands := func(waiting, parked int) {
		t.Helper()
		var of gjson.Result
		until(t, fmt.Sprintf("%d wait, %d are parked", waiting, parked), func() bool {
			of = r.queue(t, "GET", "", "", 200)
			return of.Get("waiting").Int() == int64(waiting) && of.Get("parked").Int() == int64(parked)
		})
		sum := func(path string) (n int64) {
			for _, one := range of.Get(path).Array() {
				n += one.Int()
			}
			return n
		}
		if of.Get("pending").Int() != int64(waiting+parked) || sum("vendors.#.waiting") != int64(waiting) ||
			sum("vendors.#.parked") != int64(parked) {
			t.Errorf("%s", of.Raw)
		}
	}
	r.pending(t, "11", "12", "13", "14")
	stands(0, 4)
	r.pending(t, "91", "92")
	until(t, "their vendor asks to be let alone", func() bool {
		asked := slices.ContainsFunc(v.got(), func(request string) bool { return strings.Contains(request, "event_9") })
		return asked && r.queue(t, "GET", "", "", 200).Get("vendors.#(vendor==\"ga4\").under_way").Int() == 0
	})
	stands(2, 4)
	before := r.queue(t, "GET", "/events?limit=1000", "", 200)
	for path, want := range map[string]int{
		"": 6, "?vendor=ga4": 6, "?vendor=segment": 0, "?parked=true": 4, "?reason=refused_404": 4, "?reason=refused_410": 0,
		"?limit=2": 2,
	} {
		got := r.queue(t, "GET", "/events"+path, "", 200)
		if n := int(got.Get("events.#").Int()); n != want {
			t.Errorf("%s: %d, want %d", path, n, want)
		}
		if strings.Contains(got.Raw, "17000000") || strings.Contains(got.Raw, "G-1") {
			t.Errorf("a value is shown: %s", got.Raw)
		}
	}
	after := r.queue(t, "GET", "/events?limit=1000", "", 200)
	if before.Get("events.#.name").Raw != after.Get("events.#.name").Raw {
		t.Error("looking changed something")
	}
	for path, body := range map[string]string{
		"/retry": `{"vendor":"ga"}`, "/purge": `{"reason":"refused_4040x","parked":true,"because":"x"}`,
	} {
		r.queue(t, "POST", path, body, 422)
	}
	r.queue(t, "POST", "/purge", `{"all":true,"reason":"refused_404","because":"x"}`, 422)
	stands(2, 4)

	got := r.queue(t, "POST", "/purge", `{"parked":true,"vendor":"segment","because":"a test"}`, 200)
	if got.Get("events").Int() != 0 {
		t.Error(got.Raw)
	}
	got = r.queue(t, "POST", "/retry", `{"vendor":"ga4","limit":3}`, 200)
	if got.Get("events").Int() != 3 || got.Get("by.0.reason").Str != "refused_404" || got.Get("left").Int() != 0 {
		t.Error(got.Raw)
	}
	if !got.Get("resumed").Bool() || got.Get("hastened").Int() != 0 {
		t.Error(got.Raw)
	}
	until(t, "their vendor asks to be let alone again", func() bool {
		asked := slices.ContainsFunc(v.got(), func(request string) bool { return strings.Contains(request, "event_92") })
		of := r.queue(t, "GET", "", "", 200).Get("vendors.#(vendor==\"ga4\")")
		return asked && of.Get("under_way").Int() == 0 && of.Get("paused_by").Int() == 429
	})
	stands(5, 1)
	got = r.queue(t, "POST", "/purge", `{"parked":true,"reason":"refused_404","because":"a test"}`, 200)
	if got.Get("events").Int() != 1 || got.Get("left").Int() != 0 {
		t.Error(got.Raw)
	}
	stands(5, 0)
	got = r.queue(t, "POST", "/purge", `{"all":true,"because":"another test"}`, 200)
	if got.Get("events").Int() != 5 || got.Get("by.0.reason").Str != "" {
		t.Error(got.Raw)
	}
	stands(0, 0)
	records := r.ledger(t)
	if by := account(t, records); by["dropped:purged"] != 6 {
		t.Errorf("%v", by)
	}
	for _, said := range []string{
		"operator had 3 parked events wait again, for ga4", "of what is parked, for the reason refused_404, because: a test",
		"parked or not, because: another test", "deleted: 5 events", "deleted: 1 event\"",
	} {
		if !strings.Contains(records, said) {
			t.Errorf("the ledger does not say %q", said)
		}
	}
}

// TestRetryEndsAPause: how long a vendor is let alone since it asked for that is shown, and why; whoever has its events
// tried again ends that, at once, and it is recorded.
func TestRetryEndsAPause(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		v := startVendor(t)
		v.answers(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1800")
			w.WriteHeader(status)
		})
		file := queuedFolder(t, v.URL)
		write(t, file, strings.Replace(read(t, file), "concurrency: 64", "concurrency: 1", 1))
		r := start(t, file)
		r.pending(t, "11", "12", "13")
		ga4 := func() gjson.Result {
			return r.queue(t, "GET", "", "", 200).Get("vendors.#(vendor==\"ga4\")")
		}
		until(t, "its vendor asks to be let alone", func() bool { return ga4().Get("paused_by").Int() == int64(status) })
		left := time.Until(ga4().Get("paused_until").Time())
		if left < 20*time.Minute || left > 30*time.Minute {
			t.Errorf("it is let alone for %s", left)
		}
		v.answers(nil)
		if got := r.queue(t, "POST", "/retry", `{"because":"x"}`, 200); got.Get("resumed").Bool() {
			t.Error("it was not named:", got.Raw)
		}
		got := r.queue(t, "POST", "/retry", `{"vendor":"ga4","because":"it is well again"}`, 200)
		if !got.Get("resumed").Bool() || got.Get("hastened").Int() != 1 {
			t.Error(got.Raw)
		}
		until(t, "all have arrived", func() bool { return r.Pending() == 0 })
		if of := ga4(); of.Get("paused_until").Exists() || of.Get("paused_by").Exists() {
			t.Error(of.Raw)
		}
		records := r.ledger(t)
		for _, said := range []string{
			"operator had 0 parked events wait again, for ga4, and ended the pause that ga4 had asked for until 20",
			", and had 1 event be due that had been put off, because: it is well again",
		} {
			if !strings.Contains(records, said) {
				t.Errorf("the ledger does not say %q:\n%s", said, records)
			}
		}
	}
}
