package queue

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
)

// diary is a log that says what became of events. What was not brought to disk is lost with the power.
type diary struct {
	mu      sync.Mutex
	entries []said
	synced  int
}

type said struct {
	name Name
	fate Fate
}

func (d *diary) say(fate Fate, names ...Name) func() error {
	return func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, n := range names {
			d.entries = append(d.entries, said{n, fate})
		}
		return nil
	}
}

func (d *diary) recorded() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.synced = len(d.entries)
	return nil
}

func (d *diary) next() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return uint64(len(d.entries))
}

func (d *diary) since(record uint64, told func(Name, Fate)) error {
	d.mu.Lock()
	all := d.entries
	d.mu.Unlock()
	if record > uint64(len(all)) {
		return errors.New("the log is shorter than was noted")
	}
	for _, s := range all[record:] {
		told(s.name, s.fate)
	}
	return nil
}

// cut loses what was not brought to disk.
func (d *diary) cut() *diary {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &diary{entries: slices.Clone(d.entries[:d.synced]), synced: d.synced}
}

// clock is a time that a test sets.
type clock struct {
	mu sync.Mutex
	t  time.Time
	by time.Duration // it goes on by so much whenever it is looked at
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(c.by)
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	c.t = c.t.Add(d)
	c.mu.Unlock()
}

func wrap(secret *[32]byte, name string) ([]byte, error) {
	return append([]byte(name+":"), secret[:]...), nil
}

func unwrap(wrapped []byte, name string) (*[32]byte, error) {
	secret, ok := bytes.CutPrefix(wrapped, []byte(name+":"))
	if !ok || len(secret) != 32 {
		return nil, errors.New("no key")
	}
	return (*[32]byte)(secret), nil
}

// stand has the clock stand still, or go on by so much at each look.
func (c *clock) stand(by time.Duration) {
	c.mu.Lock()
	c.by = by
	c.mu.Unlock()
}

// options are those of a queue that a test looks after itself.
func options(dir string, d *diary, c *clock) Options {
	return Options{
		Dir: filepath.Join(dir, "queue"), Keys: filepath.Join(dir, "keys"), Wrap: wrap, Unwrap: unwrap,
		Since: d.since, Recorded: d.recorded, Now: c.now, Tend: -1, Sync: time.Hour, Disk: lazy{durable.System},
		Recent: 1 << 10, // of a few: others are read from the disk
	}
}

func opened(t testing.TB, o Options) *Queue {
	t.Helper()
	q, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	return q
}

// event is event number n, of one vendor of three.
func event(n int) Event {
	return Event{
		Name: Name{uint64(n), uint32(n % 3)}, Vendor: vendorOf(n), Role: []byte("main"),
		Time: newClock().t, TTL: 24 * time.Hour,
		Subjects: [][16]byte{{byte(n)}}, Facts: fmt.Appendf(nil, "facts of %d", n),
		Method: []byte("POST"), Path: []byte("/track"),
		Headers: []Header{{[]byte("Content-Type"), []byte("application/json")}}, Body: fmt.Appendf(nil, `{"n":%d}`, n),
	}
}

func vendorOf(n int) string { return []string{"ga4", "segment", "matomo"}[n%3] }

// add adds events, and has them accepted.
func add(t testing.TB, q *Queue, events ...Event) {
	t.Helper()
	if err := added1(q, events...); err != nil {
		t.Fatal(err)
	}
}

func added1(q *Queue, events ...Event) error {
	ticket, err := q.Add(events)
	if err != nil {
		return err
	}
	if err := ticket.Synced(); err != nil {
		ticket.Refuse()
		return err
	}
	ticket.Accept()
	return nil
}

// pendingNames are the names of all that waits and is parked, each as often as it is there; every event is read.
func pendingNames(t testing.TB, q *Queue) (waiting, parked []Name) {
	t.Helper()
	q.mu.Lock()
	var all []Item
	for _, s := range []*store{q.waiting, q.parked} {
		for e := range s.pending() {
			all = append(all, q.item(e, 0))
		}
	}
	q.mu.Unlock()
	for _, it := range all {
		checkRead(t, q, it)
		if it.Reason == "" {
			waiting = append(waiting, it.Name)
		} else {
			parked = append(parked, it.Name)
		}
	}
	slices.SortFunc(waiting, Name.Compare)
	slices.SortFunc(parked, Name.Compare)
	return waiting, parked
}

func checkRead(t testing.TB, q *Queue, it Item) {
	t.Helper()
	var e Event
	if err := q.Read(it, &e); err != nil {
		t.Errorf("%v: %v", it.Name, err)
		return
	}
	if want := fmt.Sprintf(`{"n":%d}`, it.Name.Hit); !strings.HasPrefix(string(e.Body), want) || e.Name != it.Name ||
		e.Vendor != it.Vendor {
		t.Errorf("%v of %s holds %v of %s: %s", it.Name, it.Vendor, e.Name, e.Vendor, e.Body)
	}
}

func names(ns ...int) (all []Name) {
	for _, n := range ns {
		all = append(all, event(n).Name)
	}
	return all
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i+1)
	}
	return all
}

// files are the names of the files in a folder.
func files(t testing.TB, dir, suffix string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			names = append(names, e.Name())
		}
	}
	return names
}

// keysIn lists the keys in a folder, whatever they are called by now.
func keysIn(t testing.TB, dir string) (names []string) {
	t.Helper()
	for _, suffix := range keySuffixes {
		names = append(names, files(t, dir, suffix)...)
	}
	return names
}

// lazy is a disk that brings nothing to disk, and is quick.
type lazy struct{ durable.Disk }

type lazyFile struct{ durable.File }

// OpenFile opens a file.
func (d lazy) OpenFile(path string, flag int, mode os.FileMode) (durable.File, error) {
	f, err := durable.System.OpenFile(path, flag, mode)
	if err != nil {
		return nil, err
	}
	return lazyFile{f}, nil
}

// Sync does nothing.
func (lazyFile) Sync() error { return nil }
