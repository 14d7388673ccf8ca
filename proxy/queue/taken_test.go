package queue

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestNothingIsAddedThatNoStartWouldFind: where what is written, or a key of it, is not in its place, nobody is told
// that an event waits, until it is back.
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

// TestWhatMayHaveArrivedIsKnownOfWhatIsLost: of an event whose bytes are damaged it is known whether it may have
// arrived, by the notes and by the log.
func TestWhatMayHaveArrivedIsKnownOfWhatIsLost(t *testing.T) {
	for _, noted := range []bool{false, true} {
		dir, d, c := t.TempDir(), &diary{}, newClock()
		o := options(dir, d, c)
		q := opened(t, o)
		add(t, q, event(1), event(4))
		it, _ := q.Next("segment", Due)
		if err := q.Attempt(d.say(Attempted, it.Name), it); err != nil {
			t.Fatal(err)
		}
		if noted {
			if err := q.Checkpoint(d.next); err != nil {
				t.Fatal(err)
			}
		}
		if err := q.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(o.Dir, files(t, o.Dir, framesSuffix)[0])
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{len(b) / 4, len(b) * 3 / 4} {
			b[at] ^= 1
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		q = opened(t, o)
		attempted := map[Name]bool{}
		for _, damage := range q.Damaged() {
			for _, gone := range damage.Events {
				attempted[gone.Name] = gone.Attempted
			}
		}
		if len(attempted) != 2 || !attempted[event(1).Name] || attempted[event(4).Name] {
			t.Errorf("noted %t: lost, and whether they may have arrived: %v", noted, attempted)
		}
	}
}
