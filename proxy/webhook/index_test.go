package webhook

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// slow is what an index has to do, done by looking at all messages each time.
type slow struct{ all []*message }

// mayBeSent tells whether no earlier message about any of the same people is in the way: one that is not over, or was
// given up behind one that is not.
func (s *slow) mayBeSent(m *message) bool {
	for _, before := range s.all {
		if before == m {
			return true
		}
		if (before.place != over || before.behind > 0) && slices.ContainsFunc(before.people, func(who uint64) bool {
			return slices.Contains(m.people, who)
		}) {
			return false
		}
	}
	return false
}

// TestIndexAgainstOneThatLooksAtAll: whatever is added, handed out, given back, delayed, taken or given up, in whatever
// order, what is handed out may be sent, and what may be sent is handed out.
func TestIndexAgainstOneThatLooksAtAll(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		x, s := index{last: map[uint64]*message{}}, slow{}
		now := time.Unix(1, 0)
		var under []*message
		for step := range 300 {
			switch random.IntN(8) {
			case 0, 1, 2:
				m := &message{id: uint64(step + 1), size: int64(random.IntN(9)), since: now.UnixNano()}
				for range random.IntN(4) {
					m.people = append(m.people, uint64(random.IntN(6)))
				}
				s.all = append(s.all, m)
				x.add(m)
			case 3, 4:
				var pick func(int) int
				if random.IntN(2) == 0 {
					pick = random.IntN
				}
				x.wake(now)
				m := x.take(pick, &x.ready, &x.again)
				if m == nil {
					if at := slices.IndexFunc(s.all, func(m *message) bool {
						return m.place == waits && !now.Before(m.due) && s.mayBeSent(m)
					}); at >= 0 {
						t.Fatalf("seed %d, step %d: message %d may be sent, and is not handed out", seed, step, s.all[at].id)
					}
					continue
				}
				if !s.mayBeSent(m) || slices.Contains(under, m) {
					t.Fatalf("seed %d, step %d: message %d is handed out", seed, step, m.id)
				}
				under = append(under, m)
			case 5, 6:
				if len(under) == 0 {
					continue
				}
				at := random.IntN(len(under))
				m := under[at]
				under = slices.Delete(under, at, at+1)
				switch random.IntN(4) {
				case 0:
					x.giveBack(m)
				case 1:
					x.delay(m, now.Add(time.Duration(random.IntN(5))*time.Second))
				default:
					x.end(m)
				}
			default:
				now = now.Add(time.Second)
				if m := x.oldest(false); m != nil && random.IntN(3) == 0 {
					x.end(m)
				}
				if random.IntN(9) == 0 {
					x.hurry()
				}
			}
			var room Room
			var oldest *message
			for _, m := range s.all {
				if m.place != over {
					room.Messages++
					room.Bytes += m.size
					if oldest == nil {
						oldest = m
					}
				}
			}
			if x.room != room || x.oldest(true) != oldest {
				t.Fatalf("seed %d, step %d: %+v wait, want %+v", seed, step, x.room, room)
			}
		}
		for rounds := 0; x.room.Messages > 0; rounds++ { // nothing is stuck
			for _, m := range under {
				x.end(m)
			}
			under = nil
			x.hurry()
			if m := x.take(nil, &x.again, &x.ready); m != nil {
				under = append(under, m)
			}
			if rounds > 1000 {
				t.Fatalf("seed %d: %d are stuck", seed, x.room.Messages)
			}
		}
		if len(x.last) > 0 {
			t.Fatalf("seed %d: people are kept of whom nothing waits: %v", seed, x.last)
		}
	}
}
