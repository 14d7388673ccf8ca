package objection

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// gate holds commits back.
type gate struct{ begun, goOn chan struct{} }

func newGate() *gate { return &gate{make(chan struct{}), make(chan struct{})} }

func (g *gate) commit(tx *bolt.Tx) error {
	g.begun <- struct{}{}
	<-g.goOn
	return tx.Commit()
}

func (g *gate) open() { g.goOn <- struct{}{} }

// waits returns when that many requests wait for the writer.
func waits(s *Store, n int) {
	for {
		s.queue.mu.Lock()
		have := len(s.queue.waiting)
		s.queue.mu.Unlock()
		if have == n {
			return
		}
		runtime.Gosched()
	}
}

func TestBatchesThatWaitAreOneCommit(t *testing.T) {
	g := newGate()
	s := opened(t, Options{Commit: g.commit})
	commits := 0
	var all sync.WaitGroup
	take := func(ctx context.Context, b Batch, check func([]Receipt, error)) {
		all.Go(func() { check(s.Apply(ctx, b)) })
	}
	fine := func(_ []Receipt, err error) {
		if err != nil {
			t.Error(err)
		}
	}
	take(t.Context(), Batch{Changes: []Change{objects(1, "analytics")}, Key: "first"}, fine)
	<-g.begun
	for n := range 5 {
		take(t.Context(), Batch{Changes: []Change{objects(10+n, "analytics"), objects(20+n, "analytics")}}, fine)
	}
	reused := Batch{Changes: []Change{objects(30, "analytics")}, Key: "first", Digest: [32]byte{1}}
	take(t.Context(), reused, func(_ []Receipt, err error) {
		if !errors.Is(err, ErrReused) {
			t.Errorf("a key used for something else: %v", err)
		}
	})
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan struct{})
	take(ctx, Batch{Changes: []Change{objects(40, "analytics")}}, func(_ []Receipt, err error) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("who left: %v", err)
		}
		close(left)
	})
	waits(s, 7)
	leave()
	<-left
	g.open()
	<-g.begun
	commits++
	g.open()
	all.Wait()
	for n := range 5 {
		standsFor(t, s, 10+n, "analytics")
		standsFor(t, s, 20+n, "analytics")
	}
	standsFor(t, s, 30)
	standsFor(t, s, 40)
	if s.Head().Size != 11 || commits != 1 {
		t.Errorf("%d changes, %d commits", s.Head().Size, commits)
	}
}

func TestTakeWaitsUntilItIsInForceAndHoldsNobodyUp(t *testing.T) {
	inForce := make(chan chan struct{})
	s := opened(t, Options{InForce: func() {
		done := make(chan struct{})
		inForce <- done
		<-done
	}})
	taken := make(chan error, 3)
	take := func(c Change) {
		_, err := s.Apply(t.Context(), Batch{Changes: []Change{c}})
		taken <- err
	}
	go take(objects(1, "analytics"))
	first := <-inForce
	standsFor(t, s, 1, "analytics") // found already, though not acknowledged
	go take(objects(2, "analytics"))
	second := <-inForce
	go take(objects(1, "analytics")) // nothing new: and yet it waits, for what came before may not be in force
	third := <-inForce
	select {
	case err := <-taken:
		t.Errorf("acknowledged before it was in force: %v", err)
	default:
	}
	close(second)
	close(first)
	close(third)
	for range 3 {
		if err := <-taken; err != nil {
			t.Error(err)
		}
	}
}

func TestCloseAnswersThoseThatWait(t *testing.T) {
	g := newGate()
	s, err := Open(Options{Dir: t.TempDir(), Identity: "keys-1", Commit: g.commit})
	if err != nil {
		t.Fatal(err)
	}
	first, second, closed := make(chan error), make(chan error), make(chan error)
	take := func(n int, done chan error) {
		_, err := s.Apply(context.Background(), Batch{Changes: []Change{objects(n, All)}})
		done <- err
	}
	go take(1, first)
	<-g.begun
	go take(2, second)
	waits(s, 1)
	go func() { closed <- s.Close() }()
	if err := <-second; !errors.Is(err, ErrClosed) {
		t.Errorf("who waited: %v", err)
	}
	g.open()
	if err := <-first; err != nil {
		t.Errorf("who was begun: %v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

func TestAKeyIsDoneOnceADay(t *testing.T) {
	dir, now := t.TempDir(), noon
	s := opened(t, Options{Dir: dir, Now: func() time.Time { return now }})
	complaint := objects(1, "analytics")
	complaint.Complaint = true
	batch := Batch{Changes: []Change{complaint, objects(2, "newsletter")}, Key: "token-1 abc", Digest: [32]byte{7}}
	first, err := s.Apply(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	same := func(what string) {
		t.Helper()
		again, err := s.Apply(t.Context(), batch)
		if err != nil || !reflect.DeepEqual(again, first) {
			t.Errorf("%s: %+v, %v; the first time %+v", what, again, err, first)
		}
	}
	same("at once")
	now = now.Add(-time.Hour)
	same("a clock that went back")
	now = noon.Add(keyLife - time.Second)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, Options{Dir: dir, Now: func() time.Time { return now }})
	same("after opening, just before the day is over")
	other := batch
	other.Digest[0]++
	if _, err := s.Apply(t.Context(), other); !errors.Is(err, ErrReused) {
		t.Errorf("for something else: %v", err)
	}
	now = noon.Add(keyLife)
	again, err := s.Apply(t.Context(), batch)
	if err != nil || again[0].Seq == first[0].Seq || again[1].Seq != first[1].Seq || again[1].New {
		t.Errorf("a day later: %+v, %v", again, err)
	}
	now = noon.Add(3 * keyLife)
	taken(t, s, objects(3, All))
	err = s.file.read(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketKeys, bucketKeyTimes} {
			if key, _ := tx.Bucket(name).Cursor().First(); key != nil {
				t.Errorf("an old key is left in %s", name)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestARecordThatIsDamagedIsAnError(t *testing.T) {
	s := opened(t, Options{})
	taken(t, s, objects(1, "analytics"))
	bad := subject(1).Hash
	err := s.file.db.Update(func(tx *bolt.Tx) error {
		value := slices.Clone(tx.Bucket(bucketSubjects).Get(bad[:]))
		value[len(value)-1] ^= 2
		return tx.Bucket(bucketSubjects).Put(bad[:], value)
	})
	if err := errors.Join(err, s.file.renew()); err != nil {
		t.Fatal(err)
	}
	s.recent, _ = newRecent(1)
	if _, err := s.Lookup(bad); !errors.Is(err, ErrDamaged) {
		t.Errorf("a look-up: %v", err)
	}
	if _, err := s.Apply(t.Context(), Batch{Changes: []Change{objects(2, All), objects(1, All)}}); !errors.Is(
		err, ErrDamaged) {
		t.Errorf("a batch: %v", err)
	}
	standsFor(t, s, 2) // nothing of that batch was done
	taken(t, s, objects(3, All))
}

func TestMessagesWaitUntilTheyAreSettled(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, Options{Dir: dir})
	tell := func(n int) Change {
		c := objects(n, "analytics")
		c.Outbox = []Message{{To: "crm", Body: fmt.Appendf(nil, "body %d", n)}, {To: "ads", Body: nil}}
		return c
	}
	taken(t, s, tell(1), tell(2))
	taken(t, s, tell(1)) // nothing new: nobody is told
	list, err := s.Outbox().Next(0, 3)
	if err != nil || len(list) != 3 || string(list[0].Body) != "body 1" || list[2].To != "crm" ||
		!list[0].Since.Equal(noon) {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := s.Outbox().Ack([]uint64{list[0].ID, list[2].ID, 12345}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, Options{Dir: dir})
	list, err = s.Outbox().Next(0, 10)
	if err != nil || len(list) != 2 || list[0].To != "ads" || list[1].To != "ads" {
		t.Errorf("%+v, %v", list, err)
	}
	if stats, err := s.Stats(); err != nil || stats.Waiting != 2 {
		t.Errorf("%d wait, %v", stats.Waiting, err)
	}
}

func TestProgressIsKeptInTheSameStep(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, Options{Dir: dir})
	for line := uint64(1); line <= 3; line++ {
		b := Batch{Changes: []Change{objects(int(line), All)}, Progress: &Progress{File: "digest", Line: line}}
		if _, err := s.Apply(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, Options{Dir: dir})
	if line, err := s.Progress("digest"); line != 3 || err != nil {
		t.Errorf("line %d, %v", line, err)
	}
	if line, err := s.Progress("another"); line != 0 || err != nil {
		t.Errorf("line %d, %v", line, err)
	}
}

func TestTimesAreNeverLaterThanNow(t *testing.T) {
	s := opened(t, Options{})
	ahead, before := objects(1, All), objects(2, All)
	ahead.Time, before.Time = noon.Add(time.Hour), noon.Add(-time.Hour)
	taken(t, s, ahead, before, objects(3, All))
	var times []time.Duration
	if err := s.Changes(t.Context(), 0, func(r Recorded) bool {
		times = append(times, r.Change.Time.Sub(noon))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(times, []time.Duration{0, -time.Hour, 0}) {
		t.Errorf("%v", times)
	}
}
