package proxy_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
)

// queuedFolder is a configuration whose events wait.
func queuedFolder(t testing.TB, upstream string) string {
	t.Helper()
	file := folder(t, upstream)
	text := read(t, file)
	write(t, file, text+"delivery: { mode: queued, retry: { first: 10ms, most: 50ms } }\n")
	return file
}

// TestQueuedIsAnsweredAtOnce: the SDK has its answer while the vendor hangs; the event arrives once it does not, with the
// bytes that it has in direct mode.
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
	_ = proxy.Options{}
}
