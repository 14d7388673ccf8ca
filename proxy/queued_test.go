package proxy_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
)

// queuedFolder is a configuration whose events wait.
func queuedFolder(t testing.TB, upstream string) string {
	t.Helper()
	file := folder(t, upstream)
	text := read(t, file)
	write(t, file, text+"delivery: { mode: queued, retry: { first: 10ms, most: 50ms } }\n")
	return file
}

// TestQueuedIsAnsweredAtOnce: the SDK has its answer while the vendor hangs; the event arrives once it does not, with
// the bytes that it has in direct mode.
func TestQueuedIsAnsweredAtOnce(t *testing.T) {
	v := startVendor(t)
	direct := start(t, folder(t, v.URL))
	if a := direct.send(t, get(pageView, consent)); a.status != 204 {
		t.Fatal(a)
	}
	want := v.got()[0]
	go_on := make(chan struct{})
	v.answers(func(http.ResponseWriter, *http.Request) { <-go_on })
	r := start(t, queuedFolder(t, v.URL))
	if a := r.send(t, get(pageView, consent)); a.status != 204 {
		t.Fatal(a)
	}
	until(t, "the vendor is asked", func() bool { return len(v.got()) == 2 })
	close(go_on)
	if got := v.got()[1]; got != want {
		t.Errorf("it was sent\n%s\nand in direct mode\n%s", got, want)
	}
	until(t, "the outcome is recorded", func() bool { return strings.Contains(r.ledger(t), `"outcome":"delivered"`) })
}

// TestQueuedWaitsOverARestart: what its vendor did not take is there after a restart, and is delivered then, once.
func TestQueuedWaitsOverARestart(t *testing.T) {
	v := startVendor(t)
	file := queuedFolder(t, "http://127.0.0.1:1")
	r := start(t, file)
	for range 5 {
		if a := r.send(t, get(pageView, consent)); a.status != 204 {
			t.Fatal(a)
		}
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	write(t, file, strings.ReplaceAll(read(t, file), "http://127.0.0.1:1", v.URL))
	r = start(t, file)
	until(t, "they arrive", func() bool { return strings.Count(r.ledger(t), `"outcome":"delivered"`) == 5 })
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	if n := len(v.got()); n != 5 {
		t.Errorf("%d requests", n)
	}
	r = start(t, file)
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	if n := len(v.got()); n != 5 {
		t.Errorf("%d requests after another start", n)
	}

}

// panicking is a deliverer that panics over one event, a few times.
type panicking struct {
	scripted
	over   string
	times  atomic.Int64
	behind bool // the gate
}

func (d *panicking) Deliver(e *delivery.Event, a *proxy.Response) delivery.Outcome {
	if strings.Contains(string(e.Query)+string(e.Body), d.over) && d.times.Add(-1) >= 0 {
		if d.behind && e.Gate.BeforeFirstByte() {
			defer e.Gate.AfterLastByte()
		}
		panic("over " + d.over)
	}
	return d.scripted.Deliver(e, a)
}

func (d *panicking) option(o *proxy.Options) {
	o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return d, nil }
}

// TestAPanicEndsOneExchange: the others go on, the vendor is asked as often at once as before, and what was under way
// comes again once, is parked then, and can be had sent.
func TestAPanicEndsOneExchange(t *testing.T) {
	v := startVendor(t)
	file := queuedFolder(t, v.URL)
	write(t, file, strings.Replace(read(t, file), "concurrency: 64", "concurrency: 1", 1))
	d := &panicking{over: "en=serial7x"}
	d.times.Store(1 << 30)
	r := start(t, file, d.option)
	for n := range 20 {
		hit := strings.Replace(strings.Replace(pageView, "page_view", fmt.Sprintf("serial%dx", n), 1), "1234567890",
			strconv.Itoa(1_000_000_000+n), 1)
		if a := r.send(t, get(hit, consent)); a.status != 204 {
			t.Fatal(a)
		}
	}
	until(t, "the others have arrived", func() bool { return r.Pending() == 1 })
	until(t, "it is parked", func() bool { return r.queue(t, "GET", "", "", 200).Get("parked").Int() == 1 })
	if got := r.figure(t, "tagwarden_panics_total"); got != "2" {
		t.Errorf("%s panics", got)
	}
	if got := r.queue(t, "GET", "/events?reason=panic", "", 200); got.Get("of").Int() != 1 ||
		got.Get("events.0.attempted").Bool() {
		t.Errorf("%s", got.Raw)
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	r = start(t, file)
	r.queue(t, "POST", "/retry", `{"vendor":"ga4","reason":"panic"}`, 200)
	until(t, "it arrives after a start", func() bool { return r.Pending() == 0 })
	if got := v.got(); len(got) != 1 || !strings.Contains(got[0], "serial7x") {
		t.Errorf("%q", got)
	}
}

// TestAPanicBehindTheGate: what may have left comes again where its vendor knows it then, and has ended where it does
// not. Those that travelled with it arrive, each once.
func TestAPanicBehindTheGate(t *testing.T) {
	for _, c := range []struct {
		name   string
		keyed  bool
		behind bool
		times  int64
		want   map[string]int
	}{
		{"once", true, true, 1, map[string]int{"delivered": 5}},
		{"twice", true, true, 2, map[string]int{"delivered": 4, "parked": 1}},
		{"once, without a key", false, true, 1, map[string]int{"unknown": 5}},
		{"before it, without a key", false, false, 1, map[string]int{"delivered": 5}},
		{"before it, twice, without a key", false, false, 2, map[string]int{"delivered": 4, "parked": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &panicking{over: "serial2x", behind: c.behind}
			file := togetherFolder(t, "http://127.0.0.1:1")
			hits := make([]string, 0, 5)
			for n := range 5 {
				event := trackOf(n, "")
				if !c.keyed {
					event = strings.Replace(event, "messageId", "messageIx", 1)
				}
				hits = append(hits, event)
			}
			// They are put together where they have waited for each other.
			for range 1000 {
				d.will = append(d.will, unconnected)
			}
			r := start(t, file, d.option)
			for _, hit := range hits {
				if a := r.send(t, hit); a.status != 200 {
					t.Fatal(a)
				}
			}
			if err := r.stop(t); err != nil {
				t.Fatal(err)
			}
			d.will, d.left = nil, nil
			d.times.Store(c.times)
			r = start(t, file, d.option)
			var ended map[string]int
			until(t, "all are sent, or not to be", func() bool {
				ended = endedAs(r.ledger(t))
				return ended["delivered"]+ended["parked"]+ended["unknown"]+ended["dropped"] == 5
			})
			until(t, "none waits", func() bool { return r.queue(t, "GET", "", "", 200).Get("waiting").Int() == 0 })
			parked := r.queue(t, "GET", "", "", 200).Get("parked").Int()
			for _, word := range []string{"delivered", "parked", "unknown", "dropped"} {
				if ended[word] != c.want[word] {
					t.Errorf("%d are %s, want %d of %v", ended[word], word, c.want[word], ended)
				}
			}
			if int(parked) != c.want["parked"] {
				t.Errorf("%d are parked", parked)
			}
			seen := map[string]int{}
			for _, request := range d.departed() {
				for _, name := range serial.FindAllString(request, -1) {
					seen[name]++
				}
			}
			for name, n := range seen {
				if n > 1 {
					t.Errorf("%s was taken %d times", name, n)
				}
			}
		})
	}
}

// TestQueueWithoutRoom: below the room that is to stay free on the disk hits are refused early, may come again, and are
// counted; the server says that it is not ready. When there is room again it goes on by itself.
func TestQueueWithoutRoom(t *testing.T) {
	v := startVendor(t)
	file := queuedFolder(t, v.URL)
	write(t, file, strings.Replace(read(t, file), "mode: queued,", "mode: queued, queue: { reserve: 1GiB },", 1))
	var free atomic.Uint64
	free.Store(100 << 30)
	r := start(t, file, func(o *proxy.Options) {
		o.Free = func() (uint64, error) { return free.Load(), nil }
	})
	if a := r.send(t, get(pageView, consent)); a.status != 204 {
		t.Fatal(a)
	}
	free.Store(1<<30 - 1)
	until(t, "hits are refused", func() bool { return r.send(t, get(pageView, consent)).status == 503 })
	a := r.send(t, get(pageView, consent))
	if a.headers.Get("Retry-After") == "" || a.body != "" {
		t.Errorf("%+v", a)
	}
	if status, text := r.get(t, "/readyz"); status != 503 || !strings.Contains(text, "queue") {
		t.Errorf("ready: %d %s", status, text)
	}
	if n := r.figure(t, `tagwarden_queue_full_total{cause="disk"}`); n == "0" {
		t.Error("it is not counted")
	}
	if a := r.send(t, get(settings, consent)); a.status != 200 { // its answer is waited for, so that nothing waits
		t.Errorf("an endpoint that is asked for an answer: %+v", a)
	}
	free.Store(100 << 30)
	until(t, "hits are taken again", func() bool { return r.send(t, get(pageView, consent)).status == 204 })
}

// TestTheEndWhileAVendorHangs: the end waits for no vendor longer than an attempt lasts; what waits is there at the
// next start, and what was under way has an outcome.
func TestTheEndWhileAVendorHangs(t *testing.T) {
	hanging, reached := startHanging(t)
	file := queuedFolder(t, "http://"+hanging.Addr())
	write(t, file, strings.Replace(read(t, file), "concurrency: 64", "concurrency: 2", 1))
	r := start(t, file, impatient)
	for n := range 10 {
		if a := r.send(t, get(strings.Replace(pageView, "1234567890", strconv.Itoa(1_000_000_000+n), 1),
			consent)); a.status != 204 {
			t.Fatal(a)
		}
	}
	<-reached
	if err := r.stop(t); err != nil { // within five seconds, or it is an error
		t.Fatal(err)
	}
	v := startVendor(t)
	write(t, file, strings.ReplaceAll(read(t, file), "http://"+hanging.Addr(), v.URL))
	r = start(t, file)
	until(t, "the others arrive", func() bool { return r.Pending() == 0 })
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	text := r.ledger(t)
	unknown, delivered := strings.Count(text, `"outcome":"unknown","why":"timeout"`),
		strings.Count(text, `"outcome":"delivered"`)
	if unknown == 0 || unknown+delivered != 10 || len(v.got()) != delivered {
		t.Errorf("%d unknown, %d delivered, %d arrived", unknown, delivered, len(v.got()))
	}
}
