package objection

import (
	"errors"
	"fmt"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// TestAFileFromBefore: it opens as it is, its objections are found and can be taken back, and it becomes one of the new
// format with the first change, whole or not at all.
func TestAFileFromBefore(t *testing.T) {
	dir := t.TempDir()
	before(t, dir, PreferenceCentre, 4)
	failed := errors.New("no")
	fail := false
	s := opened(t, Options{Dir: dir, Commit: func(tx *bolt.Tx) error {
		if fail {
			return failed
		}
		return tx.Commit()
	}})
	is := everything(t, s)
	standsFor(t, s, 1, "ads", "analytics")
	if got := is[fmt.Sprintf("meta %x", keyFormat)]; got != fileFormat1 {
		t.Errorf("opening made it one of format %s", got)
	}
	if more, err := s.Expire(t.Context()); more || err != nil {
		t.Errorf("%v, %v", more, err)
	}
	if stats, err := s.Stats(); err != nil || stats.Subjects != 4 || stats.Older != 4 || !s.OlderForms() {
		t.Errorf("%+v, %v", stats, err)
	}
	elsewhere := asks(browserAct(1), "-ads")
	elsewhere.Subjects[0].Form = 0
	if got := taken(t, s, elsewhere); got[0].New || got[0].Held[0].Kind != Earlier {
		t.Errorf("%+v", got)
	}
	fail = true
	if _, err := s.Apply(t.Context(), Batch{Changes: []Change{asks(browserAct(1), "ads")}}); !errors.Is(err, failed) {
		t.Errorf("%v", err)
	}
	must(t, s.Close())
	fail = false
	s = opened(t, Options{Dir: dir})
	if again := everything(t, s); fmt.Sprint(again) != fmt.Sprint(is) {
		t.Error("a commit that failed changed the file")
	}
	taken(t, s, asks(browserAct(1), "ads"))
	taken(t, s, asks(by(Earlier), "-all"))
	standsFor(t, s, 1, "ads")
	must(t, s.Close())
	s = opened(t, Options{Dir: dir})
	standsFor(t, s, 1, "ads")
	standsFor(t, s, 2, "ads", "analytics")
	now := everything(t, s)
	if got := now[fmt.Sprintf("meta %x", keyFormat)]; got != fileFormat {
		t.Errorf("it is one of format %s", got)
	}
	other := fmt.Sprintf("subjects %x", subject(2).Hash)
	if now[other] != is[other] {
		t.Error("a record was written that nobody touched")
	}
}

// TestALinkFromBefore: what came by link last, before acts were told apart, can be taken back by link.
func TestALinkFromBefore(t *testing.T) {
	dir := t.TempDir()
	before(t, dir, Link, 2)
	s := opened(t, Options{Dir: dir})
	taken(t, s, asks(browserAct(1), "-all"), asks(by(Earlier), "-all"))
	standsFor(t, s, 1, "ads", "analytics")
	if got := taken(t, s, asks(by(ByLink), "-all")); !got[0].New {
		t.Errorf("%+v", got)
	}
	standsFor(t, s, 1)
}

// TestOlderForms: how many subjects of an older form something is in force for is known at every moment, also after the
// file was opened anew; who objects in the newest form makes a subject one of it.
func TestOlderForms(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, Options{Dir: dir})
	older := func(want uint64) {
		t.Helper()
		for range 2 {
			stats, err := s.Stats()
			if err != nil || stats.Older != want || s.OlderForms() != (want > 0) {
				t.Errorf("%d are older, %v, %v; want %d", stats.Older, s.OlderForms(), err, want)
			}
			must(t, s.Close())
			s = opened(t, Options{Dir: dir})
		}
	}
	in := func(form uint8, c Change) Change {
		c.Subjects[0].Form = form
		return c
	}
	taken(t, s, objects(1, "ads"))
	older(0)
	taken(t, s, in(0, objects(2, "ads")), in(0, objects(3, "ads")), in(0, objects(4, "ads"))) // by old links, say
	older(3)
	taken(t, s, in(1, takesBack(2, "ads")))
	older(2)
	if got := taken(t, s, objects(3, "ads")); got[0].New { // nothing but its form
		t.Errorf("%+v", got)
	}
	older(1)
	taken(t, s, in(0, objects(1, "analytics"))) // it stays one of the newest form
	older(1)
	both := in(NewestForm, objects(5, "ads")) // one text in two forms
	both.Subjects = append(both.Subjects, in(1, objects(4)).Subjects...)
	if got := taken(t, s, both); got[0].Seq != s.Head().Size || fmt.Sprint(got[0].InForce) != "[ads]" {
		t.Errorf("%+v", got)
	}
	older(1)
	standsFor(t, s, 6)
	never := in(NewestForm, objects(7, "ads"))
	never.Subjects = append(never.Subjects, in(1, objects(6)).Subjects...)
	taken(t, s, never)
	standsFor(t, s, 6) // what is only known from before is not objected for
	back := never
	back.Object, back.TakeBack, back.Holder = nil, []string{All}, by(Role)
	both.Object, both.TakeBack, both.Holder = nil, []string{All}, by(Role)
	taken(t, s, back, both)
	standsFor(t, s, 4)
	older(0)
	var named []int
	must(t, s.Changes(t.Context(), 0, func(r Recorded) bool {
		named = append(named, len(r.Change.Subjects))
		return true
	}))
	if fmt.Sprint(named) != "[1 1 1 1 1 1 1 1 1 2]" {
		t.Errorf("subjects in the log: %v", named)
	}
}
