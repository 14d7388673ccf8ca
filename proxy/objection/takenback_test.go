package objection

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/rules"
)

// past is what a subject took back, and how many minutes after noon the last of it.
func past(t *testing.T, s *Store, n int) string {
	t.Helper()
	found, err := s.lookUp(subject(n).Hash)
	if err != nil {
		t.Fatal(err)
	}
	if found.back.scopes == (Scopes{}) {
		return "nothing"
	}
	names, ok := scopeNames(*s.names.Load(), found.back.scopes)
	if !ok {
		t.Fatal("a scope without a name")
	}
	return fmt.Sprintf("%s at %d", strings.Join(names, " "), (found.back.at-noon.Unix())/60)
}

// TestWhatWasTakenBack: it is known with the time of the last of it, by whomever it was, until it is objected to again;
// after a restart and from memory alike. What another act keeps in force was not taken back.
func TestWhatWasTakenBack(t *testing.T) {
	now, dir := noon, t.TempDir()
	s := opened(t, Options{Dir: dir, Now: func() time.Time { return now }})
	for i, step := range []struct {
		minutes int
		change  Change
		want    string
	}{
		{0, asks(by(Role), "ads analytics newsletter"), "nothing"},
		{1, asks(browserAct(1), "ads"), "nothing"},
		{2, asks(by(Role), "-ads"), "nothing"}, // the browser objects on
		{3, asks(browserAct(1), "-ads"), "ads at 3"},
		{4, asks(by(Role), "-newsletter"), "ads newsletter at 4"},
		{5, asks(by(Role), "ads"), "newsletter at 4"},
		{6, asks(by(Role), "-ads ads"), "newsletter at 4"}, // taken back and objected to in one
		{7, asks(by(Role), "newsletter"), "nothing"},
		{8, asks(by(Role), "-all"), "ads analytics newsletter at 8"},
		{9, asks(by(Role), "-all"), "ads analytics newsletter at 8"}, // there was nothing
		{10, asks(by(Role), "all"), "ads analytics newsletter at 8"},
		{11, asks(by(Role), "-all"), "ads all analytics newsletter at 11"},
	} {
		now = noon.Add(time.Duration(step.minutes) * time.Minute)
		taken(t, s, step.change)
		if got := past(t, s, 1); got != step.want {
			t.Errorf("step %d: %s, want %s", i, got, step.want)
		}
		if i%3 == 2 {
			must(t, s.Close())
			s = opened(t, Options{Dir: dir, Now: func() time.Time { return now }})
			if got := past(t, s, 1); got != step.want {
				t.Errorf("step %d, opened again: %s, want %s", i, got, step.want)
			}
		}
	}
	if got := past(t, s, 2); got != "nothing" {
		t.Errorf("of nobody: %s", got)
	}
	said := asksFor(3, by(Role), "ads")
	said.Time = noon.Add(5 * time.Minute)
	before := asksFor(3, by(Role), "-ads")
	before.Time = noon.Add(2 * time.Minute)
	taken(t, s, said, before)
	if got := past(t, s, 3); got != "ads at 5" {
		t.Errorf("taken back before it was objected to: %s", got)
	}
}

// TestWhatWasTakenBackIsTold: a policy sees it in its own words, with the time, and who follows has it too.
func TestWhatWasTakenBackIsTold(t *testing.T) {
	s := opened(t, Options{})
	policy := s.Resolve(func(scope string) (rules.Objections, bool) {
		i := slices.Index([]string{"ads", "analytics"}, scope)
		return rules.Objections{Purposes: 1 << max(i, 0)}, i >= 0
	})
	taken(t, s, objects(1, "ads", "analytics", "gone"))
	follows(t, s, 1, 11)
	taken(t, s, takesBack(1, "analytics", "gone"))
	want := rules.Objections{Purposes: 1, TakenBack: rules.TakenBack{Purposes: 2, At: noon.Unix()}}
	for _, n := range []int{1, 11} {
		for range 2 { // from disk, and from memory
			if got, err := policy.Lookup(subject(n).Hash); err != nil || got != want {
				t.Errorf("subject %d: %+v, %v", n, got, err)
			}
		}
	}
}

// TestTakenBackInAFileOfFormat2: it is read as it is: where nothing is in force everything was taken back, with the
// last change. It becomes one of the newest format with the first change, whole or not at all.
func TestTakenBackInAFileOfFormat2(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, Options{Dir: dir})
	taken(t, s, objects(1, "ads"), objects(2, "ads", "analytics"), objects(3, "ads"))
	taken(t, s, takesBack(1, "ads"), takesBack(2, "ads"))
	must(t, s.file.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketSubjects)
		for n := 1; n <= 3; n++ {
			hash := subject(n).Hash
			r, err := parseRecord(hash[:], b.Get(hash[:]))
			if err != nil {
				return err
			}
			r.back = takenBack{}
			if err := b.Put(hash[:], r.append(nil, &hash)); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketMeta).Put(keyFormat, []byte(fileFormat2))
	}))
	must(t, s.Close())
	failed, fail := errors.New("no"), true
	s = opened(t, Options{Dir: dir, Commit: func(tx *bolt.Tx) error {
		if fail {
			return failed
		}
		return tx.Commit()
	}})
	is := everything(t, s)
	format := fmt.Sprintf("meta %x", keyFormat)
	for n, want := range map[int]string{1: "all at 0", 2: "nothing", 3: "nothing"} {
		if got := past(t, s, n); got != want || is[format] != fileFormat2 {
			t.Errorf("subject %d: %s, want %s, in format %s", n, got, want, is[format])
		}
	}
	if _, err := s.Apply(t.Context(), Batch{Changes: []Change{takesBack(3, "ads")}}); !errors.Is(err, failed) {
		t.Errorf("%v", err)
	}
	must(t, s.Close())
	fail = false
	s = opened(t, Options{Dir: dir})
	if again := everything(t, s); fmt.Sprint(again) != fmt.Sprint(is) {
		t.Error("a commit that failed changed the file")
	}
	taken(t, s, takesBack(3, "ads"))
	if got, now := past(t, s, 3), everything(t, s)[format]; got != "ads at 0" || now != fileFormat {
		t.Errorf("%s, in format %s", got, now)
	}
	standsFor(t, s, 2, "analytics")
}
