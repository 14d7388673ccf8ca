package ledger_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// sealed is how long a segment of these tests is written, and tick how often it is synced.
const (
	sealed = time.Minute
	tick   = time.Second
)

// onCrash opens a ledger on a disk that is a folder of its own.
func onCrash(t *testing.T) (ledger.Options, *crash.Disk) {
	t.Helper()
	data := t.TempDir()
	d, err := crash.New(data)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Options{Dir: filepath.Join(data, "ledger"), Node: "node-1", Now: time.Now, Sync: tick, Seal: sealed, Disk: d}, d
}

var segmentName = regexp.MustCompile(`ledger/\S+\.jsonl`)

// numbered calls segments by their numbers.
func numbered(trace string) string {
	var names []string
	return segmentName.ReplaceAllStringFunc(trace, func(name string) string {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		return fmt.Sprint("segment ", slices.Index(names, name)+1)
	})
}

// TestSteps: a segment's name is on disk before a record is written to it, and it is on disk whole before the next is begun. Where nothing
// was written, nothing is synced.
func TestSteps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, d := onCrash(t)
		l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(tick * 3 / 2)
		for hit := range uint64(2) {
			if err := l.Append([]ledger.Event{shaped(hit, "")}, name); err != nil {
				t.Fatal(err)
			}
		}
		<-time.After(10 * tick)
		if err := l.Outcome(ledger.Outcome{Hit: 1}); err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * tick)
		if _, err := os.Stat(o.Dir); err != nil {
			t.Fatal(err)
		}
		<-time.After(sealed)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		const begun, written = "create segment %d, mode 0600\nsync folder ledger\n", "write segment %d\n"
		want := "mkdir ledger, mode 0700\nsync folder .\n" + fmt.Sprintf(begun, 1) +
			"write segment 1\nsync segment 1\n" + // its first record
			"write segment 1\nwrite segment 1\nsync segment 1\n" + // two hits
			"write segment 1\nsync segment 1\n" + // the outcome, that nobody waited for
			"sync segment 1\n" + fmt.Sprintf(begun, 2) + // its end
			"write segment 2\nsync segment 2\n" + // its first record
			"write segment 2\nsync segment 2\n" // that the ledger ended
		if got := numbered(d.Trace()); got != want {
			t.Errorf("the steps are\n%swant\n%s", got, want)
		}
	})
}

// played is what came of a ledger on a disk that failed.
type played struct {
	taken  []uint64 // hits that were acknowledged
	synced int      // how many of them a tick came after that was not found to have failed
	err    error    // the first
}

// play records hits over three segments, and goes on where it is refused.
func play(t *testing.T, o ledger.Options) (p played) {
	t.Helper()
	l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		return played{err: err}
	}
	for hit := range uint64(6) {
		err := l.Append([]ledger.Event{shaped(hit, "s"), shaped(hit, "")}, name)
		if err == nil && p.err != nil {
			t.Errorf("hit %d is taken after %v", hit, p.err)
		}
		if err == nil {
			p.taken = append(p.taken, hit)
		}
		p.err = errors.Join(p.err, err)
		<-time.After(sealed/2 + tick)
		if err := l.Err(); err == nil {
			p.synced = len(p.taken)
		} else if p.err == nil {
			p.err = err
		}
	}
	err = l.Close()
	if p.err != nil && err == nil {
		t.Errorf("closed without an error after %v", p.err)
	}
	if p.err = errors.Join(p.err, err); p.err == nil {
		p.synced = len(p.taken)
	}
	return p
}

// hits are those that a ledger holds, each of whose records has to be there with its shape.
func hits(t *testing.T, dir string) []uint64 {
	t.Helper()
	var found []uint64
	count := 0
	err := ledger.Search(dir, ledger.Query{Members: map[string]string{"kind": ledger.KindEvent}}, func(record []byte) bool {
		var hit uint64
		_, rest, _ := strings.Cut(string(record), `"hit":`)
		if _, err := fmt.Sscan(rest[:1], &hit); err != nil {
			t.Error(err)
		}
		if count++; count%2 == 0 {
			found = append(found, hit)
		}
		return true
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	return found
}

// TestEachStepFails: whichever step fails, alone or with all after it, nothing is acknowledged afterwards; what was is in its file, and, where
// a sync came after it, is there when the power goes. What is left can be opened and goes on.
func TestEachStepFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, d := onCrash(t)
		if p := play(t, o); p.err != nil || len(p.taken) != 6 || p.synced != 6 {
			t.Fatal(p)
		}
		for n := range d.Steps() {
			for what, fail := range map[string]func(*crash.Disk, int){"alone": (*crash.Disk).Fail, "and all after it": (*crash.Disk).Die} {
				o, d := onCrash(t)
				fail(d, n+1)
				p := play(t, o)
				if !errors.Is(p.err, crash.ErrFailed) {
					t.Errorf("step %d fails, %s: %v", n+1, what, p.err)
				}
				d.Fail(0)
				for _, left := range []crash.What{crash.Synced, crash.All} {
					data := t.TempDir()
					if err := d.Leave(left, data); err != nil {
						t.Fatal(err)
					}
					dir := filepath.Join(data, "ledger")
					want := p.taken[:p.synced]
					if left == crash.All {
						want = p.taken
					}
					if got := hits(t, dir); len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
						t.Errorf("step %d fails, %s; %v left: hits %v, want %v", n+1, what, left, got, want)
					}
					again, err := ledger.Open(ledger.Options{Dir: dir, Now: time.Now}, ledger.Note{Kind: ledger.KindStart})
					if err != nil {
						t.Fatalf("step %d fails, %s; %v left: %v", n+1, what, left, err)
					}
					if err := errors.Join(again.Append([]ledger.Event{shaped(9, "s"), shaped(9, "")}, name), again.Close()); err != nil {
						t.Error(err)
					}
					if got := hits(t, dir); len(got) == 0 || got[len(got)-1] != 9 {
						t.Errorf("step %d fails, %s; %v left: it does not go on: %v", n+1, what, left, got)
					}
				}
			}
		}
	})
}

// TestASyncFailsWhileARecordIsWritten: the record may be in the file, and is not acknowledged: what came before it may not be on disk.
func TestASyncFailsWhileARecordIsWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		l := open(t, t.TempDir(), d, nil)
		if err := l.Append([]ledger.Event{shaped(1, "")}, name); err != nil {
			t.Fatal(err)
		}
		d.gate = make(chan struct{})
		answered := make(chan error, 1)
		go func() { answered <- l.Append([]ledger.Event{shaped(2, "")}, name) }()
		synctest.Wait() // it is in write(2)
		d.fail(nil, func() error { return crash.ErrFailed })
		<-time.After(time.Second)
		close(d.gate)
		if err := <-answered; !errors.Is(err, ledger.ErrBroken) || !errors.Is(err, crash.ErrFailed) {
			t.Errorf("answered: %v", err)
		}
		_ = l.Close()
	})
}

// TestOutcomesAreWrittenInTime: nobody waits for them, and the next tick writes them though no hit comes.
func TestOutcomesAreWrittenInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		l := open(t, t.TempDir(), d, nil)
		if err := l.Outcome(ledger.Outcome{Hit: 7, Outcome: "delivered"}); err != nil {
			t.Fatal(err)
		}
		if d.holds(`"kind":"outcome"`) {
			t.Error("an outcome cost a write of its own")
		}
		<-time.After(time.Second)
		if !d.holds(`"kind":"outcome"`) {
			t.Error("an outcome was not written after a second")
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestWhatComesMeanwhileStaysInTheSegment: a record that is taken while the segment that is to end is synced is written to that one.
func TestWhatComesMeanwhileStaysInTheSegment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		l := open(t, t.TempDir(), d, func(o *ledger.Options) { o.Seal = sealed })
		<-time.After(sealed - 10*time.Millisecond)
		if err := l.Append([]ledger.Event{shaped(7, "s")}, name); err != nil {
			t.Fatal(err)
		}
		var once bool
		d.fail(nil, func() error {
			if once {
				return nil
			}
			once = true
			return l.Outcome(ledger.Outcome{Hit: 7, Outcome: "delivered"})
		})
		<-time.After(sealed / 2)
		if segments, _ := d.count(); segments != 2 || !strings.Contains(d.text(0), `"kind":"outcome"`) || strings.Contains(d.text(1), `"kind":"outcome"`) {
			t.Errorf("%d segments, the first\n%s", segments, d.text(0))
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestDefaults: a segment is written for an hour, and synced five times a second.
func TestDefaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		l := open(t, t.TempDir(), d, nil)
		<-time.After(250 * time.Millisecond)
		synctest.Wait()
		if len(d.syncs) != 1 {
			t.Errorf("%d syncs in a quarter of a second", len(d.syncs))
		}
		<-time.After(59 * time.Minute)
		if segments, _ := d.count(); segments != 1 {
			t.Errorf("%d segments in 59 minutes", segments)
		}
		<-time.After(2 * time.Minute)
		if segments, _ := d.count(); segments != 2 {
			t.Errorf("%d segments in 61 minutes", segments)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestASegmentThatCannotBeOpened: it might be the one that says what was asked for.
func TestASegmentThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		if err := open(t, dir, nil, nil).Close(); err != nil {
			t.Fatal(err)
		}
	}
	segments, err := ledger.Segments(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir, nil, nil).Close(); err != nil {
		t.Fatal(err)
	}
	read := 0
	err = ledger.Search(dir, ledger.Query{}, func([]byte) bool {
		read++
		return os.RemoveAll(segments[0].Path) == nil && os.RemoveAll(segments[1].Path) == nil // deleted because they are old
	})
	if err != nil || read < 4 {
		t.Errorf("%d records, %v", read, err)
	}
	for range 2 {
		if err := open(t, dir, nil, nil).Close(); err != nil {
			t.Fatal(err)
		}
	}
	if segments, err = ledger.Segments(dir); err != nil {
		t.Fatal(err)
	}
	err = ledger.Search(dir, ledger.Query{}, func([]byte) bool { return os.RemoveAll(segments[1].Path) == nil })
	if err == nil || !strings.Contains(err.Error(), "cannot open a segment") {
		t.Errorf("%v", err)
	}
}

// TestEveryNameIsTaken: a segment is never written over.
func TestEveryNameIsTaken(t *testing.T) {
	t.Parallel()
	d := newDisk()
	d.create = func() error { return os.ErrExist }
	_, err := ledger.Open(ledger.Options{Dir: t.TempDir(), Now: time.Now, Files: d}, ledger.Note{Kind: ledger.KindStart})
	if err == nil || !strings.Contains(err.Error(), "every name") {
		t.Errorf("%v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(ledger.Options{Dir: file, Now: time.Now, Files: newDisk()}, ledger.Note{Kind: ledger.KindStart}); err == nil {
		t.Error("a file for a folder")
	}
}
