package objection

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/rules"
)

// decides is a decision for a subject, until an hour after noon.
func decides(n int, assessment string) Change {
	return Change{Subjects: []Subject{subject(n)}, Source: API, Decide: &Decision{
		Assessment: assessment, Version: 3, Purposes: []string{"ads"}, Until: noon.Add(time.Hour), By: "privacy",
		Because: "thieves",
	}}
}

func ends(number uint64) Change {
	return Change{EndDecision: number, Because: "a mistake", Source: API, Holder: Holder{Kind: Role}}
}

// lifted names the decisions by which what stands for a subject is lifted, as a hit is judged; "" for none.
func lifted(t testing.TB, s *Store, n int) string {
	t.Helper()
	r := s.Resolve(func(string) (rules.Objections, bool) { return rules.Objections{All: true}, true })
	if found, err := r.Lookup(subject(n).Hash); err != nil || found.Lifts != nil {
		t.Errorf("it is lifted by nobody's words: %+v, %v", found, err)
	}
	var all []string
	r.Lifting(func(l rules.Lift, purposes []string) rules.Lift {
		all = append(all, fmt.Sprintf("%d:%s.%d%v", l.Number, l.Assessment, l.Version, purposes))
		return l
	})
	found, err := r.Lookup(subject(n).Hash)
	if err != nil || (found.Lifts == nil) != (all == nil) {
		t.Error(err)
	}
	return strings.Join(all, " ")
}

func liftedIs(t testing.TB, what string, s *Store, n int, want string) {
	t.Helper()
	if got := lifted(t, s, n); got != want {
		t.Errorf("%s: subject %d is lifted by %q, want %q", what, n, got, want)
	}
}

// TestADecision: it lifts what stands for its subjects, and for who follows them alone; it ends taken back, by a later
// act for any of them, by another one on the same assessment, and by time; whatever happens, the log says it.
func TestADecision(t *testing.T) {
	t.Parallel()
	now := noon
	dir := t.TempDir()
	options := Options{Dir: dir, Now: func() time.Time { return now }}
	s := opened(t, options)
	taken(t, s, objects(1, "ads"), objects(2, "ads"), objects(3, "ads"))
	follows(t, s, 1, 11, 12)
	follows(t, s, 2, 12)
	taken(t, s, asksFor(11, Holder{}, "ads"))
	for _, n := range []int{1, 2, 3, 11, 12} {
		liftedIs(t, "nobody decided", s, n, "")
	}
	if r := taken(t, s, decides(4, "LIA-1"))[0]; r.New {
		t.Errorf("it is decided on nothing: %+v", r)
	}
	number := taken(t, s, decides(1, "LIA-1"))[0].Seq
	one := fmt.Sprintf("%d:LIA-1.3[ads]", number)
	for n, want := range map[int]string{1: one, 2: "", 3: "", 11: "", 12: ""} {
		liftedIs(t, "decided for 1", s, n, want) // 11 has an act of its own, 12 follows 2 as well
	}
	follows(t, s, 1, 13)
	liftedIs(t, "who follows later", s, 13, one)
	taken(t, s, takesBack(11, "ads"))
	liftedIs(t, "who follows alone, now", s, 11, one)
	second := taken(t, s, decides(2, "LIA-1"))[0].Seq
	liftedIs(t, "who follows two, by two decisions", s, 12, "")
	must(t, s.Close())
	s = opened(t, options)
	liftedIs(t, "opened again", s, 1, one)
	liftedIs(t, "opened again", s, 13, one)

	third := decides(1, "LIA-2")
	third.Subjects = append(third.Subjects, subject(5))
	other := taken(t, s, third)[0].Seq
	liftedIs(t, "another assessment", s, 1, one+fmt.Sprintf(" %d:LIA-2.3[ads]", other))
	again := taken(t, s, decides(1, "LIA-1"))[0].Seq
	liftedIs(t, "the same assessment again", s, 1, fmt.Sprintf("%d:LIA-2.3[ads] %d:LIA-1.3[ads]", other, again))
	taken(t, s, objects(5, "ads"))
	liftedIs(t, "by another identifier of theirs, again", s, 1, fmt.Sprintf("%d:LIA-1.3[ads]", again))

	late := objects(1, "ads")
	late.Time = now.Add(-time.Hour)
	if r := taken(t, s, late)[0]; r.New {
		t.Errorf("what was said before is new: %+v", r)
	}
	liftedIs(t, "said before", s, 1, fmt.Sprintf("%d:LIA-1.3[ads]", again))
	if r := taken(t, s, objects(1, "ads"))[0]; !r.New {
		t.Errorf("a new act is none: %+v", r)
	}
	liftedIs(t, "objected again", s, 1, "")
	liftedIs(t, "objected again", s, 13, "")
	liftedIs(t, "somebody else did", s, 2, fmt.Sprintf("%d:LIA-1.3[ads]", second))
	if r := taken(t, s, ends(second), ends(second)); !r[0].New || r[1].New {
		t.Errorf("%+v", r)
	}
	liftedIs(t, "taken back", s, 2, "")

	number = taken(t, s, decides(1, "LIA-1"))[0].Seq
	now = now.Add(time.Hour)
	liftedIs(t, "over", s, 1, "")
	if all := s.Decisions(); len(all) != 1 || all[0].Number != number {
		t.Errorf("%+v", all)
	}
	if _, err := s.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all := s.Decisions(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
	var log []string
	must(t, s.Changes(t.Context(), 0, func(r Recorded) bool {
		switch c := r.Change; {
		case c.Decide != nil:
			log = append(log, fmt.Sprint(r.Seq, " decided ", c.Decide.Assessment, c.Decide.Number == r.Seq, r.InForce))
		case c.EndDecision != 0:
			log = append(log, fmt.Sprint(r.Seq, " ended ", c.EndDecision, " ", c.Because, " ", len(c.Subjects), r.InForce))
		}
		return true
	}))
	for i, want := range []string{
		"decided LIA-1true [ads]", "decided LIA-1true [ads]", "decided LIA-2true [ads]", "decided LIA-1true [ads]",
		"took its place 1 [ads]",
		"there is a new objection 2 [ads]", "there is a new objection 1 [ads]", "a mistake 1 [ads]",
		"decided LIA-1true [ads]", "its time is over 1 [ads]",
	} {
		if i >= len(log) || !strings.HasSuffix(log[i], want) {
			t.Fatalf("%d is no %q in\n%s", i, want, strings.Join(log, "\n"))
		}
	}
}

// TestAnObjectionAfterAClockWentBack ends a decision all the same: whose act is the later one says the
// log, where nobody gave the act a date.
func TestAnObjectionAfterAClockWentBack(t *testing.T) {
	t.Parallel()
	now := noon
	s := opened(t, Options{Now: func() time.Time { return now }})
	taken(t, s, objects(1, "ads"))
	taken(t, s, decides(1, "LIA-1"))
	now = noon.Add(-time.Hour)
	liftedIs(t, "the clock went back", s, 1, "2:LIA-1.3[ads]")
	if r := taken(t, s, objects(1, "ads"))[0]; !r.New {
		t.Errorf("a new act is none: %+v", r)
	}
	liftedIs(t, "objected again", s, 1, "")
}

// TestARestrictionIsNotDecidedOnUnseen: one that was asked for after whoever decides was asked, and before it is done.
func TestARestrictionIsNotDecidedOnUnseen(t *testing.T) {
	t.Parallel()
	s := opened(t, Options{})
	restricts := objects(1, "ads")
	restricts.Restriction = true
	taken(t, s, objects(1, "ads"), restricts)
	_, err := s.Apply(t.Context(), Batch{Changes: []Change{decides(1, "LIA-1")}})
	if fault, ok := errors.AsType[*Fault](err); !ok || fault.What != "decision.restriction" {
		t.Errorf("%v", err)
	}
	liftedIs(t, "nobody said restriction", s, 1, "")
	says := decides(1, "LIA-1")
	says.Decide.Restriction = true
	taken(t, s, says)
	liftedIs(t, "somebody did", s, 1, "3:LIA-1.3[ads]")
}

// TestDecisionsThatAreNone are refused before anything is done.
func TestDecisionsThatAreNone(t *testing.T) {
	t.Parallel()
	s := opened(t, Options{})
	taken(t, s, objects(1, "ads"))
	for what, how := range map[string]func(*Change){
		"assessment": func(c *Change) { c.Decide.Version = 0 },
		"because":    func(c *Change) { c.Decide.Because = "" },
		"by":         func(c *Change) { c.Decide.By = "a\nb" },
		"told":       func(c *Change) { c.Decide.Told = strings.Repeat("x", mostTold+1) },
		"until":      func(c *Change) { c.Decide.Until = noon },
		"purposes":   func(c *Change) { c.Decide.Purposes = make([]string, mostScopes+1) },
		"decision":   func(c *Change) { c.Object = []string{"ads"} },
		"subjects":   func(c *Change) { c.Subjects = nil },
		"holder":     func(c *Change) { c.Holder = Holder{Kind: Kept, ID: [16]byte{1}} },
	} {
		c := decides(1, "LIA-1")
		how(&c)
		_, err := s.Apply(t.Context(), Batch{Changes: []Change{c}})
		fault, ok := errors.AsType[*Fault](err)
		if !ok || fault.What != what {
			t.Errorf("%s: %v", what, err)
		}
	}
	if size := s.Head().Size; size != 1 {
		t.Errorf("%d changes", size)
	}
}

// TestADecisionInAFileOfFormat3: a file of the format before has none, stays as it is until something is changed, and
// becomes one of the newest then; one that says what it does not hold is refused.
func TestADecisionInAFileOfFormat3(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := opened(t, Options{Dir: dir})
	taken(t, s, objects(1, "ads"))
	must(t, s.Close())
	inFile := func(do func(tx *bolt.Tx) error) (format string) {
		t.Helper()
		db, err := bolt.Open(filepath.Join(dir, FileName), 0o600, nil)
		must(t, err)
		must(t, db.Update(func(tx *bolt.Tx) error {
			err := do(tx)
			format = string(tx.Bucket(bucketMeta).Get(keyFormat))
			return err
		}))
		must(t, db.Close())
		return format
	}
	look := func(*bolt.Tx) error { return nil }
	inFile(func(tx *bolt.Tx) error {
		return errors.Join(tx.DeleteBucket(bucketDecisions), tx.Bucket(bucketMeta).Put(keyFormat, []byte(fileFormat3)))
	})
	s = opened(t, Options{Dir: dir})
	standsFor(t, s, 1, "ads")
	must(t, s.Close())
	if is := inFile(look); is != fileFormat3 {
		t.Errorf("reading made it format %s", is)
	}
	s = opened(t, Options{Dir: dir})
	made := taken(t, s, decides(1, "LIA-1"))[0].Seq
	liftedIs(t, "decided", s, 1, fmt.Sprintf("%d:LIA-1.3[ads]", made))
	must(t, s.Close())
	if is := inFile(look); is != fileFormat {
		t.Errorf("it is of format %s", is)
	}
	for _, breaks := range []func(b *bolt.Bucket) error{
		func(b *bolt.Bucket) error { return b.Put(number(1), sealed(number(1), make([]byte, 4))) }, // no decision
		func(b *bolt.Bucket) error { return b.Put(number(99), sealed(number(99), make([]byte, 4))) },
		func(b *bolt.Bucket) error { return b.Put(number(made), make([]byte, 4)) },
	} {
		inFile(func(tx *bolt.Tx) error { return breaks(tx.Bucket(bucketDecisions)) })
		if _, err := Open(Options{Dir: dir, Identity: "keys-1", Now: atNoon}); !errors.Is(err, ErrDamaged) {
			t.Errorf("%v", err)
		}
		inFile(func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketDecisions)
			return errors.Join(b.Delete(number(1)), b.Delete(number(99)),
				b.Put(number(made), sealed(number(made), make([]byte, 4))))
		})
	}
	s = opened(t, Options{Dir: dir})
	liftedIs(t, "mended", s, 1, fmt.Sprintf("%d:LIA-1.3[ads]", made))
}

// TestNothingIsAllocatedWithoutDecisions: a look-up of who objected costs what it did, also while decisions stand for
// others.
func TestNothingIsAllocatedWithoutDecisions(t *testing.T) {
	s := opened(t, Options{})
	taken(t, s, objects(1, "ads"), objects(2, "ads"))
	taken(t, s, decides(2, "LIA-1"))
	r := s.Resolve(func(string) (rules.Objections, bool) { return rules.Objections{All: true}, true })
	r.Lifting(func(l rules.Lift, _ []string) rules.Lift { return l })
	for _, n := range []int{1, 99} {
		hash := subject(n).Hash
		if allocs := testing.AllocsPerRun(100, func() { _, _ = r.Lookup(hash) }); allocs > 0 {
			t.Errorf("subject %d: %v allocations", n, allocs)
		}
	}
}
