package queue

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// folder is all files of a folder, by their paths in it.
type folder map[string][]byte

func readFolder(t testing.TB, dir string) folder {
	t.Helper()
	all := folder{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		all[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// write puts the files into a folder of their own.
func (f folder) write(t testing.TB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, b := range f {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// of is the name of the one file that is not empty and ends so.
func (f folder) of(t testing.TB, suffix string) (name string) {
	t.Helper()
	for n, b := range f {
		if filepath.Ext(n) == suffix && len(b) > 0 && filepath.Base(filepath.Dir(n)) != "parked" {
			if name != "" && suffix == framesSuffix {
				t.Fatalf("%s and %s", name, n)
			}
			name = max(name, n)
		}
	}
	return name
}

// fourEvents is what a queue of four events left.
func fourEvents(t testing.TB, d *diary, c *clock) folder {
	dir := t.TempDir()
	q := opened(t, options(dir, d, c))
	for n := range 4 {
		add(t, q, event(n+1))
	}
	_ = q.Close()
	return readFolder(t, dir)
}

// TestADamagedByteNamesItsEvent: whichever byte of a file changes, the event whose frame it is in is named, and the
// others are there.
func TestADamagedByteNamesItsEvent(t *testing.T) {
	d, c := &diary{}, newClock()
	whole := fourEvents(t, d, c)
	name := whole.of(t, framesSuffix)
	var begins []int // of frames
	for at := 0; at < len(whole[name]); {
		begins = append(begins, at)
		at += framing + int(binary.LittleEndian.Uint32(whole[name][at+4:]))
	}
	lost := 0
	for at := range whole[name] {
		if slices.Contains(begins, at) {
			lost++
		}
		changed := maps.Clone(whole)
		changed[name] = slices.Clone(whole[name])
		changed[name][at] ^= 1 << (at % 8)
		dir := changed.write(t)
		o := options(dir, d, c)
		q, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		rest := slices.DeleteFunc(upTo(4), func(n int) bool { return n == lost })
		waiting, _ := pendingNames(t, q)
		gone := q.Damaged()
		if !slices.Equal(waiting, names(rest...)) || len(gone) != 1 || len(gone[0].Events) != 1 ||
			gone[0].Events[0].Name != event(lost).Name || gone[0].Events[0].Frame != uint32(lost-1) {
			t.Fatalf("byte %d: waiting: %v, damage: %+v", at, waiting, gone)
		}
		kept, err := os.ReadFile(filepath.Join(o.Dir, gone[0].Kept))
		if err != nil || int64(len(kept)) != gone[0].Bytes || gone[0].Offset != int64(begins[lost-1]) {
			t.Fatalf("byte %d: %d bytes were set aside of %+v: %v", at, len(kept), gone[0], err)
		}
		_ = q.Close()
		if os.RemoveAll(dir) != nil {
			t.Fatal("cannot remove the folder")
		}
	}
}

func TestATornEndIsNoEvent(t *testing.T) {
	d, c := &diary{}, newClock()
	whole := fourEvents(t, d, c)
	name := whole.of(t, framesSuffix)
	last := bytes.LastIndex(whole[name], []byte("TWF1"))
	for cut := last; cut < len(whole[name]); cut += 3 {
		changed := maps.Clone(whole)
		changed[name] = whole[name][:cut]
		dir := changed.write(t)
		o := options(dir, d, c)
		q := opened(t, o)
		if waiting, _ := pendingNames(t, q); !slices.Equal(waiting, names(1, 2, 3)) || len(q.Damaged()) > 0 {
			t.Errorf("%d bytes are there: waiting: %v, damage: %+v", cut, waiting, q.Damaged())
		}
	}
}

func TestALostKeyNamesItsEvents(t *testing.T) {
	for what, change := range map[string]func(f folder, key string){
		"lost":    func(f folder, key string) { delete(f, key) },
		"damaged": func(f folder, key string) { f[key] = []byte("garbage") },
	} {
		d, c := &diary{}, newClock()
		f := fourEvents(t, d, c)
		change(f, filepath.Join("keys", segment.FileName(0, keySuffix)))
		o := options(f.write(t), d, c)
		for range 2 { // as long as it is not on the log it is found again
			q := opened(t, o)
			gone := q.Damaged()
			if len(gone) != 1 || len(gone[0].Events) != 4 || gone[0].Why != NoKey || q.Stats().Damaged != 4 {
				t.Fatalf("%s: %+v", what, gone)
			}
			add(t, q, event(9))
			it, _ := q.Next("ga4", Due)
			_ = q.End(d.say(Ended, it.Name), it)
			_ = q.Close()
		}
		q := opened(t, o)
		if err := q.EndLost(d.say(Ended, names(1, 2, 3, 4)...), q.Damaged()...); err != nil {
			t.Fatal(err)
		}
		if err := q.Tend(); err != nil {
			t.Fatal(err)
		}
		if k := files(t, o.Keys, damagedSuffix); what == "damaged" && len(k) != 1 {
			t.Errorf("the damaged key: %v", k)
		}
		_ = q.Close()
		if q = opened(t, o); len(q.Damaged()) > 0 {
			t.Errorf("%s: %+v", what, q.Damaged())
		}
	}
}

func TestDamageWhileItRuns(t *testing.T) {
	d, c := &diary{}, newClock()
	o := options(t.TempDir(), d, c)
	o.Recent = -1
	var told []Damage
	o.OnDamage = func(d Damage) { told = append(told, d) }
	q := opened(t, o)
	add(t, q, event(3), event(6))
	path := filepath.Join(o.Dir, files(t, o.Dir, framesSuffix)[0])
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("!"), 100); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	it, _ := q.Next("ga4", Due)
	var e Event
	if err := q.Read(it, &e); !errors.Is(err, ErrDamaged) || len(told) != 1 ||
		told[0].Events[0].Name != it.Name || told[0].Kept == "" {
		t.Errorf("%v, told: %+v", err, told)
	}
	_ = q.End(d.say(Ended, it.Name), it)
	it, _ = q.Next("ga4", Due)
	checkRead(t, q, it)
}

func TestDamagedNotesAskTheLog(t *testing.T) {
	d, c := &diary{}, newClock()
	dir := t.TempDir()
	o := options(dir, d, c)
	q := opened(t, o)
	add(t, q, event(3), event(6))
	it, _ := q.Next("ga4", Due)
	_ = q.End(d.say(Ended, it.Name), it)
	if err := q.Checkpoint(d.next); err != nil {
		t.Fatal(err)
	}
	_ = q.Close()
	whole := readFolder(t, dir)
	notes := filepath.Join("queue", notesName)
	for at := range len(whole[notes]) + 1 {
		changed := maps.Clone(whole)
		if at < len(whole[notes]) {
			changed[notes] = slices.Clone(whole[notes])
			changed[notes][at]++
		} else {
			changed[notes] = nil
		}
		o := options(changed.write(t), d, c)
		q := opened(t, o)
		if w, _ := pendingNames(t, q); !slices.Equal(w, names(6)) || len(q.Damaged()) != 1 || q.Damaged()[0].Why != NoNotes {
			t.Fatalf("byte %d: waiting: %v, damage: %+v", at, w, q.Damaged())
		}
	}
}

// TestClockSetBackBeforeTheStart: what was accepted in a future that is no more waits for no longer than it may.
func TestClockSetBackBeforeTheStart(t *testing.T) {
	d, c := &diary{}, newClock()
	o := options(t.TempDir(), d, c)
	q := opened(t, o)
	e := event(3)
	e.TTL = time.Hour
	add(t, q, e)
	_ = q.Close()
	c.add(-48 * time.Hour)
	q = opened(t, o)
	c.add(59 * time.Minute)
	if _, ok := q.Next("ga4", Expired); ok {
		t.Error("it expired too soon")
	}
	c.add(2 * time.Minute)
	if it, ok := q.Next("ga4", Expired); !ok || !it.Expired {
		t.Error("it waits for longer than it may")
	}
}
