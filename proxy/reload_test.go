package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
)

func TestReloadReplacesEverythingOrNothing(t *testing.T) {
	first, second := startVendor(t), startVendor(t)
	r := start(t, folder(t, first.URL))
	dir := filepath.Dir(r.file)
	before := r.Policy()
	server, err := os.ReadFile(r.file)
	if err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string]string{
		"broken server file": "sites: [",
		"listen":             strings.Replace(string(server), "listen: 127.0.0.1:0", "listen: 127.0.0.1:9", 1),
		"data":               string(server) + "data: ./elsewhere\n",
		"keys":               string(server) + "keys: { root: ./other.key }\n",
	} {
		write(t, r.file, broken)
		if err := r.Reload(); err == nil || r.Policy() != before {
			t.Errorf("%s: reloaded (%v)", name, err)
		}
	}
	write(t, r.file, string(server))
	write(t, filepath.Join(dir, "policy", "profiles.yaml"), "profiles: { standard: { classes: { event_name: kep } } }\n")
	if err := r.Reload(); err == nil || !strings.Contains(err.Error(), "profiles.yaml:1:") || r.Policy() != before {
		t.Errorf("a broken profile: %v", err)
	}
	writePolicy(t, dir, policyText)
	promises := filepath.Join(dir, "policy", "promises.yaml")
	write(t, promises, "promises:\n  - { id: nothing, says: Nothing leaves., never: { vendor: ga4 } }\n")
	if err := r.Reload(); err == nil || !strings.Contains(err.Error(), "promises.yaml:2:") ||
		!strings.Contains(err.Error(), "promise nothing is broken") || r.Policy() != before {
		t.Errorf("a broken promise: %v", err)
	}
	if err := os.Remove(promises); err != nil {
		t.Fatal(err)
	}
	r.send(t, get(pageView, consent))
	write(t, r.file, strings.ReplaceAll(string(server), first.URL, second.URL))
	if err := r.Reload(); err != nil || r.Policy() == before {
		t.Fatalf("a good change: %v", err)
	}
	r.send(t, get(pageView, consent))
	if len(first.got()) != 1 || len(second.got()) != 1 {
		t.Errorf("%d and %d requests", len(first.got()), len(second.got()))
	}
	if n := strings.Count(r.ledger(t), `"kind":"reload"`); n < 6 {
		t.Errorf("%d records of reloads", n)
	}
}

// TestTheSameIsRefusedOnce: files that are read again as they are, and refused again, are one attempt with one record;
// others, or the same after what was good, are another. What watches them and a signal both have them read.
func TestTheSameIsRefusedOnce(t *testing.T) {
	r := start(t, folder(t, startVendor(t).URL))
	profiles := filepath.Join(filepath.Dir(r.file), "policy", "profiles.yaml")
	good := read(t, profiles)
	n := 0
	for _, c := range []struct {
		name, text string
		refused    int // attempts that are refused, so far
		again      bool
	}{
		{"broken", "profiles: [", 1, false},
		{"as it was", "profiles: [", 1, true},
		{"once more", "profiles: [", 1, true},
		{"broken otherwise", "profiles: {", 2, false},
		{"as before", "profiles: [", 3, false},
		{"mended", good, 3, false},
		{"broken as ever", "profiles: [", 4, false},
		{"gone", "", 5, false},
		{"mended at last", good, 5, false},
	} {
		if write(t, profiles, c.text); c.text == "" {
			if err := os.Remove(profiles); err != nil {
				t.Fatal(err)
			}
		}
		err := r.Reload()
		if (err == nil) != (c.text == good) || errors.Is(err, proxy.ErrRefusedBefore) != c.again {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := r.figure(t, `tagwarden_reloads_total{result="refused"}`); got != strconv.Itoa(c.refused) {
			t.Errorf("%s: %s counted, want %d", c.name, got, c.refused)
		}
		status, text := r.get(t, "/readyz")
		if said := strings.Contains(text, "\nthe files are refused since "); status != 200 || said != (c.text != good) {
			t.Errorf("%s: readyz says %d %q", c.name, status, text)
		}
		n = c.refused
	}
	if got := strings.Count(r.ledger(t), `"text":"refused`); got != n {
		t.Errorf("%d records of what was refused, want %d", got, n)
	}
}

// TestReloadedMemoryHolds: what hits may hold together is what the file says now, in
// a size or in a share of what there is.
func TestReloadedMemoryHolds(t *testing.T) {
	r := start(t, folder(t, startVendor(t).URL), func(o *proxy.Options) { o.Memory = 1 << 30 })
	server, err := os.ReadFile(r.file)
	if err != nil {
		t.Fatal(err)
	}
	for memory, want := range map[string]float64{"32MiB": 32 << 20, "25%": 1 << 30 / 100 * 25} {
		write(t, r.file, strings.Replace(string(server), "fields: 500 }", "fields: 500, memory: "+memory+" }", 1))
		if err := r.Reload(); err != nil {
			t.Fatal(err)
		}
		if got, err := strconv.ParseFloat(r.figure(t, "tagwarden_hits_memory_limit_bytes"), 64); err != nil || got != want {
			t.Errorf("%s: %v, want %v (%v)", memory, got, want, err)
		}
	}
}

func TestNoHitIsLostWhileReloading(t *testing.T) {
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	profiles := filepath.Join(filepath.Dir(r.file), "policy", "profiles.yaml")
	text, err := os.ReadFile(profiles)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var senders sync.WaitGroup
	var sent, failed atomic.Int64
	for range 4 {
		senders.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				sent.Add(1)
				if got := r.send(t, get(pageView, consent)); got.status != 204 {
					failed.Add(1)
				}
			}
		})
	}
	for i := range 20 {
		write(t, profiles, string(text)+fmt.Sprintf("  other%d: { classes: { event_name: keep } }\n", i))
		if err := r.Reload(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	senders.Wait()
	if failed.Load() != 0 || int64(len(v.got())) != sent.Load() {
		t.Errorf("%d of %d hits failed, the vendor got %d", failed.Load(), sent.Load(), len(v.got()))
	}
}

func TestShutdownWaitsForHitsUnderWay(t *testing.T) {
	f := new(disk)
	d := &recorder{files: f, block: make(chan struct{})}
	r := start(t, folder(t, "http://127.0.0.1:1"), with(f, d))
	answered := make(chan answer, 1)
	go func() { answered <- r.send(t, get(pageView, consent)) }()
	for d.sent.Load() == 0 {
		time.After(0)
	}
	ended := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		ended <- r.Shutdown(ctx)
	}()
	close(d.block)
	if got := <-answered; got.status != 204 {
		t.Errorf("the hit under way got %d", got.status)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
	if !strings.Contains(f.seen(), `"kind":"stop"`) || !strings.Contains(f.seen(), `"kind":"outcome"`) {
		t.Errorf("the end was not recorded: %s", f.seen())
	}
}
