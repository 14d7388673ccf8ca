package webhook

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// mortal is a store of a process that dies: what it asks for then does not happen.
type mortal struct {
	*shelf
	mu   sync.Mutex
	dead bool
}

func (s *mortal) Ack(ids []uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return nil
	}
	return s.shelf.Ack(ids)
}

// rough is a receiver of a world that is rough: some people's messages are never taken, and now and then nothing is.
type rough struct {
	mu     sync.Mutex
	random *rand.Rand
	poison func(body string) bool
	down   bool
	taken  map[string][]int // by person: the numbers of messages that were taken, in order
}

// answer takes "PERSON NUMBER".
func (r *rough) answer(_, body string) (int, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.down:
		return []int{0, 500, 503, 401, -1}[r.random.IntN(5)], []string{"", "1", "100"}[r.random.IntN(3)]
	case r.poison(body) || r.random.IntN(10) == 0:
		return []int{500, 404, -1, 302}[r.random.IntN(4)], ""
	}
	var number int
	who, rest, _ := strings.Cut(strings.TrimSuffix(body, "@example.com"), ".")
	if _, err := fmt.Sscan(rest, &number); err != nil {
		return 400, ""
	}
	r.taken[who] = append(r.taken[who], number)
	return 200, ""
}

// TestKilledAnywhere: over random people, failures, outages and ends of the process in the middle of anything, each
// person's messages are taken in their order, nothing that could be taken is lost or stuck, and only what was not
// acknowledged is sent again.
func TestKilledAnywhere(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) { testKilled(t, seed) })
	}
}

func testKilled(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 2))
	bad := fmt.Sprintf("p%d.", random.IntN(8))
	world := &rough{
		random: rand.New(rand.NewPCG(seed, 3)), taken: map[string][]int{},
		poison: func(body string) bool { return strings.HasPrefix(body, bad) },
	}
	s := &shelf{now: time.Now}
	a := newTemplated(t, "a", func(o *ReceiverOptions) { o.Concurrency = 1 + random.IntN(6) })
	of := map[string][]int{} // by person, the numbers of their messages
	told := 0
	for n := 1; n <= 300; n++ {
		who := fmt.Sprintf("p%d", random.IntN(8))
		of[who] = append(of[who], n)
	}
	// A message names its person in what it is told by, and in a hash: the address says who and which it is.
	post := func(n int) {
		for who, numbers := range of {
			if slices.Contains(numbers, n) {
				s.postOf(t, uint64(n), a, fmt.Sprintf("%s.%d@example.com", who, n), who)
			}
		}
	}
	f := &far{takes: 20 * time.Millisecond, answer: world.answer}
	next := 1
	for range 8 {
		store := &mortal{shelf: s}
		o := deliver(t, store, f, func(o *OutboxOptions) { o.Rand = world.chance }, a)
		for range 3 {
			for range random.IntN(30) {
				if next <= 300 {
					post(next)
					next++
				}
			}
			o.Kick()
			pass(time.Duration(random.IntN(700)) * time.Millisecond)
			world.mu.Lock()
			world.down = random.IntN(4) == 0
			world.mu.Unlock()
		}
		store.mu.Lock()
		store.dead = true
		store.mu.Unlock()
		o.end()
	}
	world.mu.Lock()
	world.down = false
	world.mu.Unlock()
	for ; next <= 300; next++ {
		post(next)
	}
	o := deliver(t, s, f, func(o *OutboxOptions) { o.Rand = world.chance }, a)
	pass(2 * time.Hour)
	for who, numbers := range of {
		got := world.taken[who]
		if strings.HasPrefix(bad, who+".") {
			if len(got) > 0 {
				t.Errorf("seed %d: %s took %v", seed, who, got)
			}
			told += len(numbers)
			continue
		}
		var first []int // without those that came again
		for _, n := range got {
			if !slices.Contains(first, n) {
				first = append(first, n)
			}
		}
		if !slices.Equal(first, numbers) {
			t.Errorf("seed %d: of %s were taken %v, want %v", seed, who, first, numbers)
		}
	}
	if s.left() != told {
		t.Errorf("seed %d: %d left, want the %d that nobody takes: %v", seed, s.left(), told, o.States())
	}
	world.mu.Lock()
	world.poison = func(string) bool { return false }
	world.mu.Unlock()
	pass(24 * time.Hour)
	if s.left() != 0 {
		t.Errorf("seed %d: %d left in the end", seed, s.left())
	}
	if bad := strings.TrimSuffix(bad, "."); len(of[bad]) > 0 && !slices.Equal(slices.Compact(world.taken[bad]), of[bad]) {
		t.Errorf("seed %d: of %s were taken %v, want %v", seed, bad, world.taken[bad], of[bad])
	}
}

// chance is a random number.
func (r *rough) chance() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.random.Float64()
}

// postOf puts an act on the shelf that is told by an address, and is of a person by a hash.
func (s *shelf) postOf(t *testing.T, id uint64, r *Receiver, email, hash string) {
	t.Helper()
	act := &Act{
		Type: Objection, Time: s.now(), IDs: map[string][]string{"email": {email}}, Scopes: []string{"all"},
		Hashes: map[string][]string{"user_id": {hash}},
	}
	body, err := r.Message(act, &testKey, seeded{})
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, Waiting{ID: id, To: r.Name(), Body: body, Since: s.now()})
}

// seeded is no randomness at all.
type seeded struct{}

func (seeded) Read(p []byte) (int, error) { return len(p), nil }
