package objection

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestWhatCannotBeTold: what is objected to is in force here, over a restart too, and is told when it can be; what is
// taken back stands until then; what can be asked for again is refused.
func TestWhatCannotBeTold(t *testing.T) {
	l := newSharedLog()
	now := noon
	o := Options{Dir: t.TempDir(), Order: l, Patience: time.Nanosecond, Now: func() time.Time {
		return now
	}, Tell: func(m *Message, r *Recorded) ([]byte, error) {
		return fmt.Appendf(nil, "%s %d", m.Body, r.Seq), nil
	}}
	s := opened(t, o)
	l.fails = errors.New("no quorum")
	untold := func(want bool, changes ...Change) Receipt {
		t.Helper()
		now = now.Add(time.Second)
		got, err := s.Apply(t.Context(), Batch{Changes: changes})
		if err != nil || got[0].Untold != want {
			t.Fatalf("%+v, %v", got, err)
		}
		return got[0]
	}
	version := s.Version()
	c := objects(1, "ads")
	c.Outbox = []Message{{To: "crm", Body: []byte("body")}}
	if got := untold(true, c); !got.New || fmt.Sprint(got.InForce) != "[all]" || s.Version() == version {
		t.Errorf("nobody knows that scope here yet, so that all is meant: %+v", got)
	}
	restricts := objects(2, "ads")
	restricts.Restriction = true
	untold(true, restricts)
	both := takesBack(6, "audience")
	both.Object = []string{"ads"}
	untold(true, both)
	standsFor(t, s, 1, "all")
	standsFor(t, s, 2, "restriction:all")
	standsFor(t, s, 3)
	for what, err := range map[string]error{
		"what is taken back alone": second(s.Apply(t.Context(), Batch{Changes: []Change{takesBack(2, "restriction:ads")}})),
		"an import": second(
			s.Apply(t.Context(), Batch{Changes: []Change{objects(4, "ads")}, Progress: &Progress{File: "f", Line: 1}})),
		"a decision": second(s.Apply(t.Context(), Batch{Changes: []Change{decides(1, "LIA-1")}})),
		"a keep":     second(s.Keep(t.Context(), []Keep{{Subject: subject(5)}})),
		"a follow":   second(s.Follow(t.Context(), []Follow{{Lead: subject(1), Seen: []Subject{subject(5)}}})),
	} {
		if !errors.Is(err, l.fails) {
			t.Errorf("%s: %v", what, err)
		}
	}
	must(t, s.Close())
	s = opened(t, o)
	standsFor(t, s, 1, "all")
	standsFor(t, s, 2, "restriction:all")
	if n, since := ReplicaOf(s).Untold(); n != 3 || !since.Equal(noon.Add(time.Second)) || s.Head().Size != 0 {
		t.Errorf("%d since %v are kept", n, since)
	}
	l.mu.Lock()
	l.fails = nil
	l.mu.Unlock()
	for _, act := range l.appended(t, s, 3) {
		must(t, ReplicaOf(s).Take([]Ordered{act}, ""))
	}
	standsFor(t, s, 1, "ads")
	standsFor(t, s, 6, "ads")
	if n, _ := ReplicaOf(s).Untold(); n != 0 {
		t.Errorf("%d are kept still", n)
	}
	waiting, err := s.Outbox().Next(0, 10)
	if err != nil || len(waiting) != 1 || !strings.HasPrefix(string(waiting[0].Body), "body ") {
		t.Errorf("%+v, %v", waiting, err)
	}
	standsFor(t, s, 2, "restriction:ads")
	for name := range everything(t, s) {
		if strings.HasPrefix(name, "untold") {
			t.Error("it is on disk still")
		}
	}
}

// TestUntoldActsKeepTheirOrder: over a restart, and whatever the clock said when they were asked for.
func TestUntoldActsKeepTheirOrder(t *testing.T) {
	l := newSharedLog()
	l.fails = errors.New("no quorum")
	now := noon
	o := Options{Dir: t.TempDir(), Order: l, Patience: time.Nanosecond, Now: func() time.Time { return now }}
	s := opened(t, o)
	for n := range 40 {
		now = now.Add(-time.Minute)
		taken(t, s, objects(1, fmt.Sprint("ads-", n)))
	}
	must(t, s.Close())
	s = opened(t, o)
	l.mu.Lock()
	l.fails = nil
	l.mu.Unlock()
	must(t, ReplicaOf(s).Take(l.appended(t, s, 40), ""))
	n := 0
	must(t, s.Changes(t.Context(), 0, func(r Recorded) bool {
		if !slices.Equal(r.Change.Object, []string{fmt.Sprint("ads-", n)}) {
			t.Errorf("act %d objects to %v", n, r.Change.Object)
		}
		n++
		return true
	}))
	if n != 40 {
		t.Errorf("%d acts are recorded", n)
	}
}

// TestWhatIsTakenBackIsNotToldLate: of two stores that are cut off one is asked to take an objection back, and then the
// other one, or the same, is objected to anew. Whichever of them is back first, the objection stands.
func TestWhatIsTakenBackIsNotToldLate(t *testing.T) {
	for _, mixed := range []bool{false, true} {
		for _, firstBack := range []int{0, 1} {
			l := newSharedLog()
			var stores [2]*Store
			for i := range stores {
				stores[i] = opened(t, Options{Dir: t.TempDir(), Order: l, Patience: time.Nanosecond})
			}
			all := func(acts []Ordered) {
				for _, s := range stores {
					must(t, ReplicaOf(s).Take(acts, ""))
				}
			}
			takes := func(s *Store, c Change, want error) {
				t.Helper()
				if _, err := s.Apply(t.Context(), Batch{Changes: []Change{c}}); !errors.Is(err, want) {
					t.Fatal(err)
				}
			}
			takes(stores[0], objects(1, "ads"), nil)
			all(l.appended(t, stores[0], 1))
			l.fails = errors.New("no quorum")
			back, want := takesBack(1, "ads"), ErrUntold
			if mixed {
				back.Object, want = []string{"audience"}, nil
			}
			takes(stores[0], back, want)
			takes(stores[1], objects(1, "ads"), nil)
			standsFor(t, stores[0], 1, map[bool][]string{false: {"ads"}, true: {"ads", "all"}}[mixed]...)
			l.mu.Lock()
			l.fails = nil
			l.mu.Unlock()
			for _, i := range []int{firstBack, 1 - firstBack} {
				for n := 1; n > 0; n, _ = ReplicaOf(stores[i]).Untold() {
					ReplicaOf(stores[i]).Tell()
					all(l.since(Position{}))
				}
			}
			for _, s := range stores {
				standsFor(t, s, 1, map[bool][]string{false: {"ads"}, true: {"ads", "audience"}}[mixed]...)
			}
		}
	}
}

// TestAStoreThatLeavesWithUntoldActs is not opened: what they object to would be in force no more.
func TestAStoreThatLeavesWithUntoldActs(t *testing.T) {
	l := newSharedLog()
	l.fails = errors.New("no quorum")
	o := Options{Dir: t.TempDir(), Identity: "keys-1", Now: atNoon, Order: l, Patience: time.Nanosecond}
	s := opened(t, o)
	taken(t, s, objects(1, "ads"))
	must(t, s.Close())
	alone := o
	alone.Order = nil
	if _, err := Open(alone); !errors.Is(err, ErrLeftUntold) || !strings.Contains(err.Error(), "acts that wait: 1") {
		t.Errorf("%v", err)
	}
	s = opened(t, o)
	l.mu.Lock()
	l.fails = nil
	l.mu.Unlock()
	must(t, ReplicaOf(s).Take(l.appended(t, s, 1), ""))
	must(t, s.Close())
	standsFor(t, opened(t, alone), 1, "ads")
}

// TestWhoeverLeftIsAnsweredOnce: an act whose turn comes while whoever asked gives up is answered in one way.
func TestWhoeverLeftIsAnsweredOnce(t *testing.T) {
	l := newSharedLog()
	s := opened(t, Options{Order: l, Patience: 200 * time.Microsecond})
	l.feed(t, s)
	for n := range 300 {
		got := taken(t, s, objects(n, "ads"))
		if len(got) != 1 || got[0].Untold == (got[0].Seq != 0) {
			t.Fatalf("%+v", got)
		}
		_, err := s.Keep(t.Context(), []Keep{{Subject: subject(n), Time: noon}})
		if err != nil && !errors.Is(err, ErrUntold) {
			t.Fatal(err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// appended waits until that many acts are on the log.
func (l *sharedLog) appended(t *testing.T, s *Store, n int) []Ordered {
	t.Helper()
	for {
		ReplicaOf(s).Tell()
		if acts := l.since(Position{}); len(acts) >= n {
			return acts
		}
		<-l.added
	}
}

// TestAnImportIsToldInParts: what is too long for one act comes in several, the last of which says how far it is.
func TestAnImportIsToldInParts(t *testing.T) {
	l := newSharedLog()
	s := opened(t, Options{Order: l})
	l.feed(t, s)
	b := Batch{Progress: &Progress{File: "list", Line: 3000}}
	for n := range 3000 {
		b.Changes = append(b.Changes, objects(n, "ads"))
	}
	got, err := s.Apply(t.Context(), b)
	if err != nil || len(got) != 3000 || got[2999].Seq != 3000 {
		t.Fatalf("%d receipts, %v", len(got), err)
	}
	if line, err := s.Progress("list"); err != nil || line != 3000 {
		t.Errorf("line %d, %v", line, err)
	}
	if acts := l.since(Position{}); len(acts) < 2 {
		t.Errorf("it came in %d acts: this shows nothing", len(acts))
	}
	b.Progress = nil
	if _, err := s.Apply(t.Context(), b); !errors.Is(err, ErrLong) {
		t.Errorf("what is done whole or not at all: %v", err)
	}
}

// TestADecisionIsNotOnWhatIsUntold: it was made on what stood before.
func TestADecisionIsNotOnWhatIsUntold(t *testing.T) {
	l := newSharedLog()
	s := opened(t, Options{Order: l})
	l.feed(t, s)
	taken(t, s, objects(1, "ads"))
	taken(t, s, decides(1, "LIA-1"))
	if lifted(t, s, 1) == "" {
		t.Error("the decision does not hold")
	}
	l.mu.Lock()
	l.fails = errors.New("no quorum")
	l.mu.Unlock()
	s.opts.Patience = time.Nanosecond
	taken(t, s, objects(1, "analytics"))
	liftedIs(t, "an act that nobody else knows", s, 1, "")
}

// TestActsOfOneSubjectAreToldInTheirOrder: those of others are told beside them.
func TestActsOfOneSubjectAreToldInTheirOrder(t *testing.T) {
	u := newUntoldActs()
	add := func(id byte, subjects ...byte) {
		one := &untoldAct{id: [16]byte{id}}
		for _, n := range subjects {
			one.subjects = append(one.subjects, [16]byte{n})
		}
		u.add(one, nil)
	}
	add(1, 1)
	add(2, 1, 2)
	add(3, 2)
	add(4, 4)
	told := func(want string) []*untoldAct {
		t.Helper()
		list := u.next()
		var got []byte
		for _, one := range list {
			got = append(got, '0'+one.id[0])
		}
		if string(got) != want {
			t.Errorf("%q can be told, want %q", got, want)
		}
		return list
	}
	first := told("14")
	told("")
	u.came(first[1], false)
	told("4")
	u.came(first[0], true)
	second := told("2")
	u.came(second[0], true)
	told("3")
	u.remove([][16]byte{{1}, {9}})
	if u.has([16]byte{1}) || !u.has([16]byte{2}) {
		t.Error("the wrong one was removed")
	}
}

func FuzzParseUntold(f *testing.F) {
	b := Batch{Changes: []Change{objects(1, "ads")}}
	b.Changes[0].Outbox = []Message{{To: "crm", Ends: true, Body: []byte("body")}}
	act, err := (&request{batch: &b}).actBytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append([]byte{1}, newUntold([16]byte{1}, act, &b, noon).text...))
	f.Fuzz(func(t *testing.T, value []byte) {
		id := [16]byte{1}
		if _, err := parseUntold(id[:], sealed(id[:], append(make([]byte, 4), value...))); err != nil &&
			!errors.Is(err, ErrDamaged) {
			t.Errorf("%v", err)
		}
	})
}
