package queue

import (
	"testing"
	"time"
)

// TestOverdueIsLookedForInTime: what is parked is gone over when the first of it is overdue, and not before; what is
// handed out meanwhile is not forgotten.
func TestOverdueIsLookedForInTime(t *testing.T) {
	c := newClock()
	o := options(t.TempDir(), &diary{}, c)
	o.ParkFor = time.Hour
	q := opened(t, o)
	add(t, q, event(1), event(4))
	for range 2 {
		it, _ := q.Next("segment", Due)
		if err := q.Park(it, "refused"); err != nil {
			t.Fatal(err)
		}
		c.add(time.Minute)
	}
	if got := q.Overdue(9); len(got) != 0 || q.overdue == 0 {
		t.Fatalf("%d are overdue, looked for again at %d", len(got), q.overdue)
	}
	held := q.Parked("segment", "", 1)
	c.add(58 * time.Minute)
	if got := q.Overdue(9); len(got) != 0 {
		t.Errorf("%v is handed out twice", got)
	}
	q.Return(held[0])
	if got := q.Overdue(9); len(got) != 1 || got[0].Name != event(1).Name {
		t.Errorf("%v are overdue", got)
	}
	c.add(time.Minute)
	if got := q.Overdue(9); len(got) != 1 || got[0].Name != event(4).Name {
		t.Errorf("%v are overdue", got)
	}
}
