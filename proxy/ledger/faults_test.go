package ledger_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// told is what a ledger reported.
type told []string

func (s *told) report(what string, err error) { *s = append(*s, fmt.Sprint(what, ": ", err)) }

// hit records one.
func hit(l *ledger.Ledger, n uint64) error { return l.Append([]ledger.Event{shaped(n, "s")}, named{}) }

// act records one, and waits until it is on disk.
func act(l *ledger.Ledger, n uint64) error {
	return l.Objected([]ledger.Objected{{Kind: ledger.KindObjection, First: n, Last: n}}, ledger.Head{Size: n})
}

// TestFullDisk: what does not fit is cut off and refused, and so is everything for a second. Then it goes on, in the
// same segment and without a hole, and what was to be known of deliveries meanwhile is there.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for what, full := range map[string]func(b []byte) (int, error){
		"nothing fits":          func([]byte) (int, error) { return 0, syscall.ENOSPC },
		"one half fits":         func(b []byte) (int, error) { return len(b) / 2, syscall.ENOSPC },
		"less, and no word":     func(b []byte) (int, error) { return len(b) - 1, nil },
		"all fits, and it says": func(b []byte) (int, error) { return len(b), syscall.ENOSPC },
	} {
		for _, cutFails := range []bool{false, true} {
			t.Run(fmt.Sprint(what, ", cutting back fails: ", cutFails), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { fullDisk(t, full, cutFails) })
			})
		}
	}
}

func fullDisk(t *testing.T, full func([]byte) (int, error), cutFails bool) {
	d, data := newDisk(), dataFolder(t)
	o := signing(t, data, d)
	l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		t.Fatal(err)
	}
	if err := hit(l, 1); err != nil {
		t.Fatal(err)
	}
	whole := d.text(-1)
	d.fail(full, nil)
	if cutFails {
		d.set(func() { d.cut = func(string) error { return syscall.EIO } })
	}
	refusedAll := func(when string) {
		t.Helper()
		for call, err := range map[string]error{
			"Append": hit(l, 2), "Objected": act(l, 3), "Note": l.Note(ledger.Note{Kind: ledger.KindReload}), "Err": l.Err(),
		} {
			if !errors.Is(err, segment.ErrRefused) {
				t.Errorf("%s, %s: %v", when, call, err)
			}
		}
	}
	if err := hit(l, 2); !errors.Is(err, segment.ErrRefused) {
		t.Errorf("full: %v", err)
	}
	if got := d.text(-1); !cutFails && got != whole {
		t.Errorf("it is not cut back: %q", got[len(whole):])
	}
	refusedAll("at once")
	if err := l.Outcome(ledger.Outcome{Hit: 1, Outcome: "delivered"}); err != nil {
		t.Error(err)
	}
	_, before := d.count()
	<-time.After(5500 * time.Millisecond)
	if _, tries := d.count(); !cutFails && (tries-before < 4 || tries-before > 6) {
		t.Errorf("%d tries in 5 s", tries-before)
	}
	refusedAll("5 s later")
	d.fail(nil, nil)
	d.set(func() { d.cut = nil })
	<-time.After(2 * time.Second)
	if err := errors.Join(l.Err(), hit(l, 4), act(l, 5), l.Close()); err != nil {
		t.Errorf("there is room again: %v", err)
	}
	got := reread(t, o)
	if len(got.hits) != 2 || got.hits[1] != 1 || got.hits[4] != 1 || len(segmentFiles(t, o.Dir)) != 1 {
		t.Errorf("hits %v in %d segments", got.hits, len(segmentFiles(t, o.Dir)))
	}
	all := strings.Join(got.lines, "\n")
	for text, times := range map[string]int{`"kind":"outcome"`: 1, `"seq":5,`: 1, `"seq":3,`: 2, `"reload"`: 0} {
		if strings.Count(all, text) != times { // what happened is recorded late, what was to be is not
			t.Errorf("%s is there %d times, want %d", text, strings.Count(all, text), times)
		}
	}
}

// TestReserve: with little room left hits are refused; what is owed to people, and how deliveries ended, is recorded.
func TestReserve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type room struct {
			free   uint64
			failed error
		}
		var now atomic.Pointer[room]
		now.Store(&room{free: 1000})
		var said told
		o := signing(t, dataFolder(t), nil)
		o.Reserve, o.Report = 1000, said.report
		o.Free = func() (uint64, error) { return now.Load().free, now.Load().failed }
		l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			t.Fatal(err)
		}
		steps := []struct {
			free   uint64
			failed error
			taken  bool
		}{{1000, nil, true}, {999, nil, false}, {0, nil, false}, {1000, nil, true}, {2000, syscall.EIO, false},
			{1001, nil, true}}
		for n, step := range steps {
			now.Store(&room{step.free, step.failed})
			<-time.After(1100 * time.Millisecond)
			synctest.Wait()
			if err := hit(l, uint64(n)); (err == nil) != step.taken || (l.Err() == nil) != step.taken {
				t.Errorf("%d bytes free, %v: %v", step.free, step.failed, err)
			}
			if err := errors.Join(act(l, uint64(n)), l.Outcome(ledger.Outcome{Hit: uint64(n)}),
				l.Refusals([]ledger.Refused{{Reason: "limit", Count: 1}})); err != nil {
				t.Errorf("%d bytes free: %v", step.free, err)
			}
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if len(said) != 2 || !strings.Contains(said[0], "999 bytes are free, and 1000 are to stay so") {
			t.Errorf("%q", said)
		}
		got := reread(t, o)
		if all := strings.Join(got.lines, ""); len(got.hits) != 3 || strings.Count(all, `"kind":"outcome"`) != len(steps) ||
			strings.Count(all, `"kind":"objection"`) != len(steps) {
			t.Errorf("hits %v", got.hits)
		}
		now.Store(&room{})
		o.Known = ""
		l, err = ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			t.Fatal(err)
		}
		if err := hit(l, 90); !errors.Is(err, segment.ErrRefused) {
			t.Errorf("at the start, no room: %v", err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestFailedSyncs: whichever sync of a segment fails, and however often in a row: nobody is told that something is on
// disk that is not, what was written is there once, under its number, and what is refused is nowhere.
func TestFailedSyncs(t *testing.T) {
	t.Parallel()
	for _, times := range []int{1, 2, 4} {
		for at := 1; ; at++ {
			done := false
			t.Run(fmt.Sprint("sync ", at, ", ", times, " times"), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { done = failedSyncs(t, at, times) })
			})
			if done {
				break
			}
		}
	}
}

// failedSyncs has syncs fail from one on. It tells whether there were fewer.
func failedSyncs(t *testing.T, at, times int) (done bool) {
	d := newDisk()
	syncs := 0
	d.fail(nil, func() error {
		syncs++
		if syncs >= at && syncs < at+times {
			return syscall.EIO
		}
		return nil
	})
	o := signing(t, dataFolder(t), d)
	o.Seal = 5 * time.Second
	l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
	if at < 3 && times > 2 && errors.Is(err, syscall.EIO) {
		return false // it does not begin
	}
	if err != nil {
		t.Fatal(err)
	}
	taken, acts, refused := []uint64{}, []uint64{}, []uint64{}
	for n := uint64(1); n <= 30; n++ {
		if err := hit(l, n); err == nil {
			taken = append(taken, n)
		} else {
			refused = append(refused, n)
		}
		if n%5 == 0 {
			if err := act(l, n); err == nil {
				acts = append(acts, n)
			}
		}
		<-time.After(700 * time.Millisecond)
	}
	synctest.Wait()
	over := syncs >= at+times
	if err := errors.Join(l.Err(), l.Close()); err != nil && over {
		t.Errorf("it is over, and yet: %v", err)
	}
	got := reread(t, o)
	for _, n := range taken {
		if got.hits[n] != 1 {
			t.Errorf("hit %d was taken, and is there %d times", n, got.hits[n])
		}
	}
	for _, n := range refused {
		if got.hits[n] != 0 {
			t.Errorf("hit %d was refused, and is there %d times", n, got.hits[n])
		}
	}
	all := strings.Join(got.lines, "\n")
	for _, n := range acts {
		if strings.Count(all, fmt.Sprintf(`"kind":"objection","seq":%d,`, n)) != 1 {
			t.Errorf("act %d is not there once", n)
		}
	}
	if times == 1 && len(refused) > 1 || len(taken) < 20 {
		t.Errorf("%d hits were refused", len(refused))
	}
	return syncs < at
}

// TestTaken: files that are removed, replaced or cut short under the server are seen within a second: nothing is taken,
// and it is said which. Once they are where they were it goes on.
func TestTaken(t *testing.T) {
	t.Parallel()
	aside := func(path string) (back func() error, err error) {
		return func() error { return os.Rename(path+".gone", path) }, os.Rename(path, path+".gone")
	}
	replaced := func(path string) (back func() error, err error) {
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.Rename(path, path+".gone")
		}
		if err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
		return func() error { return os.Rename(path+".gone", path) }, err
	}
	cut := func(path string) (back func() error, err error) {
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.Truncate(path, int64(len(text)-1))
		}
		return func() error { return os.WriteFile(path, text, 0o600) }, err
	}
	for how, do := range map[string]func(string) (func() error, error){"removed": aside, "replaced": replaced,
		"cut short": cut} {
		for _, file := range []string{
			"0000000000000000.jsonl.zst", "0000000000000000.hash", "0000000000000000.sum", "sealed.jsonl",
			"open.jsonl", "open.hash",
		} {
			if file == "open.hash" && how == "cut short" {
				continue // what is written on may hide it: sealing sees it then, and the next start makes the hashes again
			}
			t.Run(file+" "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { taken(t, file, how, do) })
			})
		}
	}
}

func taken(t *testing.T, file, how string, do func(path string) (back func() error, err error)) {
	var said told
	d, data := newDisk(), dataFolder(t)
	o := signing(t, data, d)
	o.Seal, o.Report = 5*time.Second, said.report
	unpackable := false
	d.create = func(name string) error {
		if unpackable && strings.HasSuffix(name, ".packing") {
			return syscall.EIO
		}
		return nil
	}
	l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint64(14) {
		if n == 8 {
			d.set(func() { unpackable = true }) // what is sealed from now on is not packed
		}
		if err := hit(l, n); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Second)
	}
	if len(said) != 1 || !strings.Contains(said[0], "cannot be compressed") {
		t.Fatal(said)
	}
	said = nil
	segments := segmentFiles(t, o.Dir)
	path := filepath.Join(o.Dir, file)
	switch file {
	case "sealed.jsonl":
		path = segments[len(segments)-2]
	case "open.jsonl":
		path = segments[len(segments)-1]
	case "open.hash":
		path = strings.TrimSuffix(segments[len(segments)-1], ".jsonl") + ".hash"
	}
	back, err := do(path)
	if err != nil {
		t.Fatal(err)
	}
	<-time.After(1100 * time.Millisecond)
	for call, err := range map[string]error{"Append": hit(l, 90), "Objected": act(l, 90), "Err": l.Err()} {
		if !errors.Is(err, segment.ErrRefused) || !strings.Contains(fmt.Sprint(err), filepath.Base(path)) {
			t.Errorf("%s, a second later: %v", call, err)
		}
	}
	<-time.After(5 * time.Second)
	ofFiles := func(s string) bool {
		return strings.HasPrefix(s, "the ledger's files are not those") && strings.Contains(s, filepath.Base(path))
	}
	if !slices.ContainsFunc(said, ofFiles) { // sealing, which was under way, may have said more
		t.Errorf("said %q", said)
	}
	if file == "open.jsonl" && how == "cut short" {
		_ = l.Close() // what was written on behind its new end is nobody's any more
		return
	}
	if file == "open.hash" { // it was written on behind its new end: the next start makes it again
		_ = l.Close()
		if l, err = ledger.Open(o, ledger.Note{Kind: ledger.KindStart}); err != nil {
			t.Fatal(err)
		}
	} else if err := back(); err != nil {
		t.Fatal(err)
	}
	<-time.After(1100 * time.Millisecond)
	if err := errors.Join(hit(l, 15), l.Close()); err != nil {
		t.Errorf("it is back: %v", err)
	}
	if got := reread(t, o); len(got.hits) != 15 || got.hits[90] != 0 {
		t.Errorf("hits %v", got.hits)
	}
}

// TestAnotherWriter: a segment that somebody else begins beside the one that is written stops the ledger: what
// follows in this one would count for nothing.
func TestAnotherWriter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		l := open(t, dir, nil, nil)
		// Neither opens, nor is written to, at an instant at which the other looks after itself.
		<-time.After(1700 * time.Millisecond)
		other := open(t, dir, nil, nil)
		<-time.After(1100 * time.Millisecond)
		if err := hit(l, 1); !errors.Is(err, ledger.ErrAnother) {
			t.Errorf("it goes on: %v", err)
		}
		_ = l.Close()
		if err := errors.Join(hit(other, 2), other.Close()); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	path := filepath.Join(dir, segment.FileName(7, ledger.OpenSuffix))
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	named := func(first uint64) string { return segment.FileName(first, ledger.OpenSuffix) }
	if _, err := segment.Open(segment.Options{Dir: dir, Name: named, First: 7}); !errors.Is(err, os.ErrExist) {
		t.Errorf("a segment that is there was opened: %v", err)
	}
}
