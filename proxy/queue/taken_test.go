package queue

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestNothingIsAddedThatNoStartWouldFind: where what is written, or a key of it, is not in its place, nobody is told that
// an event waits, until it is back.
func TestNothingIsAddedThatNoStartWouldFind(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	q := opened(t, o)
	add(t, q, event(1))
	for n, path := range []string{o.Dir, filepath.Join(o.Dir, "parked"), o.Keys, filepath.Join(o.Keys, "parked")} {
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		_ = q.Tend() // what else it finds is not what is asked here
		if err := added1(q, event(10+n)); !errors.Is(err, ErrTaken) || IsFull(err) {
			t.Errorf("%s is away: %v", path, err)
		}
		if err := q.Ready(); !errors.Is(err, ErrTaken) {
			t.Errorf("%s is away, and it is ready: %v", path, err)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		_ = q.Tend()
		add(t, q, event(20+n))
		if err := q.Ready(); err != nil {
			t.Errorf("%s is back: %v", path, err)
		}
	}
}
