package objection

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// follows says that browsers were seen beside a person.
func follows(t *testing.T, s *Store, lead int, seen ...int) Followed {
	t.Helper()
	f := Follow{Lead: subject(lead), Site: "shop"}
	for _, n := range seen {
		f.Seen = append(f.Seen, subject(n))
	}
	did, err := s.Follow(t.Context(), []Follow{f})
	if err != nil || len(did) != 1 {
		t.Fatalf("%v, %v", did, err)
	}
	return did[0]
}

// TestFollowers: what stands for a person stands for the browsers that were seen beside it, in the same step as each
// change of it; their own acts are none of it. All of it outlives the process.
func TestFollowers(t *testing.T) {
	dir := t.TempDir()
	var recorded []Recorded
	o := Options{Dir: dir, Record: func(list []Recorded, _ Head) error {
		recorded = append(recorded, list...)
		return nil
	}}
	s := opened(t, o)
	if did := follows(t, s, 1, 11); did != (Followed{}) || s.Head().Size != 0 {
		t.Errorf("nothing stands for who is followed: %+v", did)
	}
	taken(t, s, objects(1, "ads"), asksFor(12, browserAct(1), "profile"))
	if did := follows(t, s, 1, 11, 12, 1); did.New != 2 || did.Refused != 0 {
		t.Errorf("%+v", did)
	}
	if did := follows(t, s, 1, 11, 12); did != (Followed{}) {
		t.Errorf("again: %+v", did)
	}
	restricts := objects(1, "newsletter")
	restricts.Restriction = true
	taken(t, s, restricts, objects(1, "analytics"))
	must(t, s.Close())
	s = opened(t, o)
	standsFor(t, s, 11, "ads", "analytics", "restriction:newsletter")
	standsFor(t, s, 12, "ads", "analytics", "profile", "restriction:newsletter")
	held, err := s.Held([]Subject{subject(12)})
	if err != nil || fmt.Sprint(held) != "[{browser 1 [profile]} {seen_with 1 [ads analytics restriction:newsletter]}]" {
		t.Errorf("%v, %v", held, err)
	}
	taken(t, s, takesBack(1, "ads"), asksFor(12, browserAct(1), "-all"))
	standsFor(t, s, 12, "analytics", "restriction:newsletter")
	taken(t, s, takesBack(1, All))
	standsFor(t, s, 11)
	standsFor(t, s, 12)
	if left := len(everything(t, s)); left == 0 || hasAny(t, s, bucketFollowers, bucketFollowTimes) {
		t.Error("who follows is remembered, and nothing is left to follow")
	}
	taken(t, s, objects(1, "ads"))
	standsFor(t, s, 11) // until it is seen again
	var said []string
	for _, r := range recorded {
		c := r.Change
		said = append(said, fmt.Sprintf("%s%v -%v %v", c.Source, c.Object, c.TakeBack, c.Restriction))
		if c.Holder.Kind == SeenWith && (c.Lead != subject(1).Ledger || c.Holder.ID != subject(1).Hash ||
			len(c.Subjects) != 2) {
			t.Errorf("%+v", r)
		}
	}
	want := "api[ads] -[] false; api[profile] -[] false; seen_with[ads] -[] false; " +
		"api[newsletter] -[] true; seen_with[newsletter] -[] true; api[analytics] -[] false; seen_with[analytics] -[] false; " +
		"api[] -[ads] false; seen_with[] -[ads] false; api[] -[all] false; api[] -[all] false; " +
		"seen_with[] -[analytics restriction:newsletter] false; api[ads] -[] false"
	if got := strings.Join(said, "; "); got != want {
		t.Errorf("recorded is\n%s\nwant\n%s", got, want)
	}
	var log []Recorded
	must(t, s.Changes(t.Context(), 0, func(r Recorded) bool { log = append(log, r); return true }))
	if fmt.Sprint(log) != fmt.Sprint(recorded) {
		t.Errorf("the log says\n%v\nrecorded was\n%v", log, recorded)
	}
}

func asksFor(n int, holder Holder, scopes string) Change {
	c := asks(holder, scopes)
	c.Subjects = []Subject{subject(n)}
	return c
}

// hasAny tells whether there is anything in one of the buckets.
func hasAny(t *testing.T, s *Store, names ...[]byte) bool {
	t.Helper()
	for key := range everything(t, s) {
		if slices.ContainsFunc(names, func(name []byte) bool { return strings.HasPrefix(key, string(name)+" ") }) {
			return true
		}
	}
	return false
}

// TestWhoLeadsAndWhoFollowsInOneChange: the receipt says what stands once both are done.
func TestWhoLeadsAndWhoFollowsInOneChange(t *testing.T) {
	s := opened(t, Options{})
	taken(t, s, objects(1, "ads"))
	follows(t, s, 1, 11)
	both := takesBack(1, All)
	both.Subjects = append(both.Subjects, subject(11))
	if got := taken(t, s, both)[0]; len(got.InForce) > 0 || got.Held != nil {
		t.Errorf("%+v", got)
	}
}

// TestWhoIsSeenNoMore: what follows ends 13 months after it was seen last. Seen again within a day, nothing is written.
func TestWhoIsSeenNoMore(t *testing.T) {
	now, commits := noon, 0
	s := opened(t, Options{Now: func() time.Time {
		return now
	}, Commit: func(tx *bolt.Tx) error { commits++; return tx.Commit() }})
	expires := func(want bool) {
		t.Helper()
		if more, err := s.Expire(t.Context()); more != want || err != nil {
			t.Errorf("%v, %v", more, err)
		}
	}
	taken(t, s, objects(1, "ads"), objects(2, "analytics"))
	follows(t, s, 1, 11, 12)
	follows(t, s, 2, 11)
	before := commits
	now = now.Add(11 * time.Hour)
	if follows(t, s, 1, 11); commits != before {
		t.Error("written twice a day")
	}
	now = now.Add(2 * time.Hour)
	if follows(t, s, 1, 11); commits != before+1 || s.Head().Size != 4 {
		t.Errorf("%d commits more, %d changes", commits-before, s.Head().Size)
	}
	now = noon.AddDate(0, 0, followLife-1)
	expires(false)
	standsFor(t, s, 12, "ads")
	now = noon.AddDate(0, 0, followLife)
	expires(false)
	standsFor(t, s, 12)
	standsFor(t, s, 11, "ads")
	now = now.AddDate(0, 0, 1)
	expires(false)
	standsFor(t, s, 11)
	standsFor(t, s, 1, "ads")
	if hasAny(t, s, bucketFollowers, bucketFollowTimes) {
		t.Error("who was seen long ago is remembered")
	}
}

// TestFollowersAreBounded: so many follow one, and one follows so many. Who comes later is refused, and said to be.
func TestFollowersAreBounded(t *testing.T) {
	s := opened(t, Options{})
	taken(t, s, objects(1, "ads"))
	var seen []int
	for n := range mostFollowers + 3 {
		seen = append(seen, 1000+n)
	}
	if did := follows(t, s, 1, seen...); did != (Followed{mostFollowers, 3}) {
		t.Errorf("%+v", did)
	}
	for n := range mostLeads + 2 {
		taken(t, s, objects(100+n, "ads"))
		if did := follows(t, s, 100+n, 50); did.New+did.Refused != 1 || (did.Refused == 1) != (n >= mostLeads) {
			t.Errorf("lead %d: %+v", n, did)
		}
	}
	taken(t, s, takesBack(1, All)) // with all who follow
	standsFor(t, s, seen[0])
	standsFor(t, s, seen[mostFollowers-1])
}

// TestFollowsThatAreNone: what is no subject is refused, and does nothing.
func TestFollowsThatAreNone(t *testing.T) {
	s := opened(t, Options{})
	for _, f := range []Follow{{Lead: Subject{}}, {Lead: subject(1), Seen: []Subject{{}}},
		{Lead: subject(1), Site: "a\nb"}} {
		_, err := s.Follow(t.Context(), []Follow{f})
		if _, ok := errors.AsType[*Fault](err); !ok {
			t.Errorf("%+v: %v", f, err)
		}
	}
	if did, err := s.Follow(t.Context(), nil); did != nil || err != nil {
		t.Errorf("%v, %v", did, err)
	}
}

// TestWhoFollowsCannotBePut: where a put of what follows fails, the change is none, and nothing is taken any more.
func TestWhoFollowsCannotBePut(t *testing.T) {
	lead, seen, fresh := subject(1).Hash, subject(11).Hash, subject(12).Hash
	does := map[string]func(s *Store) error{
		"the lead's change": func(s *Store) error {
			_, err := s.Apply(t.Context(), Batch{Changes: []Change{takesBack(1, All)}})
			return err
		},
		"one more": func(s *Store) error {
			_, err := s.Follow(t.Context(), []Follow{{Lead: subject(1), Seen: []Subject{subject(12)}}})
			return err
		},
	}
	for name, c := range map[string]struct {
		does   string
		damage func(*bolt.Tx) error
	}{
		"who follows, unread":         {"the lead's change", garbage(bucketFollowers, followKey(&lead, &seen))},
		"who follows, read for a new": {"one more", garbage(bucketFollowers, followKey(&lead, &seen))},
		"a day": {"one more",
			occupied(bucketFollowTimes, followTime(dayOf(noon), followKey(&lead, &fresh)))},
		"the record": {"one more", occupied(bucketSubjects, fresh[:])},
		"the log":    {"one more", occupied(bucketChanges, number(3))},
	} {
		s := opened(t, Options{})
		taken(t, s, objects(1, "ads"))
		follows(t, s, 1, 11)
		must(t, s.file.db.Update(c.damage))
		if err := does[c.does](s); !errors.Is(err, ErrPoisoned) {
			t.Errorf("%s: %v", name, err)
		}
		standsFor(t, s, 1, "ads")
		standsFor(t, s, 11, "ads")
	}
}

// TestAFollowerThatCannotBeRead keeps nobody but those it belongs to from being changed.
func TestAFollowerThatCannotBeRead(t *testing.T) {
	s := opened(t, Options{})
	taken(t, s, objects(1, "ads"))
	follows(t, s, 1, 11)
	bad := subject(11)
	must(t, s.file.db.Update(garbage(bucketSubjects, bad.Hash[:])))
	if _, err := s.Apply(t.Context(), Batch{Changes: []Change{objects(1, "analytics")}}); !errors.Is(err, ErrDamaged) {
		t.Errorf("%v", err)
	}
	if _, err := s.Follow(t.Context(), []Follow{{Lead: subject(1), Seen: []Subject{bad}}}); !errors.Is(err, ErrDamaged) {
		t.Errorf("%v", err)
	}
	taken(t, s, objects(2, "ads"))
}

// TestABrowserIsCountedOnce: a person is known by two hashes of an address; the browser that follows both is one.
func TestABrowserIsCountedOnce(t *testing.T) {
	s := opened(t, Options{})
	taken(t, s, objects(1, "ads"), objects(2, "ads"))
	did, err := s.Follow(t.Context(), []Follow{
		{Lead: subject(1), Seen: []Subject{subject(11), subject(12)}},
		{Lead: subject(2), Seen: []Subject{subject(11), subject(12)}},
	})
	if err != nil || len(did) != 2 || did[0].New != 2 || did[1].New != 0 {
		t.Errorf("%+v, %v", did, err)
	}
	taken(t, s, takesBack(1, All))
	standsFor(t, s, 11, "ads")
}

// TestWhoBeganToday: those of whom nothing was known before the day are listed, not those that were only seen again.
func TestWhoBeganToday(t *testing.T) {
	now := noon
	s := opened(t, Options{Now: func() time.Time { return now }})
	taken(t, s, objects(1, "ads"), objects(2, "ads"))
	begun := func(want ...int) {
		t.Helper()
		all, err := s.Begun(subject(1).Hash, now)
		if err != nil || len(all) != len(want) {
			t.Fatalf("%v, %v", all, err)
		}
		for i := range all {
			if all[i].Hash != subject(want[i]).Hash || all[i].Space != subject(want[i]).Space {
				t.Errorf("%+v, want %d", all[i], want[i])
			}
		}
	}
	begun()
	follows(t, s, 1, 11, 12)
	follows(t, s, 2, 13)
	begun(11, 12)
	now = now.AddDate(0, 0, 1)
	begun()
	follows(t, s, 1, 11, 13, 14)
	begun(14)
}
