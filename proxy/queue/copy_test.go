package queue

import (
	"slices"
	"testing"
	"time"
)

// TestWhatIsLeftIsCopiedWhateverItsNumber: events of early hits that wait again, and stand behind those of later ones,
// keep no file alive; nor does one that is under way, or cannot be read, keep others from being copied.
func TestWhatIsLeftIsCopiedWhateverItsNumber(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	o.ParkFor = 100 * time.Hour
	q := opened(t, o)
	next := func() {
		t.Helper()
		c.add(2 * time.Minute)
		if err := q.Tend(); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 20 {
		add(t, q, event(3*(n+1)))
	}
	for range 15 { // 3 to 45
		it, _ := q.Next("ga4", Due)
		if err := q.Park(it, "refused"); err != nil {
			t.Fatal(err)
		}
	}
	next()
	for n := range 20 {
		add(t, q, event(3*(100+n)))
	}
	next()
	for _, it := range q.Parked("ga4", "", 100) { // in a file of their own, behind those of later hits
		if err := q.Unpark(it, 24*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	next()
	var under Item
	for {
		it, ok := q.Next("ga4", Due)
		if !ok {
			break
		}
		switch it.Name.Hit {
		case 48:
			under = it // of the first file
		case 3, 330:
			q.Later(it, time.Hour)
		default:
			if err := q.End(d.say(Ended, it.Name), it); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.add(time.Hour)
	for range 4 {
		if err := q.Tend(); err != nil {
			t.Fatal(err)
		}
	}
	if f := files(t, o.Dir, framesSuffix); len(f) != 2 {
		t.Errorf("files: %v", f)
	}
	if err := q.End(d.say(Ended, under.Name), under); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if waiting, _ := pendingNames(t, q); !slices.Equal(waiting, names(3, 330)) {
			t.Errorf("pending: %v", waiting)
		}
		_ = q.Close()
		q = opened(t, o)
	}
}
