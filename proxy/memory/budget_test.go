package memory_test

import (
	"sync"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/memory"
)

// TestLargeHitsLeaveRoomForSmallOnes: who fills the budget with large hits keeps nobody's small one out.
func TestLargeHitsLeaveRoomForSmallOnes(t *testing.T) {
	b := memory.NewBudget(16 << 20)
	large := make([]memory.Lease, 40)
	refused := 0
	for i := range large {
		large[i].Begin(b)
		for range 16 {
			if !large[i].Take(64 << 10) {
				refused++
				break
			}
		}
	}
	if refused == 0 || b.Held() > 16<<20*7/8+40*(128<<10) {
		t.Errorf("%d large hits were refused, %d bytes are held", refused, b.Held())
	}
	if large[39].Take(1 << 20) {
		t.Error("a large hit found room where there is none")
	}
	for i := range large {
		large[i].End()
	}
	if b.Held() != 0 {
		t.Errorf("%d bytes are held when all hits are over", b.Held())
	}

	var filler memory.Lease
	filler.Begin(b)
	for filler.Take(64 << 10) {
	}
	held := b.Held()
	if held > 14<<20 || held < 13<<20 {
		t.Errorf("one large hit holds %d bytes", held)
	}
	for i := range 16 {
		var small memory.Lease
		small.Begin(b)
		if !small.Take(100 << 10) {
			t.Errorf("small hit %d found no room", i)
		}
		if small.Take(64 << 10) {
			t.Errorf("small hit %d became large", i)
		}
		defer small.End()
	}
}

// TestALeaseGivesBackAllOfIt, whatever it took, gave back and was refused.
func TestALeaseGivesBackAllOfIt(t *testing.T) {
	b := memory.NewBudget(1 << 20)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			var l memory.Lease
			for i := range 200 {
				l.Begin(b)
				for step := 1; l.Take(step*997+n) && step < 60; step++ {
					if step%3 == 0 {
						l.Give(step * 500)
					}
				}
				l.Give(1 << 30)
				if b.Held() < 0 || i%2 == 0 && !l.Take(0) {
					t.Error("less than nothing is held")
				}
				l.End()
			}
		})
	}
	all.Wait()
	if b.Held() != 0 {
		t.Errorf("%d bytes are held", b.Held())
	}
}

// TestWhatIsGivenBackIsUsedAgain without another block of the budget.
func TestWhatIsGivenBackIsUsedAgain(t *testing.T) {
	b := memory.NewBudget(1 << 20)
	var l memory.Lease
	l.Begin(b)
	for range 1000 {
		if !l.Take(10 << 10) {
			t.Fatal("no room")
		}
		l.Give(10 << 10)
	}
	if b.Held() != 16<<10 {
		t.Errorf("%d bytes are held", b.Held())
	}
}

// TestAChangedBudgetHoldsFromThenOn.
func TestAChangedBudgetHoldsFromThenOn(t *testing.T) {
	b := memory.NewBudget(1 << 20)
	var first, second memory.Lease
	first.Begin(b)
	second.Begin(b)
	if !first.Take(100 << 10) {
		t.Fatal("no room")
	}
	b.Set(64 << 10)
	if second.Take(1) || first.Take(64<<10) {
		t.Error("there was room beyond the smaller budget")
	}
	first.End()
	if !second.Take(1) {
		t.Error("no room though all was given back")
	}
}

// TestWhatNeverFits is told from what finds no room now.
func TestWhatNeverFits(t *testing.T) {
	b := memory.NewBudget(1 << 20)
	var other, l memory.Lease
	other.Begin(b)
	l.Begin(b)
	if !other.Take(600<<10) || l.Take(600<<10) || l.Never() {
		t.Error("what only finds no room now is said never to fit")
	}
	other.End()
	if !l.Take(600<<10) || l.Take(400<<10) || !l.Never() {
		t.Error("what is more than all is not said never to fit")
	}
	l.End()
	if l.Begin(b); l.Never() || l.Take(900<<10) || !l.Never() {
		t.Error("what is more than large hits may have is not said never to fit")
	}
	b.Set(64 << 10)
	if l.Begin(b); l.Take(100<<10) || !l.Never() {
		t.Error("what is more than a smaller budget is not said never to fit")
	}
}

// TestTheZeroLeaseHasRoom: where there is no budget nothing is refused.
func TestTheZeroLeaseHasRoom(t *testing.T) {
	var l memory.Lease
	if !l.Take(1 << 40) {
		t.Error("refused")
	}
	l.End()
}

// TestCalmIsToldOnce after hits held much, and not while they do.
func TestCalmIsToldOnce(t *testing.T) {
	b := memory.NewBudget(1 << 20)
	var l memory.Lease
	for _, c := range []struct {
		take  int
		after bool
	}{{100 << 10, false}, {300 << 10, true}, {10 << 10, false}, {500 << 10, true}} {
		l.Begin(b)
		if !l.Take(c.take) || b.Calm() && c.after {
			t.Fatalf("%d bytes: no room, or calm while they are held", c.take)
		}
		l.End()
		if got := b.Calm(); got != c.after {
			t.Errorf("after %d bytes: %v", c.take, got)
		}
		if b.Calm() {
			t.Errorf("after %d bytes it is told twice", c.take)
		}
	}
}
