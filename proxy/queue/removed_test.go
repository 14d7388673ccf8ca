package queue

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestRemovedFilesAreMissed: whichever file of frames, or the notes, is removed, the log is asked for all that there
// is; where none is, it is not, however the queue was used and ended.
func TestRemovedFilesAreMissed(t *testing.T) {
	fill := func(t *testing.T) (Options, *diary) {
		dir, d, c := t.TempDir(), &diary{}, newClock()
		o := options(dir, d, c)
		q := opened(t, o)
		for n := range 4 {
			add(t, q, event(3*n+3), event(3*n+103))
			it, _ := q.Next("ga4", Due)
			if n%2 == 0 {
				if err := q.Park(it, "refused"); err != nil {
					t.Fatal(err)
				}
			}
			c.add(2 * time.Minute)
			if err := q.Tend(); err != nil {
				t.Fatal(err)
			}
			if err := q.Checkpoint(d.next); err != nil {
				t.Fatal(err)
			}
		}
		it, _ := q.Next("segment", Due)
		if err := q.End(d.say(Ended, it.Name), it); err != nil {
			t.Fatal(err)
		}
		if err := q.Close(); err != nil {
			t.Fatal(err)
		}
		return o, d
	}
	o, d := fill(t)
	for range 3 { // with what waits, and without, is empty, and was used
		q := opened(t, o)
		if Removed(q) {
			t.Errorf("nothing was removed of %v, %v", files(t, o.Dir, ""), files(t, o.Keys, ""))
		}
		for _, vendor := range []string{"segment", "ga4"} {
			for it, ok := q.Next(vendor, Any); ok; it, ok = q.Next(vendor, Any) {
				if err := q.End(d.say(Ended, it.Name), it); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := q.Close(); err != nil {
			t.Fatal(err)
		}
	}
	o, _ = fill(t)
	for _, dir := range []string{o.Dir, filepath.Join(o.Dir, "parked")} {
		for _, name := range append(files(t, dir, framesSuffix), notesName) {
			path := filepath.Join(dir, name)
			b, err := os.ReadFile(path)
			if err != nil || len(b) == 0 {
				continue
			}
			o, d := fill(t)
			path = filepath.Join(o.Dir, "parked", name)
			if filepath.Base(dir) != "parked" {
				path = filepath.Join(o.Dir, name)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			var asked uint64 = 1
			o.Since = func(record uint64, told func(Name, Fate)) error {
				asked = record
				return d.since(record, told)
			}
			if q := opened(t, o); !Removed(q) || asked != 0 {
				t.Errorf("%s was removed, and the log asked from %d on", path, asked)
			}
		}
	}
}
