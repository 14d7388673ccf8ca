package queue

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestTakeOutOfTheMiddle: events are taken wherever they wait, behind others of their order or not; what is under way
// stays; and whatever is left comes as before, each order in its order, and nothing twice.
func TestTakeOutOfTheMiddle(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		d, c := &diary{}, newClock()
		q := opened(t, options(t.TempDir(), d, c))
		const n = 24
		order := map[Name]uint64{}
		for i := range n {
			e := event(3 * (i + 1)) // of one vendor
			e.Order = uint64(r.IntN(5))
			order[e.Name] = e.Order
			add(t, q, e)
		}
		var away []Item
		for range r.IntN(8) {
			it, found := q.Next("ga4", Any)
			if !found {
				break
			}
			switch r.IntN(4) {
			case 0:
				q.Later(it, time.Duration(r.IntN(3))*time.Hour)
			case 1:
				if err := q.Park(it, "refused"); err != nil {
					t.Fatal(err)
				}
			case 2:
				q.Return(it)
			default:
				away = append(away, it)
			}
		}
		var wanted []Item
		names := map[Name]bool{}
		busy := 0
		for it := range q.Pending("") {
			if names[it.Name] {
				t.Fatalf("seed %d: %v comes twice", seed, it.Name)
			}
			if names[it.Name] = true; r.IntN(3) == 0 {
				wanted = append(wanted, it)
				if slices.ContainsFunc(away, func(a Item) bool { return a.Name == it.Name }) {
					busy++
				}
			}
		}
		if len(names) != n {
			t.Fatalf("seed %d: %d of %d are there", seed, len(names), n)
		}
		taken, under := Take(q, wanted)
		if under != busy || len(taken) != len(wanted)-busy {
			t.Fatalf("seed %d: %d taken of %d, %d under way, want %d", seed, len(taken), len(wanted), under, busy)
		}
		for _, it := range taken {
			delete(names, it.Name)
			if err := q.End(d.say(Ended, it.Name), it); err != nil {
				t.Fatal(err)
			}
		}
		if again, under := Take(q, taken); len(again) > 0 || under > 0 {
			t.Fatalf("seed %d: what has ended is taken again", seed)
		}
		last := map[uint64]Name{}
		ends := func(it Item) {
			if !names[it.Name] {
				t.Fatalf("seed %d: %v comes, and has ended", seed, it.Name)
			}
			delete(names, it.Name)
			if err := q.End(d.say(Ended, it.Name), it); err != nil {
				t.Fatal(err)
			}
		}
		for _, it := range away {
			last[order[it.Name]] = it.Name
			ends(it)
		}
		for {
			it, found := q.Next("ga4", Any)
			if !found {
				break
			}
			if of := order[it.Name]; of != 0 {
				if last[of].Compare(it.Name) > 0 {
					t.Fatalf("seed %d: %v comes behind %v", seed, it.Name, last[of])
				}
				last[of] = it.Name
			}
			ends(it)
		}
		for _, it := range q.Parked("", "", n) {
			ends(it)
		}
		if len(names) > 0 {
			t.Fatalf("seed %d: %v never comes", seed, names)
		}
	}
}
