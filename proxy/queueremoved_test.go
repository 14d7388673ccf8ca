package proxy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
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

// TestRemovedFilesAreSaidInTheLedger: whichever files of what waits are gone at a start, the ledger says of each event
// that was in them that it is lost, once, and the others are there; however old they are, and parked too.
func TestRemovedFilesAreSaidInTheLedger(t *testing.T) {
	for _, c := range []struct {
		name string
		gone func(dir string) []string
		lost int // of four that waited before the notes were taken, three behind that, and two that are parked
	}{
		{"nothing", func(string) []string { return nil }, 0},
		{"the oldest file", func(dir string) []string { return framesIn(t, dir)[:1] }, 4},
		{"the newest file with events", func(dir string) []string { return framesIn(t, dir)[1:] }, 3},
		{"all files of what waits", func(dir string) []string { return framesIn(t, dir) }, 7},
		{"what is parked", func(dir string) []string { return []string{filepath.Join(dir, "parked")} }, 2},
		{"the notes", func(dir string) []string { return []string{filepath.Join(dir, "ended")} }, 0},
		{"notes and files", func(dir string) []string {
			return append(framesIn(t, dir), filepath.Join(dir, "ended"))
		}, 7},
		{"all", func(dir string) []string { return []string{dir} }, 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			door := &scripted{will: []delivery.Outcome{badRequest, badRequest}}
			for range 10_000 {
				door.will = append(door.will, unconnected)
			}
			file := queuedFolder(t, "http://127.0.0.1:1")
			dir := proxy.QueueDir(filepath.Join(filepath.Dir(file), "data"))
			r := start(t, file, door.option)
			parked := func() int64 { return r.queue(t, "GET", "", "", 200).Get("parked").Int() }
			r.pending(t, "11", "12")
			until(t, "they are parked", func() bool { return parked() == 2 })
			r.pending(t, "21", "22", "23", "24")
			if err := r.stop(t); err != nil {
				t.Fatal(err)
			}
			r = start(t, file, door.option)
			r.pending(t, "31", "32", "33")
			if err := r.stop(t); err != nil {
				t.Fatal(err)
			}
			for _, path := range c.gone(dir) {
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
			}
			for _, damaged := range []int{c.lost, 0} {
				r = start(t, file, door.option)
				of := r.queue(t, "GET", "", "", 200)
				if n := int(of.Get("pending").Int()); n != 9-c.lost {
					t.Errorf("%d are pending, want %d", n, 9-c.lost)
				}
				if n := int(of.Get("damaged").Int()); n != damaged {
					t.Errorf("%d are said to be damaged, want %d", n, damaged)
				}
				if err := r.stop(t); err != nil {
					t.Fatal(err)
				}
			}
			text := r.ledger(t)
			if n := strings.Count(text, `"outcome":"dropped","why":"damaged"`); n != c.lost {
				t.Errorf("%d are lost by the ledger, want %d:\n%s", n, c.lost, text)
			}
			if strings.Contains(text, "not_accepted") {
				t.Error("an event that was accepted is said not to have been")
			}
		})
	}
}

// framesIn are the files of frames in a folder that are not empty, the oldest first.
func framesIn(t *testing.T, dir string) (paths []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.frames"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		if info, err := os.Stat(path); err != nil {
			t.Fatal(err)
		} else if info.Size() > 0 {
			paths = append(paths, path)
		}
	}
	if len(paths) != 2 {
		t.Fatalf("files: %q", paths)
	}
	return paths
}
