package proxy_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// keyDisk is a file system whose folder of the key state fails when it is told to, and no other.
type keyDisk struct {
	*crash.Disk // of the key state
	dir         string
	rest        *crash.Disk
	// a server runs, and renames keys of the queue, in a folder below, when their time has come: they are not of it
	running bool
}

// newKeyDisk makes one for a server file's data folder.
func newKeyDisk(t *testing.T, file string) *keyDisk {
	t.Helper()
	data := filepath.Join(filepath.Dir(file), "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	of, err := crash.New(data)
	rest, failed := crash.New(data)
	if err = errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	return &keyDisk{Disk: of, dir: proxy.KeysDir(data), rest: rest}
}

func (d *keyDisk) on(path string) durable.Disk {
	below := strings.HasPrefix(path, d.dir+string(filepath.Separator))
	if path == d.dir || below && (!d.running || filepath.Dir(path) == d.dir) {
		return d.Disk
	}
	return d.rest
}

func (d *keyDisk) OpenFile(path string, flag int, mode fs.FileMode) (durable.File, error) {
	return d.on(path).OpenFile(path, flag, mode)
}
func (d *keyDisk) Mkdir(path string, mode fs.FileMode) error { return d.on(path).Mkdir(path, mode) }
func (d *keyDisk) Rename(from, to string) error              { return d.on(from).Rename(from, to) }
func (d *keyDisk) Link(from, to string) error                { return d.on(from).Link(from, to) }
func (d *keyDisk) Remove(path string) error                  { return d.on(path).Remove(path) }

// state is what is on disk: it can be read at any time.
func (d *keyDisk) state(t *testing.T) pseudonym.State {
	t.Helper()
	state, err := keys.Read(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func (d *keyDisk) option(o *proxy.Options) { o.Disk = d }

// step has the n-th step on the disk of the key state fail while something is done, and tells whether it took so many.
func (d *keyDisk) step(n int, do func()) bool {
	d.Fail(n)
	do()
	met := d.Steps() >= n
	d.Fail(0)
	return met
}

// leastSteps is how many steps replacing a key state takes at least: to write, sync and
// rename one file, and overwrite another.
const leastSteps = 12

// day is noon of a day after the first, on which a key state is made.
func day(n int) time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

func (c *clock) day(n int) { c.set(day(n).Format(time.RFC3339)) }

// ofQueue tells whether an error is of the queue, whose keys lie in a folder beside the key state.
func ofQueue(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "queue: ") }

// TestAStartWithoutItsKeyState: whichever step on the disk fails while the state is made, or taken to the present, the
// server does not start and says why; the folder is let go, and the next start has the keys of its day.
func TestAStartWithoutItsKeyState(t *testing.T) {
	t.Parallel()
	for what, gone := range map[string]bool{"no state yet": true, "the state of another day": false} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			file, c := folder(t, "http://127.0.0.1:1"), newClock("2026-11-24T12:00:00Z")
			d := newKeyDisk(t, file)
			loaded, err := config.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			begin := func() error {
				s, err := proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot, Now: c.now, Disk: d})
				if err == nil {
					err = s.Release()
				}
				return err
			}
			if err := begin(); err != nil {
				t.Fatal(err)
			}
			n := 1
			for met := true; met; n++ {
				c.day(n)
				if gone {
					if err := os.RemoveAll(d.dir); err != nil {
						t.Fatal(err)
					}
				}
				var err error
				met = d.step(n, func() { err = begin() })
				if met && (ofCheckpoint(err) || ofQueue(err)) {
					continue
				}
				if met != errors.Is(err, crash.ErrFailed) || met && !strings.Contains(err.Error(), "key state") {
					t.Errorf("step %d: %v", n, err)
				}
				if err := begin(); err != nil || d.state(t) != pseudonym.TestRoot.State(c.now()) {
					t.Errorf("the start after one that failed in step %d: %v", n, err)
				}
			}
			if n < leastSteps/2 {
				t.Errorf("%d steps were looked at", n)
			}
		})
	}
}

// TestMidnightOnAFailingDisk: whichever step on the disk fails when keys are to be replaced, vendors get the new day's
// pseudonyms, the operator is told, what is on disk can be read, and within a minute it is the new state.
func TestMidnightOnAFailingDisk(t *testing.T) {
	t.Parallel()
	v, c, minute := startVendor(t), newClock("2026-11-24T12:00:00Z"), make(minutes)
	file := folder(t, v.URL)
	d := newKeyDisk(t, file)
	d.running = true
	core, logged := observer.New(zap.WarnLevel)
	r := start(t, file, c.option, d.option, minute.option, func(o *proxy.Options) { o.Log = zap.New(core) })
	seen := map[string]bool{r.pseudonymOf(t, v): true}
	n, today := 1, 0
	for met := true; met; n++ {
		was := pseudonym.TestRoot.State(c.now())
		today++
		c.day(today)
		is := pseudonym.TestRoot.State(c.now())
		var got string
		met = d.step(n, func() { got = r.pseudonymOf(t, v) })
		if got == "" || seen[got] {
			t.Errorf("step %d: the pseudonym is %q", n, got)
		}
		seen[got] = true
		told := logged.FilterMessageSnippet("the key state cannot be written").Len()
		if met && told == 0 {
			// it was a step of the ledger's newest checkpoint, which is signed beside it: the same one again
			until(t, "whatever failed is told", func() bool {
				return logged.FilterMessageSnippet("a checkpoint of the ledger cannot be signed").Len() == 1
			})
			n--
		} else if met != (told == 1) {
			t.Errorf("step %d: the operator is told %d times", n, told)
		}
		logged.TakeAll()
		if on := d.state(t); on != is && (!met || on != was) {
			t.Errorf("step %d: on disk is a state that never was", n)
		}
		minute.pass()
		if d.state(t) != is || r.pseudonymOf(t, v) != got {
			t.Errorf("step %d: a minute later", n)
		}
	}
	if err := r.stop(t); err != nil || n < leastSteps {
		t.Errorf("%d steps: %v", n, err)
	}
}

// rotations are the records of keys that were replaced.
func (r *running) rotations(t *testing.T) int {
	t.Helper()
	return strings.Count(r.ledger(t), `"text":"rotated: day; ledger subjects shredded"`)
}

var everyKey = proxy.Rotation{Chains: []pseudonym.Rotation{pseudonym.Day}, LedgerSubjects: true}

// TestRotatingOnAFailingDisk: whichever step on the disk fails, who asked a running server to replace keys is told that
// it was not done, hits go on with the keys that were, the ledger says nothing, and asking again does it, for good.
func TestRotatingOnAFailingDisk(t *testing.T) {
	t.Parallel()
	v, c := startVendor(t), newClock("2026-11-24T12:00:00Z")
	file := folder(t, v.URL)
	d := newKeyDisk(t, file)
	d.running = true
	r := start(t, file, c.option, d.option)
	rotate := func() error {
		_, err := proxy.RotateRunning(t.Context(), dataOf(r), everyKey)
		return err
	}
	before, done, n := r.pseudonymOf(t, v), 0, 1
	for met := true; met; n++ {
		var err error
		met = d.step(n, func() { err = rotate() })
		says := func(what string) bool { return err != nil && strings.Contains(err.Error(), what) }
		if met != (err != nil) || met != says(crash.ErrFailed.Error()) || met != says("key state") {
			t.Errorf("step %d: %v", n, err)
		}
		d.state(t)
		after := r.pseudonymOf(t, v)
		if met && (after != before || r.rotations(t) != done) {
			t.Errorf("step %d failed, and %q became %q, %d times", n, before, after, r.rotations(t))
		}
		if met {
			err = rotate()
			after = r.pseudonymOf(t, v)
		}
		if done++; err != nil || after == before || after == "" || r.rotations(t) != done {
			t.Errorf("asked again after step %d failed: %v; %q became %q, %d times", n, err, before, after, r.rotations(t))
		}
		before = after
	}
	if err := r.stop(t); err != nil || n < leastSteps {
		t.Errorf("%d steps: %v", n, err)
	}
	if got := start(t, file, c.option).pseudonymOf(t, v); got != before {
		t.Errorf("after a start: %q, want %q", got, before)
	}
}

// TestRotatingBesideAFailingDisk: the same where no server runs.
func TestRotatingBesideAFailingDisk(t *testing.T) {
	t.Parallel()
	v, c := startVendor(t), newClock("2026-11-24T12:00:00Z")
	file := folder(t, v.URL)
	d := newKeyDisk(t, file)
	r := start(t, file, c.option, d.option)
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	rotate := func() error {
		_, err := proxy.RotateStopped(loaded, everyKey, proxy.Options{Now: c.now, Disk: d})
		return err
	}
	done, n := 0, 1
	for met := true; met; n++ {
		before := d.state(t)
		var err error
		met = d.step(n, func() { err = rotate() })
		behind := met && ofCheckpoint(err) // which lies beside the key state, and comes last
		if !behind && (met != errors.Is(err, crash.ErrFailed) || met && !strings.Contains(err.Error(), "key state")) {
			t.Errorf("step %d: %v", n, err)
		}
		d.state(t)
		if behind {
			done++
		}
		if met {
			if got := r.rotations(t); got != done {
				t.Errorf("step %d failed, and it is recorded %d times", n, got)
			}
			err = rotate()
		}
		if done++; err != nil || d.state(t) == before || r.rotations(t) != done {
			t.Errorf("asked again after step %d failed: %v, recorded %d times", n, err, r.rotations(t))
		}
	}
	if n < leastSteps {
		t.Errorf("%d steps were looked at", n)
	}
}

// minutes is a ticker that a test turns.
type minutes chan time.Time

func (m minutes) option(o *proxy.Options) {
	o.Every = func(d time.Duration) (<-chan time.Time, func()) {
		if d != time.Minute { // of something else
			return nil, func() {}
		}
		return m, func() {}
	}
}

// pass lets a minute pass. When it returns, what is done each minute was done, for the next one is waited for.
func (m minutes) pass() {
	m <- time.Time{}
	m <- time.Time{}
}

// ofCheckpoint tells whether what failed is about the ledger's newest checkpoint, a copy of which lies beside the key
// state: one that cannot be signed at a start is signed later.
func ofCheckpoint(err error) bool { return err == nil || strings.Contains(err.Error(), "checkpoint") }
