package proxy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
)

// TestARemovedQueueIsSaidInTheLedger: where the folder of what waits is gone at a start, the ledger says of each event
// that waited that it is lost, once; where there never was one, nothing is.
func TestARemovedQueueIsSaidInTheLedger(t *testing.T) {
	file := queuedFolder(t, "http://127.0.0.1:1")
	r := start(t, file)
	const events = 5
	for range events {
		if a := r.send(t, get(pageView, consent)); a.status != 204 {
			t.Fatal(a)
		}
	}
	for range 2 {
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(proxy.QueueDir(filepath.Join(filepath.Dir(file), "data"))); err != nil {
			t.Fatal(err)
		}
		r = start(t, file)
	}
	if n := strings.Count(r.ledger(t), `"outcome":"dropped","why":"damaged"`); n != events {
		t.Errorf("%d are lost by the ledger, want %d:\n%s", n, events, r.ledger(t))
	}
}
