package objection

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/FastFilter/xorfilter"

	"github.com/tagwarden/tagwarden/rules"
)

func TestOverlayHoldsWhatWasAdded(t *testing.T) {
	o := newOverlay(256)
	list := hashesOf(3, 129)
	list[7] = [16]byte{15: 7}      // begins with zeroes
	copy(list[8][:8], list[9][:8]) // the same first half
	for _, hash := range list[:128] {
		high, low := binary.BigEndian.Uint64(hash[:8]), binary.BigEndian.Uint64(hash[8:])
		if o.full() {
			t.Fatal("full too early")
		}
		if o.holds(high, low) {
			t.Error("it holds what was not added")
		}
		o.add(high, low)
		if !o.holds(high, low) {
			t.Error("it does not hold what was added")
		}
	}
	if o.used != 127 || !o.holds(0, 8) {
		t.Errorf("%d used", o.used)
	}
}

// TestAFileOutgrowsItsMap: look-ups and the writer go on, whatever has to be mapped anew.
func TestAFileOutgrowsItsMap(t *testing.T) {
	s := opened(t, Options{Map: 1 << 15, Recent: 1})
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := s.Lookup(subject(i % 1000).Hash); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for n := 0; n < 4000; n += 200 {
		var changes []Change
		for i := range 200 {
			changes = append(changes, objects(n+i, All))
		}
		taken(t, s, changes...)
		standsFor(t, s, n, All)
	}
	close(stop)
	readers.Wait()
	if s.file.view.Load() != unshared {
		t.Error("the view is shared, and yet there is no room")
	}
	again := opened(t, Options{Map: 1 << 22, Recent: 1})
	taken(t, again, objects(1, All))
	if again.file.view.Load() == unshared {
		t.Error("the view is not shared, and there is room")
	}
}

func TestFiltersAreRebuiltWhileSubjectsCome(t *testing.T) {
	s := opened(t, Options{Recent: 1})
	list := hashesOf(4, 30_000)
	var looked atomic.Int64 // how many are in force
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				n := looked.Load()
				if n == 0 {
					continue
				}
				if scopes, err := s.Lookup(list[int64(i)%n]); err != nil || !scopes.Any() {
					t.Errorf("%v, %v", scopes, err)
					return
				}
			}
		})
	}
	for start := 0; start < len(list); start += 1500 {
		var changes []Change
		for _, hash := range list[start : start+1500] {
			changes = append(changes, Change{Subjects: []Subject{{Space: "email", Hash: hash}},
				Object: []string{All}, Source: Import})
		}
		taken(t, s, changes...)
		looked.Store(int64(start + 1500))
	}
	for { // until no rebuild is due
		s.index.mu.Lock()
		due, overlays := 0, 0
		for i := range s.index.due {
			if s.index.due[i] {
				due++
			}
			overlays = max(overlays, len(s.index.shards[i].Load().overlays))
		}
		s.index.mu.Unlock()
		if due == 0 && overlays == 1 {
			break
		}
		runtime.Gosched()
	}
	close(stop)
	readers.Wait()
	for _, hash := range list {
		if scopes, err := s.Lookup(hash); err != nil || !scopes.Any() {
			t.Fatalf("%v, %v", scopes, err)
		}
	}
	wrong := 0
	for _, hash := range hashesOf(5, 30_000) {
		if s.index.mayHold(&hash) {
			wrong++
		}
	}
	if wrong > 30 {
		t.Errorf("%d of 30000 that never objected are looked for on disk", wrong)
	}
	if err := s.Err(); err != nil {
		t.Error(err)
	}
}

func TestAFilterThatCannotBeBuiltPoisons(t *testing.T) {
	s := opened(t, Options{})
	tired := errors.New("too many iterations")
	s.index.mu.Lock()
	s.index.build = func(*xorfilter.BinaryFuseBuilder, []uint64) (xorfilter.BinaryFuse[uint16], error) {
		return xorfilter.BinaryFuse[uint16]{}, tired
	}
	s.index.mu.Unlock()
	n := 0
	for ; s.Err() == nil; n += 500 {
		var changes []Change
		for i := range 500 {
			changes = append(changes, objects(n+i, All))
		}
		if _, err := s.Apply(t.Context(), Batch{Changes: changes}); err != nil {
			break
		}
	}
	for i := range n {
		standsFor(t, s, i, All)
	}
	if !errors.Is(s.Err(), ErrPoisoned) || !errors.Is(s.Err(), tired) {
		t.Error(s.Err())
	}
}

// TestAnOldAnswerIsNotRemembered: a reader that has read before a commit comes to put its answer in after it.
func TestAnOldAnswerIsNotRemembered(t *testing.T) {
	for _, others := range []int{0, 300} { // with many, the writer puts in no answers that are not asked for
		s := opened(t, Options{})
		taken(t, s, objects(1, "analytics"))
		s.recent, _ = newRecent(1 << 10)
		hash := subject(1).Hash
		_, generation, ok := s.recent.get(hash)
		if ok {
			t.Fatal("remembered already")
		}
		v, err := s.file.held()
		if err != nil {
			t.Fatal(err)
		}
		old, err := parseRecord(hash[:], v.subjects.Get(hash[:]))
		if err != nil {
			t.Fatal(err)
		}
		changes := []Change{objects(1, "newsletter")}
		for n := range others {
			changes = append(changes, objects(10+n, All))
		}
		taken(t, s, changes...)
		s.recent.keep(hash, standing{scopes: old.scopes}, generation)
		v.release()
		standsFor(t, s, 1, "analytics", "newsletter")
		standsFor(t, s, 1, "analytics", "newsletter") // from memory
	}
}

// TestLooksNeverGoBack: whoever looks after Apply has returned finds what it took, while others look all the time.
func TestLooksNeverGoBack(t *testing.T) {
	s := opened(t, Options{Recent: 64})
	policy := s.Resolve(func(string) (rules.Objections, bool) { return rules.Objections{All: true}, true })
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := policy.Lookup(subject(i % 40).Hash); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for round := range 60 {
		n := round % 20
		c := objects(n, fmt.Sprintf("scope-%d", round)) // each is new: the policy's table is never up to date
		if round%3 == 2 {
			c = takesBack(n, All)
		}
		taken(t, s, c)
		if o, err := policy.Lookup(subject(n).Hash); err != nil || o.Any() != (round%3 != 2) {
			t.Errorf("round %d: %+v, %v", round, o, err)
		}
	}
	close(stop)
	readers.Wait()
}

func TestLookingAllocatesNothing(t *testing.T) {
	if raced {
		return
	}
	s := opened(t, Options{})
	restricts := objects(1, "vendor:ga")
	restricts.Restriction = true
	taken(t, s, objects(1, "analytics"), restricts)
	policy := s.Resolve(func(string) (rules.Objections, bool) { return rules.Objections{Purposes: 1}, true })
	for what, n := range map[string]int{"never objected": 2, "remembered": 1} {
		hash := subject(n).Hash
		if allocated := testing.AllocsPerRun(100, func() {
			if _, err := policy.Lookup(hash); err != nil {
				t.Error(err)
			}
		}); allocated != 0 {
			t.Errorf("%s: %v allocations", what, allocated)
		}
	}
}

// benched is a store with some objectors.
func benched(b *testing.B) (policy *Resolved, known [][16]byte) {
	b.Helper()
	dir := b.TempDir()
	known = hashesOf(1, 100_000)
	loaded(b, dir, known)
	s := opened(b, Options{Dir: dir, Recent: 1 << 14})
	return s.Resolve(func(string) (rules.Objections, bool) { return rules.Objections{All: true}, true }), known
}

func BenchmarkLookNeverObjected(b *testing.B) {
	policy, _ := benched(b)
	list := hashesOf(2, 1<<16)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if _, err := policy.Lookup(list[i&(1<<16-1)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookRemembered(b *testing.B) {
	policy, known := benched(b)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if _, err := policy.Lookup(known[i&(1<<12-1)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookOnDisk(b *testing.B) {
	policy, known := benched(b)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if _, err := policy.Lookup(known[i*7919%len(known)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	s := opened(b, Options{})
	n := atomic.Int64{}
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Apply(b.Context(), Batch{Changes: []Change{objects(int(n.Add(1)), All)}}); err != nil {
				b.Error(err)
			}
		}
	})
}
