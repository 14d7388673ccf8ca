package ledger_test

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// TestAppendReturnsWhenWritten: whatever goes on beside it, a record is in the file when Append
// returns, and every record is a whole line.
func TestAppendReturnsWhenWritten(t *testing.T) {
	d := newDisk()
	l := open(t, t.TempDir(), d, func(o *ledger.Options) { o.Sync = time.Millisecond })
	const goroutines, each = 16, 50
	var all sync.WaitGroup
	var next atomic.Uint64
	for range goroutines {
		all.Go(func() {
			for range each {
				n := next.Add(1)
				if err := l.Append([]ledger.Event{shaped(n, fmt.Sprint("s", n%7)), shaped(n, "")}, named{}); err != nil {
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
	if counts[ledger.KindEvent] != 2*goroutines*each || counts[ledger.KindOutcome] != goroutines*each ||
		counts[ledger.KindStart] != 1 || counts[ledger.KindStop] != 1 {
		t.Errorf("records: %v", counts)
	}
}

// TestOneWriteForAllWhoWait: while a write is under way, those who come are written together by the next. How many came
// before the first began is up to the scheduler, all of them at most.
func TestOneWriteForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		l := open(t, t.TempDir(), d, func(o *ledger.Options) { o.Sync = time.Hour })
		_, before := d.count()
		d.gate = make(chan struct{})
		var all sync.WaitGroup
		for n := range uint64(50) {
			all.Go(func() {
				if err := l.Append([]ledger.Event{shaped(n, "s")}, named{}); err != nil {
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

func TestALedgerThatCannotBeBegun(t *testing.T) {
	t.Parallel()
	readOnly := errors.New("read-only file system")
	d := newDisk()
	d.create = func(string) error { return readOnly }
	o := ledger.Options{Dir: t.TempDir(), Now: time.Now, Disk: d}
	if _, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart}); !errors.Is(err, readOnly) {
		t.Errorf("a ledger was opened that cannot be written: %v", err)
	}
}

func TestAClosedLedgerTakesNothing(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir(), nil, nil)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Append([]ledger.Event{shaped(1, "")}, named{}); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// TestARestartBeginsAnotherSegment: also where the last one was torn, and where the clock went back:
// names and order do not depend on time.
func TestARestartBeginsAnotherSegment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for i := range uint64(4) {
		l := open(t, dir, nil, func(o *ledger.Options) { o.Now = func() time.Time { return now } })
		if err := l.Append([]ledger.Event{shaped(i, "s")}, named{}); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if i == 1 { // the process died while it wrote its last record
			segments := segmentFiles(t, dir)
			torn, err := os.ReadFile(segments[1])
			if err == nil {
				err = os.WriteFile(segments[1], torn[:len(torn)-20], 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			now = now.Add(-time.Hour)
		}
	}
	segments := segmentFiles(t, dir)
	if len(segments) != 4 {
		t.Fatalf("%d segments", len(segments))
	}
	var hits, kinds []string
	err := ledger.Search(dir, ledger.Query{}, func(record []byte) bool {
		kinds = append(kinds, member(string(record), "kind"))
		if member(string(record), "kind") == ledger.KindEvent {
			hits = append(hits, strconv.Itoa(numberIn(string(record), "hit")))
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(hits, ""); got != "0123" {
		t.Errorf("the hits came in the order %s", got)
	}
	if got := strings.Join(kinds[:8], " "); got != "start shape event stop start shape event start" {
		t.Errorf("kinds: %s", got)
	}
	if mode := stat(t, segments[0]).Mode().Perm(); mode != 0o600 {
		t.Errorf("a segment has mode %o", mode)
	}
}
