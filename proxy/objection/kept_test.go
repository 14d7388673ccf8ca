package objection

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/rules"
)

// keeps keeps opt-outs of subjects at a time, and returns for how many that is new.
func keeps(t *testing.T, s *Store, at time.Time, browser bool, subjects ...int) int {
	t.Helper()
	var all []Keep
	for _, n := range subjects {
		all = append(all, Keep{Subject: subject(n), Browser: browser, Site: "shop", Time: at})
	}
	fresh, err := s.Keep(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	return fresh
}

// keptFor is since when an opt-out is kept for a subject, as a policy sees it; zero: it is not.
func keptFor(t *testing.T, s *Store, n int) time.Time {
	t.Helper()
	everything := func(string) (rules.Objections, bool) { return rules.Objections{All: true}, true }
	found, err := s.Resolve(everything).Lookup(subject(n).Hash)
	if err != nil {
		t.Fatal(err)
	}
	if found.KeptOptOut == 0 {
		return time.Time{}
	}
	return time.Unix(found.KeptOptOut, 0).UTC()
}

// TestKept: an opt-out is kept from its time on, once, apart from what is objected to, and outlives the process.
func TestKept(t *testing.T) {
	dir := t.TempDir()
	var recorded []Recorded
	o := Options{Dir: dir, Record: func(list []Recorded, _ Head) error {
		recorded = append(recorded, list...)
		return nil
	}}
	s := opened(t, o)
	taken(t, s, objects(1, "ads"))
	if fresh := keeps(t, s, noon.Add(-time.Hour), true, 1, 2, 2); fresh != 2 {
		t.Errorf("%d are new", fresh)
	}
	if fresh := keeps(t, s, noon, true, 1, 2); fresh != 0 {
		t.Errorf("again: %d are new", fresh)
	}
	if fresh := keeps(t, s, noon.Add(-time.Second), false, 3); fresh != 1 {
		t.Errorf("%d are new", fresh)
	}
	look := func(s *Store) {
		t.Helper()
		standsFor(t, s, 1, "ads", KeptOptOut)
		standsFor(t, s, 2, KeptOptOut)
		before := noon.Add(-time.Hour)
		for n, want := range map[int]time.Time{1: before, 2: before, 3: noon, 4: {}} { // 3: a second later
			if got := keptFor(t, s, n); !got.Equal(want) {
				t.Errorf("%d: kept since %v, want %v", n, got, want)
			}
		}
		stats, err := s.Stats()
		if err != nil || stats.Scopes[KeptOptOut] != 3 || stats.Scopes["ads"] != 1 || stats.Subjects != 3 {
			t.Errorf("%+v, %v", stats, err)
		}
	}
	look(s)
	must(t, s.Close())
	s = opened(t, o)
	look(s)
	held, err := s.Held([]Subject{subject(1), subject(3)})
	if err != nil || fmt.Sprint(held) != "[{role 1 [ads]} {kept_opt_out 1 [kept_opt_out]}]" {
		t.Errorf("%v, %v", held, err)
	}
	nothing := func(string) (rules.Objections, bool) { return rules.Objections{}, false }
	if unknown := s.Resolve(nothing).Unknown(); fmt.Sprint(unknown) != "[ads]" {
		t.Errorf("%v", unknown)
	}
	var said []string
	for _, r := range recorded {
		c := r.Change
		said = append(said, fmt.Sprintf("%s %s%v %s %d", c.Holder.Kind, c.Source, c.Object, c.Site, len(c.Subjects)))
	}
	const kept = "kept_opt_out kept_opt_out[kept_opt_out] shop "
	if got := strings.Join(said, "; "); got != "role api[ads]  1; "+kept+"2; "+kept+"1" {
		t.Errorf("recorded is %s", got)
	}
	var log []Recorded
	must(t, s.Changes(t.Context(), 0, func(r Recorded) bool { log = append(log, r); return true }))
	if fmt.Sprint(log) != fmt.Sprint(recorded) {
		t.Errorf("the log says\n%v\nrecorded was\n%v", log, recorded)
	}
}

// TestWhoTakesKeptBack: whoever shows a browser's id, a link where it names it, and a role do; what browsers objected
// to in acts of their own ends neither, and what is kept is objected to by nobody.
func TestWhoTakesKeptBack(t *testing.T) {
	kept, link := Holder{Kind: Kept}, Holder{Kind: ByLink}
	role := Holder{Kind: Role}
	for _, c := range []struct {
		by     Holder
		scopes string
		every  bool
		want   string
	}{
		{kept, "-kept_opt_out", false, "ads profile"},
		{kept, "-all", false, "ads profile"},
		{link, "-kept_opt_out", false, "ads profile"},
		{link, "-all", false, "ads kept_opt_out"},
		{link, "-all -kept_opt_out", false, "ads"},
		{role, "-all", false, "ads"},
		{role, "-kept_opt_out", false, "ads profile"},
		{role, "-profile", false, "ads kept_opt_out"},
		{role, "-all", true, ""},
		{browserAct(1), "-all", false, "kept_opt_out profile"},
		{browserAct(2), "-all", false, "ads kept_opt_out profile"},
		{Holder{Kind: Earlier}, "-all", false, "ads kept_opt_out profile"},
	} {
		s := opened(t, Options{})
		taken(t, s, asksFor(1, browserAct(1), "ads"), asksFor(1, link, "profile"))
		keeps(t, s, noon, true, 1)
		change := asksFor(1, c.by, c.scopes)
		if c.by.Kind == Role {
			change.EveryAct, change.Because = c.every, "asked"
		}
		taken(t, s, change)
		got, err := s.Standing([]Subject{subject(1)})
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s %s: %v stands, want %s (%v)", c.by.Kind, c.scopes, got, c.want, err)
		}
	}
	back := Recorded{Change: asksFor(1, kept, "-kept_opt_out")}
	if told := back.Withdrawn(); len(told) > 0 {
		t.Errorf("others are told that %v was taken back, which they never knew", told)
	}
	s := opened(t, Options{})
	for what, change := range map[string]Change{
		"by name":       objects(1, KeptOptOut),
		"by its holder": asksFor(1, kept, "ads"),
	} {
		if _, err := s.Apply(t.Context(), Batch{Changes: []Change{change}}); err == nil {
			t.Errorf("%s: it was objected to", what)
		}
	}
}

// TestKeptIsNotFollowed: browsers that are seen with somebody follow what is objected to, not what is kept; nor do they
// lose theirs when the person takes everything back.
func TestKeptIsNotFollowed(t *testing.T) {
	s := opened(t, Options{})
	keeps(t, s, noon, false, 1)
	if did := follows(t, s, 1, 11); did != (Followed{}) {
		t.Errorf("%+v", did)
	}
	taken(t, s, objects(1, "ads"))
	follows(t, s, 1, 11)
	keeps(t, s, noon, true, 11)
	standsFor(t, s, 11, "ads", KeptOptOut)
	taken(t, s, takesBack(1, All))
	standsFor(t, s, 1)
	standsFor(t, s, 11, KeptOptOut)
}

// TestKeptEnds: a browser that did not send the signal for 13 months is forgotten; a person is not. Sent again within a
// day, nothing is written; what is taken back is forgotten as well.
func TestKeptEnds(t *testing.T) {
	now, commits := noon, 0
	o := Options{Dir: t.TempDir(), Now: func() time.Time { return now }, Commit: func(tx *bolt.Tx) error {
		commits++
		return tx.Commit()
	}}
	s := opened(t, o)
	keeps(t, s, now, true, 1, 2, 3)
	keeps(t, s, now, false, 4)
	before := commits
	keeps(t, s, now.Add(time.Hour), true, 1, 2)
	keeps(t, s, now.AddDate(0, 0, 1), false, 4)
	if commits != before {
		t.Errorf("what is in force wrote: %d commits", commits-before)
	}
	now = noon.AddDate(0, 0, 200)
	keeps(t, s, now, true, 2)
	if commits == before {
		t.Error("it was not noted that a browser is still seen")
	}
	taken(t, s, takesBack(3, KeptOptOut))
	expire := func() {
		t.Helper()
		if more, err := s.Expire(t.Context()); err != nil || more {
			t.Fatal(more, err)
		}
	}
	now = noon.AddDate(0, 0, followLife-1)
	expire()
	standsFor(t, s, 1, KeptOptOut)
	now = noon.AddDate(0, 0, followLife)
	expire()
	standsFor(t, s, 1)
	standsFor(t, s, 2, KeptOptOut)
	standsFor(t, s, 3)
	standsFor(t, s, 4, KeptOptOut)
	if got := keptFor(t, s, 2); !got.Equal(noon) {
		t.Errorf("seen again, it is kept since %v", got)
	}
	now = noon.AddDate(5, 0, 0)
	expire()
	standsFor(t, s, 2)
	standsFor(t, s, 4, KeptOptOut)
	if hasAny(t, s, bucketKept, bucketKeptTimes) {
		t.Error("browsers are remembered that nothing is kept for")
	}
	must(t, s.Close())
	s = opened(t, o)
	standsFor(t, s, 4, KeptOptOut)
	var last Recorded
	must(t, s.Changes(t.Context(), 0, func(r Recorded) bool { last = r; return true }))
	c := &last.Change
	if c.Because != notSeen || !slices.Equal(c.TakeBack, []string{KeptOptOut}) || c.Holder.Kind != Kept {
		t.Errorf("%+v", last)
	}
}

// TestManyKept: more than fit into one change, at several times.
func TestManyKept(t *testing.T) {
	s := opened(t, Options{})
	var all []Keep
	for n := range 2500 {
		at := noon.Add(time.Duration(n%2) * -time.Minute)
		all = append(all, Keep{Subject: subject(n), Browser: true, Site: "shop", Time: at})
	}
	if fresh, err := s.Keep(t.Context(), all); fresh != 2500 || err != nil {
		t.Fatal(fresh, err)
	}
	for _, n := range []int{0, 1, 1249, 2047, 2048, 2499} {
		if want := noon.Add(time.Duration(n%2) * -time.Minute); !keptFor(t, s, n).Equal(want) {
			t.Errorf("%d: %v", n, keptFor(t, s, n))
		}
	}
	if _, err := s.Keep(t.Context(), []Keep{{Subject: Subject{}}}); err == nil {
		t.Error("nobody's is kept")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := s.Keep(ended, all[:1]); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestMarksOfKept: since when an opt-out is kept is read as it was written, never as earlier, and is no scope's.
func TestMarksOfKept(t *testing.T) {
	for _, at := range []int64{keptEpoch - 1e9, keptEpoch, keptEpoch + 1, 1785000000, 1785000001, 3724000000, 1 << 40} {
		mark := keptSince(at)
		got, ok := keptAt(mark)
		if !ok || mark&1 != 0 || at > keptEpoch && at < 3724000000 && (got < at || got > at+1) {
			t.Errorf("%d is read as %d", at, got)
		}
	}
	if _, ok := keptAt(keptMark - 1); ok {
		t.Error("a scope is an opt-out")
	}
}

// TestAFileOfFormat2: one that an earlier version left is read as it is, and becomes one of today's with the first
// change.
func TestAFileOfFormat2(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, Options{Dir: dir})
	taken(t, s, objects(1, "ads"))
	must(t, s.Close())
	path := filepath.Join(dir, FileName)
	format := func(set string) (is string) {
		t.Helper()
		db, err := bolt.Open(path, 0o600, nil)
		must(t, err)
		must(t, db.Update(func(tx *bolt.Tx) error {
			meta := tx.Bucket(bucketMeta)
			is = string(meta.Get(keyFormat))
			if set == "" {
				return nil
			}
			return errors.Join(meta.Put(keyFormat, []byte(set)), tx.DeleteBucket(bucketKept), tx.DeleteBucket(bucketKeptTimes))
		}))
		must(t, db.Close())
		return is
	}
	format(fileFormat2)
	s = opened(t, Options{Dir: dir})
	standsFor(t, s, 1, "ads")
	if _, err := s.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	must(t, s.Close())
	if is := format(""); is != fileFormat2 {
		t.Errorf("what changed nothing made it format %s", is)
	}
	s = opened(t, Options{Dir: dir})
	keeps(t, s, noon, true, 1)
	must(t, s.Close())
	if is := format(""); is != fileFormat {
		t.Errorf("it is of format %s", is)
	}
	s = opened(t, Options{Dir: dir})
	standsFor(t, s, 1, "ads", KeptOptOut)
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Error(err)
	}
}
