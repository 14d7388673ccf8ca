package queue

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// copyTo writes what is copied of a queue into a folder that can be opened.
func copyTo(t *testing.T, s *Seized, o Options) {
	t.Helper()
	err := s.Copy(func(of Part, name string, from io.Reader) error {
		path := filepath.Join(map[Part]string{Frames: o.Dir, Keys: o.Keys}[of], name)
		text, err := io.ReadAll(from)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(path), 0o700)
		}
		if err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCopyIsOfAMoment: a copy holds what was pending when it was seized, and whatever becomes of events, files and keys
// before it is written, nothing that came later. Files and keys that were kept for it go then.
func TestCopyIsOfAMoment(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	q := opened(t, o)
	for n := range 9 {
		add(t, q, event(n+1))
		if n%3 == 2 {
			c.add(2 * time.Minute)
			if err := q.Tend(); err != nil {
				t.Fatal(err)
			}
		}
	}
	it, _ := q.Next("segment", Due) // 1
	if err := q.Park(it, "refused_404"); err != nil {
		t.Fatal(err)
	}
	if err := q.Checkpoint(d.next); err != nil {
		t.Fatal(err)
	}
	it, _ = q.Next("segment", Due) // 4
	if err := q.End(d.say(Ended, it.Name), it); err != nil {
		t.Fatal(err)
	}
	s, err := Seize(q)
	if err != nil {
		t.Fatal(err)
	}
	then := &diary{entries: slices.Clone(d.entries)}
	add(t, q, event(10))
	for _, vendor := range []string{"ga4", "segment", "matomo"} {
		for {
			it, found := q.Next(vendor, Any)
			if !found {
				break
			}
			_ = q.End(d.say(Ended, it.Name), it)
		}
	}
	for _, it := range q.Parked("", "", 10) {
		_ = q.End(d.say(Ended, it.Name), it)
	}
	for range 3 {
		c.add(20 * time.Minute)
		if err := q.Tend(); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Checkpoint(d.next); err != nil {
		t.Fatal(err)
	}
	to := options(t.TempDir(), then, c)
	copyTo(t, s, to)
	if n := len(files(t, o.Dir, framesSuffix)); n < 4 {
		t.Errorf("%d files are kept", n)
	}
	s.Release()
	if err := q.Tend(); err != nil {
		t.Fatal(err)
	}
	if f, k := files(t, o.Dir, framesSuffix), keysIn(t, o.Keys); len(f) != 1 || len(k) != 1 {
		t.Errorf("left behind: %v, %v", f, k)
	}
	copied := opened(t, to)
	waiting, parked := pendingNames(t, copied)
	if !slices.Equal(waiting, names(2, 3, 5, 6, 7, 8, 9)) || !slices.Equal(parked, names(1)) || len(copied.Damaged()) > 0 {
		t.Errorf("waiting %v, parked %v, damaged %v", waiting, parked, copied.Damaged())
	}
}
