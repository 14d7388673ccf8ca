package ledger_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// disk is a file system in memory that fails when told to.
type disk struct {
	mu       sync.Mutex
	names    []string
	segments map[string]*strings.Builder
	writes   int
	syncs    []string // what each fsync found in its segment
	write    func(b []byte) (int, error)
	sync     func() error
	create   func() error
	gate     chan struct{} // where not nil, every write waits for it
}

type segment struct {
	of   *disk
	text *strings.Builder
}

func newDisk() *disk { return &disk{segments: map[string]*strings.Builder{}} }

func (d *disk) Create(path string) (ledger.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.create != nil {
		if err := d.create(); err != nil {
			return nil, err
		}
	}
	if d.segments[path] != nil {
		return nil, os.ErrExist
	}
	d.names = append(d.names, path)
	d.segments[path] = new(strings.Builder)
	return &segment{d, d.segments[path]}, nil
}

func (s *segment) Write(b []byte) (int, error) {
	if gate := s.of.gate; gate != nil {
		<-gate
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.of.writes++
	if s.of.write != nil {
		n, err := s.of.write(b)
		s.text.Write(b[:n])
		return n, err
	}
	return s.text.Write(b)
}

func (s *segment) Sync() error {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.of.syncs = append(s.of.syncs, s.text.String())
	if s.of.sync != nil {
		return s.of.sync()
	}
	return nil
}

func (s *segment) Close() error { return nil }

// text is the n-th segment, -1 the last.
func (d *disk) text(n int) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n < 0 {
		n += len(d.names)
	}
	return d.segments[d.names[n]].String()
}

func (d *disk) fail(write func([]byte) (int, error), sync func() error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.write, d.sync = write, sync
}

func (d *disk) count() (segments, writes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.names), d.writes
}

// open opens a ledger on a disk in memory, or on the file system where there is none.
func open(t *testing.T, dir string, d *disk, change func(*ledger.Options)) *ledger.Ledger {
	t.Helper()
	o := ledger.Options{Dir: dir, Node: "node-1", Now: time.Now}
	if d != nil {
		o.Files = d
	}
	if change != nil {
		change(&o)
	}
	l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart, Policy: "digest", Text: "version test"})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// shaped is an event of a shape.
func shaped(hit uint64, shape string) ledger.Event {
	return ledger.Event{Hit: hit, Site: "shop", Vendor: "ga4", Endpoint: "collect", Decision: "permit", Reason: "permitted", Shape: shape}
}

func name(int) ledger.Shape {
	return ledger.Shape{Kept: []string{"v"}, Changed: []string{"cid"}, Dropped: []string{"*"}}
}

// TestAppendReturnsWhenWritten: whatever goes on beside it, a record is in the file when Append returns, and every record is a whole line.
func TestAppendReturnsWhenWritten(t *testing.T) {
	d := newDisk()
	l := open(t, t.TempDir(), d, func(o *ledger.Options) { o.Sync, o.Seal = time.Millisecond, 5*time.Millisecond })
	const goroutines, each = 16, 200
	var all sync.WaitGroup
	var next atomic.Uint64
	for range goroutines {
		all.Go(func() {
			for range each {
				n := next.Add(1)
				if err := l.Append([]ledger.Event{shaped(n, fmt.Sprint("s", n%7)), shaped(n, "")}, name); err != nil {
					t.Error(err)
					return
				}
				if want := fmt.Sprintf(`"hit":%d,`, n); !d.holds(want) {
					t.Errorf("record %d was not written when Append returned", n)
				}
				if err := l.Outcome(ledger.Outcome{Hit: n, Outcome: "delivered"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	segments, _ := d.count()
	for n := range segments {
		shapes := map[string]bool{}
		for line := range strings.Lines(d.text(n)) {
			if !strings.HasPrefix(line, "{") || !strings.HasSuffix(line, "}\n") {
				t.Fatalf("no whole record: %q", line)
			}
			kind := member(line, "kind")
			counts[kind]++
			switch shape := member(line, "shape"); {
			case kind == ledger.KindShape && shapes[shape]:
				t.Errorf("shape %s is named twice in a segment", shape)
			case kind == ledger.KindShape:
				shapes[shape] = true
			case kind == ledger.KindEvent && shape != "" && !shapes[shape]:
				t.Errorf("shape %s is used before its segment names it", shape)
			}
		}
	}
	if counts[ledger.KindEvent] != 2*goroutines*each || counts[ledger.KindOutcome] != goroutines*each || counts[ledger.KindStart] != 1 || counts[ledger.KindStop] != 1 {
		t.Errorf("records: %v", counts)
	}
}

func (d *disk) holds(text string) bool {
	segments, _ := d.count()
	for n := range segments {
		if strings.Contains(d.text(n), text) {
			return true
		}
	}
	return false
}

// member is the text of a member of a record.
func member(line, name string) string {
	_, rest, found := strings.Cut(line, `"`+name+`":"`)
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// TestOneWriteForAllWhoWait: while a write is under way, those who come are written together by the next. How many came before the first
// began is up to the scheduler, all of them at most.
func TestOneWriteForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		l := open(t, t.TempDir(), d, func(o *ledger.Options) { o.Sync = time.Hour })
		_, before := d.count()
		d.gate = make(chan struct{})
		var all sync.WaitGroup
		for n := range uint64(50) {
			all.Go(func() {
				if err := l.Append([]ledger.Event{shaped(n, "s")}, name); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait() // one writes, the others wait for it
		close(d.gate)
		all.Wait()
		if _, after := d.count(); after-before < 1 || after-before > 2 {
			t.Errorf("50 hits took %d writes", after-before)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestAfterAFailureNothingIsTaken: a failed, a short or an unsynced write poisons the ledger; that the next call would succeed changes nothing.
func TestAfterAFailureNothingIsTaken(t *testing.T) {
	full := errors.New("no space left on device")
	for what, fail := range map[string]func(*disk){
		"a write that fails":      func(d *disk) { d.fail(func([]byte) (int, error) { return 0, full }, nil) },
		"a write of one half":     func(d *disk) { d.fail(func(b []byte) (int, error) { return len(b) / 2, full }, nil) },
		"a short write, unspoken": func(d *disk) { d.fail(func(b []byte) (int, error) { return len(b) - 1, nil }, nil) },
		"an fsync that fails":     func(d *disk) { d.fail(nil, func() error { return full }) },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDisk()
				l := open(t, t.TempDir(), d, nil)
				if err := l.Append([]ledger.Event{shaped(1, "s")}, name); err != nil || l.Err() != nil {
					t.Fatal(err, l.Err())
				}
				fail(d)
				first := l.Append([]ledger.Event{shaped(2, "s")}, name)
				if !strings.Contains(what, "fsync") && !errors.Is(first, ledger.ErrBroken) {
					t.Errorf("the hit itself: %v", first)
				}
				<-time.After(time.Second) // in the bubble's time: fsyncs come and go
				d.fail(nil, nil)
				before := d.text(-1)
				for call, err := range map[string]error{
					"Append":   l.Append([]ledger.Event{shaped(3, "s")}, name),
					"Outcome":  l.Outcome(ledger.Outcome{Hit: 1}),
					"Refusals": l.Refusals([]ledger.Refused{{Reason: "limit", Count: 1}}),
					"Note":     l.Note(ledger.Note{Kind: ledger.KindReload}),
					"Err":      l.Err(),
				} {
					if !errors.Is(err, ledger.ErrBroken) {
						t.Errorf("%s afterwards: %v", call, err)
					}
				}
				<-time.After(time.Second)
				if err := l.Close(); !errors.Is(err, ledger.ErrBroken) {
					t.Errorf("Close: %v", err)
				}
				if after := d.text(-1); after != before {
					t.Errorf("it went on writing: %q", after[len(before):])
				}
			})
		})
	}
}

// TestSegmentsAreWholeOnDisk: the fsync that ends a segment comes after its last record.
func TestSegmentsAreWholeOnDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		l := open(t, t.TempDir(), d, func(o *ledger.Options) { o.Seal = time.Minute })
		var writers sync.WaitGroup
		for n := range uint64(500) {
			writers.Go(func() {
				<-time.After(time.Duration(n) * 700 * time.Millisecond)
				if err := l.Append([]ledger.Event{shaped(n, "s")}, name); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		segments, _ := d.count()
		if segments < 5 || segments > 8 {
			t.Errorf("%d segments in 350 s", segments)
		}
		for n := range segments {
			text, found := d.text(n), false
			for _, synced := range d.syncs {
				found = found || synced == text
			}
			if !found {
				t.Errorf("segment %d was never fsynced whole", n)
			}
			if first := member(text, "kind"); n > 0 && first != ledger.KindSegment || !strings.Contains(text, `"node":"node-1"`) {
				t.Errorf("segment %d begins with a record of kind %s: %.100s", n, first, text)
			}
			if strings.Contains(text, `"kind":"event"`) && strings.Count(text, `"kind":"shape"`) != 1 {
				t.Errorf("segment %d names the shape %d times", n, strings.Count(text, `"kind":"shape"`))
			}
		}
	})
}

func TestASegmentThatCannotBeBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		l := open(t, t.TempDir(), d, func(o *ledger.Options) { o.Seal = time.Minute })
		d.mu.Lock()
		d.create = func() error { return errors.New("no space left on device") }
		d.mu.Unlock()
		<-time.After(2 * time.Minute)
		if err := l.Append([]ledger.Event{shaped(1, "")}, name); !errors.Is(err, ledger.ErrBroken) {
			t.Errorf("got %v", err)
		}
		_ = l.Close()
	})
	d := newDisk()
	d.create = func() error { return errors.New("read-only file system") }
	if _, err := ledger.Open(ledger.Options{Dir: t.TempDir(), Now: time.Now, Files: d}, ledger.Note{Kind: ledger.KindStart}); err == nil {
		t.Error("a ledger was opened that cannot be written")
	}
}

func TestAClosedLedgerTakesNothing(t *testing.T) {
	l := open(t, t.TempDir(), nil, nil)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Append([]ledger.Event{shaped(1, "")}, name); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// TestARestartBeginsAnotherSegment: also where the last one was torn, and where the clock went back.
func TestARestartBeginsAnotherSegment(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for i := range uint64(4) {
		l := open(t, dir, nil, func(o *ledger.Options) { o.Now = func() time.Time { return now } })
		if err := l.Append([]ledger.Event{shaped(i, "s")}, name); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			now = now.Add(-time.Hour)
		}
	}
	segments, err := ledger.Segments(dir)
	if err != nil || len(segments) != 4 {
		t.Fatalf("%d segments, %v", len(segments), err)
	}
	torn, err := os.ReadFile(segments[1].Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(segments[1].Path, torn[:len(torn)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	var hits, kinds []string
	err = ledger.Search(dir, ledger.Query{}, func(record []byte) bool {
		kinds = append(kinds, member(string(record), "kind"))
		if member(string(record), "kind") == ledger.KindEvent {
			hits = append(hits, string(record[strings.Index(string(record), `"hit":`)+6]))
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(hits, ""); got != "0123" {
		t.Errorf("the hits came in the order %s", got)
	}
	if got := strings.Join(kinds[:7], " "); got != "start shape event stop start shape event" {
		t.Errorf("kinds: %s", got)
	}
	if mode := stat(t, segments[0].Path).Mode().Perm(); mode != 0o600 {
		t.Errorf("a segment has mode %o", mode)
	}
}
