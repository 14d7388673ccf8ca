package objection

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

// writerOf is a writer that knows no scope and no source yet.
func writerOf(s *Store) *writer {
	return &writer{store: s, scopes: newDictionary(), sources: newDictionary()}
}

// opened opens a store that is closed with the test.
func opened(t testing.TB, o Options) *Store {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Identity == "" {
		o.Identity = "keys-1"
	}
	if o.Now == nil {
		o.Now = atNoon
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// subject is the n-th subject, spread as a keyed hash would be.
func subject(n int) Subject {
	s := Subject{Space: "email", Form: NewestForm}
	mixed := uint64(n+1) * 0x9E3779B97F4A7C15
	mixed ^= mixed >> 29
	mixed *= 0xBF58476D1CE4E5B9
	binary.BigEndian.PutUint64(s.Hash[:], mixed)
	binary.BigEndian.PutUint64(s.Hash[8:], mixed*0x94D049BB133111EB+uint64(n))
	binary.BigEndian.PutUint64(s.Ledger[:], uint64(n))
	binary.BigEndian.PutUint64(s.Feed[8:], uint64(n))
	return s
}

func objects(n int, scopes ...string) Change {
	return Change{Subjects: []Subject{subject(n)}, Object: scopes, Source: API}
}

func takesBack(n int, scopes ...string) Change {
	return Change{Subjects: []Subject{subject(n)}, TakeBack: scopes, Source: API, Holder: Holder{Kind: Role}}
}

func taken(t testing.TB, s *Store, changes ...Change) []Receipt {
	t.Helper()
	receipts, err := s.Apply(t.Context(), Batch{Changes: changes})
	if err != nil {
		t.Fatal(err)
	}
	return receipts
}

func standsFor(t testing.TB, s *Store, n int, want ...string) {
	t.Helper()
	got, err := s.Standing([]Subject{subject(n)})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("subject %d: %v in force, %v; want %v", n, got, err, want)
	}
}

func TestAnObjectionIsInForceWhenTakeReturns(t *testing.T) {
	dir := t.TempDir()
	var recorded []Recorded
	inForce := 0
	s := opened(t, Options{
		Dir: dir, InForce: func() { inForce++ },
		Record: func(list []Recorded, h Head) error {
			if recorded = append(recorded, list...); h.Size != uint64(len(recorded)) {
				t.Errorf("head at %d after %d changes", h.Size, len(recorded))
			}
			return nil
		},
	})
	standsFor(t, s, 1)
	r := taken(t, s, objects(1, "newsletter", "analytics"))
	if !r[0].New || r[0].Seq != 1 || !slices.Equal(r[0].InForce, []string{"analytics", "newsletter"}) ||
		!r[0].Recorded.Equal(noon) {
		t.Errorf("receipt %+v", r[0])
	}
	standsFor(t, s, 1, "analytics", "newsletter")
	standsFor(t, s, 2)
	if r = taken(t, s, objects(1, "analytics")); r[0].New || r[0].Seq != 1 {
		t.Errorf("nothing new: %+v", r[0])
	}
	restricts := objects(1, "vendor:ga")
	restricts.Restriction = true
	taken(t, s, restricts)
	standsFor(t, s, 1, "analytics", "newsletter", "restriction:vendor:ga")
	taken(t, s, takesBack(1, "vendor:ga", "newsletter"))
	standsFor(t, s, 1, "analytics", "restriction:vendor:ga")
	both := objects(1, "newsletter")
	both.TakeBack, both.Holder.Kind = []string{All}, Role
	taken(t, s, both)
	standsFor(t, s, 1, "newsletter")
	if len(recorded) != 4 || inForce != 5 {
		t.Errorf("%d recorded, %d times in force", len(recorded), inForce)
	}
	var again []Recorded
	if err := s.Changes(t.Context(), 0, func(r Recorded) bool { again = append(again, r); return true }); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(again) != fmt.Sprint(recorded) {
		t.Errorf("the log says\n%v\nrecorded was\n%v", again, recorded)
	}
	head := s.Head()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lookup(subject(1).Hash); !errors.Is(err, ErrClosed) {
		t.Errorf("a look-up in a closed store: %v", err)
	}
	if _, err := s.Apply(t.Context(), Batch{Changes: []Change{objects(1, All)}}); !errors.Is(err, ErrClosed) {
		t.Errorf("a batch for a closed store: %v", err)
	}
	s = opened(t, Options{Dir: dir, Past: head})
	if s.Head() != head {
		t.Errorf("head %v after opening, %v before", s.Head(), head)
	}
	standsFor(t, s, 1, "newsletter")
}

func TestScopesAreTranslatedForAPolicy(t *testing.T) {
	s := opened(t, Options{})
	known := func(scope string) (rules.Objections, bool) {
		switch scope {
		case All:
			return rules.Objections{All: true}, true
		case "analytics":
			return rules.Objections{Purposes: 2}, true
		}
		return rules.Objections{}, false
	}
	r := s.Resolve(known)
	restricts := objects(2, "analytics")
	restricts.Restriction = true
	taken(t, s, objects(1, "analytics", "gone"), restricts, objects(3, "gone"), objects(4, All))
	for n, want := range []rules.Objections{{}, {Purposes: 2}, {Purposes: 2, Restricted: true}, {}, {All: true}} {
		if got, err := r.Lookup(subject(n).Hash); err != nil || got != want {
			t.Errorf("subject %d: %+v, %v; want %+v", n, got, err, want)
		}
	}
	if got := r.Unknown(); !slices.Equal(got, []string{"gone"}) {
		t.Errorf("unknown: %v", got)
	}
	taken(t, s, takesBack(1, "gone"), takesBack(3, All))
	if got := r.Unknown(); got != nil {
		t.Errorf("unknown: %v", got)
	}
}

func TestWhatIsWrongWithAChangeIsSaid(t *testing.T) {
	s := opened(t, Options{})
	good := objects(1, "analytics")
	for what, spoil := range map[string]func(c *Change){
		"subjects": func(c *Change) { c.Subjects = nil },
		"object":   func(c *Change) { c.Object = nil },
		"withdraw": func(c *Change) { c.TakeBack, c.Holder.Kind = []string{"vendor:"}, Role },
		"holder":   func(c *Change) { c.TakeBack = []string{"analytics"} },
		"source":   func(c *Change) { c.Source = "Shop 1" },
		"channel":  func(c *Change) { c.Channel = "e-Mail" },
		"site":     func(c *Change) { c.Site = "a\nb" },
		"by":       func(c *Change) { c.By = strings.Repeat("x", 200) },
		"because":  func(c *Change) { c.Because = "\xff" },
		"outbox":   func(c *Change) { c.Outbox = []Message{{}} },
	} {
		bad := good
		spoil(&bad)
		_, err := s.Apply(t.Context(), Batch{Changes: []Change{good, bad}})
		var fault *Fault
		if !errors.As(err, &fault) || fault.Act != 1 || fault.What != what {
			t.Errorf("%s: %v", what, err)
		}
	}
	standsFor(t, s, 1)
	for _, scope := range []string{"", "restriction:all", "vendor:", "a\tb", strings.Repeat("x", 200)} {
		if _, err := s.Apply(t.Context(), Batch{Changes: []Change{objects(1, scope)}}); err == nil {
			t.Errorf("scope %q was taken", scope)
		}
	}
}

func TestBackupIsAStore(t *testing.T) {
	s := opened(t, Options{})
	for n := range 100 {
		taken(t, s, objects(n, "analytics"))
	}
	var copied bytes.Buffer
	if n, err := s.Backup(&copied); err != nil || n != int64(copied.Len()) {
		t.Fatalf("%d bytes, %v", n, err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, FileName), copied.Bytes())
	head := s.Head()
	taken(t, s, objects(200, "analytics"))
	older := opened(t, Options{Dir: dir, Past: head})
	standsFor(t, older, 99, "analytics")
	standsFor(t, older, 200)
}
