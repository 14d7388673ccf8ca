package queue

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestWaitsUntilItEnds(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	q := opened(t, options(dir, d, c))
	for n := range 10 {
		add(t, q, event(n+1))
	}
	it, ok := q.Next("segment", Due)
	if !ok || it.Name != event(1).Name {
		t.Fatalf("the next one is %v", it.Name)
	}
	checkRead(t, q, it)
	if err := q.End(d.say(Ended, it.Name), it); err != nil {
		t.Fatal(err)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	q = opened(t, options(dir, d, c))
	if waiting, _ := pendingNames(t, q); !slices.Equal(waiting, names(2, 3, 4, 5, 6, 7, 8, 9, 10)) {
		t.Errorf("pending: %v", waiting)
	}
	if q.Highest() != 10 {
		t.Errorf("the highest hit is %d", q.Highest())
	}
}

func TestFilesAndKeysGoWithTheirEvents(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	q := opened(t, o)
	add(t, q, event(1), event(4))
	c.add(2 * time.Minute)
	if err := q.Tend(); err != nil {
		t.Fatal(err)
	}
	if n := files(t, o.Dir, framesSuffix); len(n) != 2 {
		t.Fatalf("files: %v", n)
	}
	for range 2 {
		it, _ := q.Next("segment", Due)
		_ = q.End(d.say(Ended, it.Name), it)
	}
	if err := q.Tend(); err != nil {
		t.Fatal(err)
	}
	if f, k := files(t, o.Dir, framesSuffix), keysIn(t, o.Keys); len(f) != 1 || len(k) != 1 {
		t.Errorf("files: %v, keys: %v", f, k)
	}
	if d.synced != 2 {
		t.Error("a file was deleted before the log was on disk")
	}
	if s := q.Stats(); s.Bytes != 0 || s.Vendors[0].Events != 0 {
		t.Errorf("%+v", s)
	}
}

func TestLittleThatIsLeftIsCopied(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	q := opened(t, o)
	for n := range 60 {
		add(t, q, event(3*n))
	}
	c.add(time.Hour)
	if err := q.Tend(); err != nil {
		t.Fatal(err)
	}
	var kept []Item
	for n := range 60 {
		it, _ := q.Next("ga4", Due)
		if n == 7 || n == 30 {
			kept = append(kept, it)
			continue
		}
		_ = q.End(d.say(Ended, it.Name), it)
	}
	q.Return(kept[1])
	q.Return(kept[0])
	for range 2 {
		if err := q.Tend(); err != nil {
			t.Fatal(err)
		}
	}
	if f := files(t, o.Dir, framesSuffix); len(f) != 1 {
		t.Errorf("files: %v", f)
	}
	for range 2 {
		if waiting, _ := pendingNames(t, q); !slices.Equal(waiting, names(21, 90)) {
			t.Errorf("pending: %v", waiting)
		}
		_ = q.Close()
		q = opened(t, o)
	}
}

func TestOneOfASubjectAfterTheOther(t *testing.T) {
	q := opened(t, options(t.TempDir(), &diary{}, newClock()))
	for n := range 6 {
		e := event(3 * (n + 1))
		e.Order = uint64(n%2) + 1
		add(t, q, e)
	}
	next := func() uint64 {
		it, ok := q.Next("ga4", Due)
		if !ok {
			return 0
		}
		return it.Name.Hit
	}
	a, _ := q.Next("ga4", Due)
	b, _ := q.Next("ga4", Due)
	if a.Name.Hit != 3 || b.Name.Hit != 6 || next() != 0 {
		t.Fatalf("handed out: %v, %v, and more", a.Name, b.Name)
	}
	q.Later(a, time.Second)
	if next() != 0 {
		t.Error("one was handed out while an earlier one of its order waits")
	}
	_ = q.End(nil, b)
	if n := next(); n != 12 {
		t.Errorf("behind 6 came %d", n)
	}
	if n := next(); n != 0 {
		t.Errorf("behind 12 came %d", n)
	}
}

func TestTriedAgain(t *testing.T) {
	c := newClock()
	q := opened(t, options(t.TempDir(), &diary{}, c))
	e := event(3)
	e.TTL = time.Minute
	add(t, q, e)
	add(t, q, event(6))
	it, _ := q.Next("ga4", Due)
	q.Later(it, 10*time.Second)
	if it, _ = q.Next("ga4", Due); it.Name.Hit != 6 {
		t.Fatal("it is not due, and came")
	}
	q.Later(it, time.Hour)
	if w, ok := q.Wait("ga4"); !ok || w != 10*time.Second {
		t.Errorf("the next one is due in %s", w)
	}
	c.add(-time.Hour) // the clock is set back: nothing waits longer for it
	if _, ok := q.Next("ga4", Due); ok {
		t.Error("it came too soon")
	}
	c.add(10 * time.Second)
	if it, _ = q.Next("ga4", Due); it.Name.Hit != 3 || it.Attempts != 1 || it.Expired {
		t.Fatalf("%+v", it)
	}
	q.Later(it, time.Hour)
	if _, ok := q.Next("ga4", Expired); ok {
		t.Error("none has expired yet")
	}
	c.add(50 * time.Second)
	if it, _ = q.Next("ga4", Due); it.Name.Hit != 3 || !it.Expired {
		t.Errorf("%+v", it)
	}
	q.Return(it)
	if it, _ = q.Next("ga4", Expired); it.Name.Hit != 3 {
		t.Errorf("%+v", it)
	}
}

func TestParkedAndBack(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	o.ParkSize = 1500
	q := opened(t, o)
	for n := range 3 {
		add(t, q, event(3*n+3))
	}
	reopen := func() {
		t.Helper()
		_ = q.Close()
		q = opened(t, o)
	}
	park := func() error {
		it, _ := q.Next("ga4", Due)
		err := q.Park(it, "status_400")
		if err != nil {
			q.Return(it)
		}
		return err
	}
	for range 2 {
		if err := park(); err != nil {
			t.Fatal(err)
		}
	}
	check := func(waiting, parked []Name) {
		t.Helper()
		for range 2 {
			w, p := pendingNames(t, q)
			if !slices.Equal(w, waiting) || !slices.Equal(p, parked) {
				t.Errorf("waiting: %v, parked: %v", w, p)
			}
			reopen()
		}
	}
	check(names(9), names(3, 6))
	o.ParkSize = 500
	reopen()
	if err := park(); !errors.Is(err, ErrParkFull) {
		t.Errorf("with no room to park: %v", err)
	}
	if r := q.Stats().Reasons; len(r) != 1 || r[0].Events != 2 || r[0].Reason != "status_400" {
		t.Errorf("%+v", r)
	}
	it := q.Parked("ga4", "status_400", 1)[0]
	if err := q.Unpark(it, time.Hour); err != nil {
		t.Fatal(err)
	}
	check(names(3, 9), names(6))
	c.add(8 * 24 * time.Hour)
	over := q.Overdue(10)
	if len(over) != 1 || over[0].Name.Hit != 6 {
		t.Fatalf("%+v", over)
	}
	_ = q.End(d.say(Ended, over[0].Name), over[0])
	check(names(3, 9), nil)
}

func TestRoom(t *testing.T) {
	c := newClock()
	o := options(t.TempDir(), &diary{}, c)
	o.Size, o.Reserve = 4000, 1000
	free := uint64(100_000)
	o.Free = func() (uint64, error) { return free, nil }
	q := opened(t, o)
	var err error
	soon := false
	for n := 0; err == nil; n++ {
		soon = soon || errors.Is(q.Ready(), ErrFull)
		err = added1(q, event(n+1))
	}
	if !errors.Is(err, ErrFull) || !IsFull(err) || !soon {
		t.Errorf("full: %v; said before: %v", err, soon)
	}
	it, _ := q.Next("ga4", Due)
	q.Return(it)
	free = 1050
	_ = q.Tend()
	q.opts.Size = 1 << 30
	if err := added1(q, event(1000)); !errors.Is(err, ErrReserve) {
		t.Errorf("with little left on the disk: %v", err)
	}
	if err := q.Ready(); !errors.Is(err, ErrReserve) {
		t.Error(err)
	}
	free = 100_000
	_ = q.Tend()
	if err := errors.Join(added1(q, event(1000)), q.Ready()); err != nil {
		t.Error(err)
	}
}

func TestAttemptedIsKnown(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	q := opened(t, o)
	for n := range 3 {
		add(t, q, event(3*n+3))
	}
	first, _ := q.Next("ga4", Due)
	second, _ := q.Next("ga4", Due)
	if err := q.Attempt(d.say(Attempted, first.Name), first); err != nil {
		t.Fatal(err)
	}
	if err := q.Checkpoint(d.next); err != nil {
		t.Fatal(err)
	}
	_ = q.Attempt(d.say(Attempted, second.Name), second)
	_ = q.Close()
	q = opened(t, o)
	for n := range 3 {
		it, _ := q.Next("ga4", Due)
		if it.Attempted != (n < 2) {
			t.Errorf("%v: attempted is %v", it.Name, it.Attempted)
		}
	}
}

func TestCheckpoints(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	from := uint64(0)
	o.Since = func(record uint64, told func(Name, Fate)) error {
		from = record
		return d.since(record, told)
	}
	q := opened(t, o)
	for n := range 9 {
		add(t, q, event(n+1))
	}
	end := func(vendor string) {
		it, _ := q.Next(vendor, Due)
		_ = q.End(d.say(Ended, it.Name), it)
	}
	end("ga4")
	end("segment")
	if err := q.Checkpoint(d.next); err != nil {
		t.Fatal(err)
	}
	end("segment")
	_ = q.Close()
	q = opened(t, o)
	if w, _ := pendingNames(t, q); from != 2 || !slices.Equal(w, names(2, 5, 6, 7, 8, 9)) {
		t.Errorf("asked from record %d on, pending: %v", from, w)
	}
}

// TestAttemptedIsKnownOfACopy: what may have been sent is known to have been, wherever its frame stands by now.
func TestAttemptedIsKnownOfACopy(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	q := opened(t, o)
	for n := range 40 {
		add(t, q, event(3*n+3))
	}
	it, _ := q.Next("ga4", Due)
	_ = q.Attempt(d.say(Attempted, it.Name), it)
	_ = q.Close()
	q = opened(t, o)
	first, _ := q.Next("ga4", Due)
	for range 39 {
		it, _ := q.Next("ga4", Due)
		_ = q.End(d.say(Ended, it.Name), it)
	}
	q.Return(first)
	c.add(time.Hour)
	for range 2 {
		if err := q.Tend(); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Checkpoint(d.next); err != nil {
		t.Fatal(err)
	}
	_ = q.Close()
	if f := files(t, o.Dir, framesSuffix); len(f) != 1 {
		t.Errorf("files: %v", f)
	}
	q = opened(t, o)
	if it, ok := q.Next("ga4", Due); !ok || it.Name != event(3).Name || !it.Attempted {
		t.Errorf("%+v", it)
	}
}

func TestPendingIsLookedAt(t *testing.T) {
	q := opened(t, options(t.TempDir(), &diary{}, newClock()))
	add(t, q, event(3), event(6), event(1))
	it, _ := q.Next("ga4", Due)
	if err := q.Park(it, "refused"); err != nil {
		t.Fatal(err)
	}
	var all []Item
	for it := range q.Pending("ga4") {
		checkRead(t, q, it)
		all = append(all, it)
	}
	if len(all) != 2 || all[0].Name.Hit != 6 || all[1].Reason != "refused" {
		t.Errorf("%+v", all)
	}
	it, _ = q.Next("ga4", Due)
	_ = q.End(nil, it)
	if err := q.Read(all[0], new(Event)); !errors.Is(err, ErrGone) {
		t.Errorf("read after its end: %v", err)
	}
}

func TestWhoWaitsForEventsIsTold(t *testing.T) {
	q := opened(t, options(t.TempDir(), &diary{}, newClock()))
	arrived := q.Arrived("ga4")
	add(t, q, event(3))
	<-arrived
	it, _ := q.Next("ga4", Due)
	q.Later(it, time.Second)
	<-arrived
	if w, ok := q.Wait("ga4"); !ok || w != time.Second {
		t.Errorf("the next one is due in %s", w)
	}
}
