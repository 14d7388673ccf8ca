package proxy_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tidwall/gjson"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/segment"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// errDisk is what a disk says that takes no more.
var errDisk = errors.New("input/output error")

// disk is a file system on which a segment of the ledger takes no write any more, from one on.
type disk struct {
	wrote  atomic.Int64
	fails  atomic.Int64 // at the write of that number; 0: at none
	text   string       // or, once it is armed, at the first one that holds it
	armed  atomic.Bool
	broken atomic.Bool

	mu      sync.Mutex
	written strings.Builder
}

// seen is what was written to segments.
func (d *disk) seen() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.written.String()
}

// segmentFile is a segment that is being written.
type segmentFile struct {
	*os.File
	of *disk
}

func (d *disk) OpenFile(path string, flag int, mode fs.FileMode) (durable.File, error) {
	f, err := os.OpenFile(path, flag, mode)
	if err != nil {
		return nil, err
	}
	written := strings.TrimSuffix(path, segment.BesideSuffix)
	if filepath.Ext(written) == ".jsonl" && strings.HasPrefix(filepath.Base(written), "0") {
		return segmentFile{f, d}, nil
	}
	return f, nil
}

func (*disk) Mkdir(path string, mode fs.FileMode) error { return os.Mkdir(path, mode) }
func (*disk) Rename(from, to string) error              { return os.Rename(from, to) }
func (*disk) Link(from, to string) error                { return os.Link(from, to) }
func (*disk) Remove(path string) error                  { return os.Remove(path) }

func (f segmentFile) Write(b []byte) (int, error) {
	d := f.of
	n, at := d.wrote.Add(1), d.fails.Load()
	if at > 0 && n >= at || d.armed.Load() && strings.Contains(string(b), d.text) {
		d.broken.Store(true)
	}
	if d.broken.Load() {
		return 0, errDisk
	}
	d.mu.Lock()
	d.written.Write(b)
	d.mu.Unlock()
	return f.File.Write(b)
}

func (f segmentFile) Sync() error {
	if f.of.broken.Load() {
		return errDisk
	}
	return f.File.Sync()
}

// mend has the disk take everything again.
func (d *disk) mend() {
	d.fails.Store(0)
	d.armed.Store(false)
	d.broken.Store(false)
}

// failAt makes the write after the next n fail.
func (d *disk) failAt(n int64) { d.fails.Store(d.wrote.Load() + n) }

// copied is a copy of a configuration's folder, and its server file.
func copied(t *testing.T, file string) string {
	t.Helper()
	dir, from := t.TempDir(), os.DirFS(filepath.Dir(file))
	err := fs.WalkDir(from, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := fs.ReadFile(from, path)
		write(t, filepath.Join(dir, path), string(text)) // none but its owner may read it
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, filepath.Base(file))
}

// kinds lists the kinds of a ledger's records.
func kinds(records string) []string {
	var all []string
	for line := range strings.Lines(records) {
		all = append(all, gjson.Get(line, "kind").Str)
	}
	return all
}

// shortOf is a shop with all that a start has to put on the ledger before anything is judged: a revocation,
// after what has to be remembered for longer than old records are kept; where that is asked for, an approval,
// and an objection that the ledger missed.
func shortOf(t *testing.T, c *clock, approved, missed bool) *assessed {
	t.Helper()
	a, d := newAssessed(t, ""), new(disk)
	r := start(t, a.file, c.option, func(o *proxy.Options) { o.Disk = d })
	if got := a.reason(t, r); got != "permitted" {
		t.Fatal(got)
	}
	if missed {
		d.failAt(1)
		act := objection.Act{IDs: []objection.ID{{Name: "email", Value: "jane@example.com"}},
			Change: objection.Change{Object: []string{"measure"}}}
		receipts, err := r.Act(t.Context(), objection.Acts{Acts: []objection.Act{act}})
		if err != nil || strings.Join(receipts[0].InForce, " ") != "measure" {
			t.Fatalf("an objection that is on disk and not on the ledger: %v, %v", receipts, err)
		}
		if a := r.ask(t, get(counted, "")); a.Status != 503 {
			t.Errorf("after the ledger failed, a hit is answered with %d", a.Status)
		}
	}
	if err := r.stop(t); errors.Is(err, errDisk) != missed {
		t.Errorf("it ended with %v", err)
	}
	write(t, filepath.Join(a.dir, "policy/revocations.yaml"),
		"revocations: [{ assessment: LIA-1, version: 1, at: 2026-12-01T12:00:00Z, because: the vendor was sold }]\n")
	if approved {
		a.replace(t, assessmentFile, "version: 1", "version: 2")
		a.sign(t)
	}
	return a
}

// TestAStartThatCannotRecord: whichever record of a start cannot be written, it does not start, and says why. The next
// start finds all of it still to be done, and does it.
func TestAStartThatCannotRecord(t *testing.T) {
	t.Parallel()
	for _, last := range []struct {
		approved, missed bool
		records          int64
	}{{true, true, 6}, {true, false, 5}, {false, false, 4}} {
		c := newClock("2026-12-01T12:00:00Z")
		startsWithoutRecords(t, shortOf(t, c, last.approved, last.missed), c, last.records)
	}
}

// startsWithoutRecords tries starts of which each lacks one record.
func startsWithoutRecords(t *testing.T, a *assessed, c *clock, records int64) {
	t.Helper()
	for n := int64(1); ; n++ {
		file, d := copied(t, a.file), new(disk)
		loaded, err := config.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		o := proxy.Options{Root: pseudonym.TestRoot, Now: c.now, Disk: d}
		d.failAt(n)
		s, err := proxy.New(loaded, o)
		if d.wrote.Load() < n {
			if err != nil || n != records+1 {
				t.Fatalf("a start writes %d records, and ends with %v", n-1, err)
			}
			d.mend()
			if err := s.Release(); err != nil {
				t.Error(err)
			}
			break
		}
		if err == nil {
			t.Errorf("it started without its record %d", n)
			_ = s.Release()
			continue
		}
		if !errors.Is(err, errDisk) {
			t.Errorf("record %d: %v", n, err)
		}
		d.mend()
		if s, err = proxy.New(loaded, o); err != nil {
			t.Fatalf("after record %d could not be written: %v", n, err)
		}
		if err := s.Release(); err != nil {
			t.Error(err)
		}
		text := (&running{file: file}).ledger(t)
		for i, want := range []string{
			`"kind":"revocation","assessment":"LIA-1","assessment_version":1,"because":"the vendor was sold"`,
			`"kind":"approval","assessment":"LIA-1","assessment_version":2,"meaning":`,
			`"kind":"objection","seq":1,"scopes":["measure"]`, `"recovered":true`, `"kind":"objections_head","size":1`,
		} {
			if int64(i) < records-3 && !strings.Contains(text, want) {
				t.Errorf("after record %d could not be written, and a start, the ledger lacks %s:\n%s", n, want, text)
			}
		}
	}
}

// TestAReloadThatCannotRecord: whichever record of a reload cannot be written, the policy does not come into force; and
// nothing is forwarded any more under the one before it.
func TestAReloadThatCannotRecord(t *testing.T) {
	t.Parallel()
	c := newClock("2026-12-01T12:00:00Z")
	template := newAssessed(t, "")
	for n := int64(1); ; n++ {
		a, d := *template, new(disk)
		a.file = copied(t, template.file)
		a.dir = filepath.Dir(a.file)
		r := start(t, a.file, c.option, func(o *proxy.Options) { o.Disk = d })
		old := r.Policy()
		write(t, filepath.Join(a.dir, "policy/revocations.yaml"),
			"revocations: [{ assessment: LIA-1, version: 1, at: 2026-12-01T12:00:00Z, because: the vendor was sold }]\n")
		a.replace(t, assessmentFile, "version: 1", "version: 2")
		a.sign(t)
		d.failAt(n)
		err := r.Reload()
		if err == nil {
			if records := kinds(r.ledger(t)); n != 4 || !slices.Equal(records[len(records)-3:],
				[]string{"revocation", "approval", "reload"}) {
				t.Errorf("a reload that cannot write its record %d ended well: %v", n, records)
			}
			if r.Policy() == old {
				t.Error("the policy is the one that was there")
			}
			break
		}
		if !errors.Is(err, errDisk) || r.Policy() != old {
			t.Errorf("record %d: %v; the policy is another: %v", n, err, r.Policy() != old)
		}
		if got := r.ask(t, get(counted, "")); got.Status != 503 || len(a.vendor.Requests()) != 0 {
			t.Errorf("record %d: a hit is answered with %d, and %d reached the vendor", n, got.Status, len(a.vendor.Requests()))
		}
	}
	// One that is refused is recorded as well; where that fails, both errors are told.
	a, d := newAssessed(t, ""), new(disk)
	r := start(t, a.file, c.option, func(o *proxy.Options) { o.Disk = d })
	write(t, filepath.Join(a.dir, "policy/purposes.yaml"), "purposes: [\n")
	d.failAt(1)
	if err := r.Reload(); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "purposes.yaml") {
		t.Errorf("a refused reload that cannot be recorded: %v", err)
	}
}

// onBadDisk is what a running shop whose ledger stops taking records is asked, and said.
type onBadDisk struct {
	*running
	disk   *disk
	client *gated
	logged *observer.ObservedLogs
}

func startFailing(t *testing.T) *onBadDisk {
	t.Helper()
	f := &onBadDisk{disk: new(disk), client: new(gated)}
	core, logged := observer.New(zap.WarnLevel)
	f.logged = logged
	f.running = start(t, folder(t, "http://127.0.0.1:1"), func(o *proxy.Options) {
		o.Disk, o.Log = f.disk, zap.New(core)
		o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return f.client, nil }
	})
	return f
}

// said tells whether an operator was told.
func (f *onBadDisk) said(what string) bool { return f.logged.FilterMessage(what).Len() > 0 }

// TestALedgerThatFails at each place where a running server writes to it: the operator is told, nothing that is not
// recorded leaves, nothing is acknowledged that is not on disk, and from then on nothing is forwarded.
func TestALedgerThatFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(t *testing.T, f *onBadDisk)
		told string // to the operator
		left int    // hits, of those sent meanwhile
	}{
		{"a hit is judged", func(t *testing.T, f *onBadDisk) {
			if a := f.send(t, get(pageView, consent)); a.status != 503 || a.headers.Get("Retry-After") != "5" {
				t.Errorf("it is answered with %d, Retry-After %q", a.status, a.headers.Get("Retry-After"))
			}
		}, "decisions cannot be recorded", 0},
		{"a hit is denied", func(t *testing.T, f *onBadDisk) {
			if a := f.send(t, get(pageView, "")); a.status != 503 {
				t.Errorf("it is answered with %d", a.status)
			}
		}, "decisions cannot be recorded", 0},
		{"a hit is refused", func(t *testing.T, f *onBadDisk) {
			f.send(t, post("/t/v1/batch", consent, `{"batch":[`))
		}, "a refused hit cannot be recorded", 0},
		{"a hit is with the vendor", func(t *testing.T, f *onBadDisk) {
			f.disk.fails.Store(0)
			f.client.meanwhile = func() { f.disk.failAt(1); f.act(t, objection.Change{Object: []string{"vendor:segment"}}) }
			if a := f.send(t, get(pageView, consent)); a.status != 204 {
				t.Errorf("it is answered with %d", a.status)
			}
			f.client.meanwhile = nil
		}, "objections are in force and on disk, and cannot be recorded now: they will be before the next hit", 1},
		{"somebody objects", func(t *testing.T, f *onBadDisk) {
			if got := f.act(t, objection.Change{Object: []string{"audience"}}); !got[0].New ||
				strings.Join(got[0].InForce, " ") != "audience" {
				t.Errorf("it is answered with %+v", got)
			}
			if standing, err := f.Standing(theVisitor, nil); err != nil || strings.Join(standing, " ") != "audience" {
				t.Errorf("in force are %v, %v", standing, err)
			}
		}, "objections are in force and on disk, and cannot be recorded now: they will be before the next hit", 0},
		{"keys are replaced", func(t *testing.T, f *onBadDisk) {
			if text, err := f.Rotate(proxy.Rotation{Chains: []pseudonym.Rotation{pseudonym.Day}}); !errors.Is(err, errDisk) {
				t.Errorf("%q, %v", text, err)
			}
		}, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := startFailing(t)
			f.disk.failAt(1)
			c.do(t, f)
			if c.told != "" && !f.said(c.told) {
				t.Errorf("nobody is told: %v", f.logged.All())
			}
			for _, entry := range f.logged.All() {
				if text := fmt.Sprint(entry.ContextMap()); strings.Contains(text, "1234567890") {
					t.Errorf("an identifier is in the log: %s", text)
				}
			}
			if a := f.send(t, get(pageView, consent)); a.status != 503 || len(f.client.left) != c.left {
				t.Errorf("the next hit is answered with %d, and %d left", a.status, len(f.client.left))
			}
			if status, text := f.get(t, "/readyz"); status != 503 || !strings.Contains(text, "ledger") {
				t.Errorf("readyz says %d %s", status, text)
			}
			if err := f.stop(t); !errors.Is(err, errDisk) {
				t.Errorf("it ended well: %v", err)
			}
		})
	}
}
