package keys

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

// ones are random bytes that are not random.
type ones struct{}

func (ones) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 1
	}
	return len(b), nil
}

func open(t *testing.T, d *disk, root pseudonym.Root) *Store {
	t.Helper()
	s, err := Open(Options{Dir: "keys", Root: root, Now: at(noon), Rand: ones{}, Files: d})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// shred replaces the ledger's subject key.
func shred(s *Store) error {
	key, err := s.Random()
	if err != nil {
		return err
	}
	return s.Change(func(state *pseudonym.State) error {
		state.ShredLedger(key)
		return nil
	})
}

// key is a text by which a chain's key is found in a file.
func key(s pseudonym.State, r pseudonym.Rotation) []byte {
	text := s.Append(nil)
	_, rest, _ := bytes.Cut(text, []byte(`"`+r.String()+`":{`))
	_, rest, _ = bytes.Cut(rest, []byte(`"key":"`))
	found, _, _ := bytes.Cut(rest, []byte(`"`))
	return found
}

func TestMadeOnce(t *testing.T) {
	d := newDisk()
	s := open(t, d, pseudonym.TestRoot)
	if s.Origin != Made || s.State() != pseudonym.TestRoot.State(noon) {
		t.Errorf("origin %d", s.Origin)
	}
	again := open(t, d, pseudonym.Root{})
	if again.Origin != Found || again.State() != s.State() {
		t.Errorf("without the root: origin %d", again.Origin)
	}
	if other := open(t, d, pseudonym.Root{9}); other.State() != s.State() {
		t.Error("another root changes the state that is there")
	}
}

func TestOldKeysAreOverwritten(t *testing.T) {
	d := newDisk()
	s := open(t, d, pseudonym.TestRoot)
	before := s.State()
	for _, r := range []pseudonym.Rotation{pseudonym.Day, pseudonym.Week, pseudonym.Month} {
		if !bytes.Contains(d.files["keys/state"], key(before, r)) {
			t.Fatalf("%v: the test cannot see keys", r)
		}
	}
	moved, err := s.Advance(noon.AddDate(0, 2, 0))
	if err != nil || len(moved) != 3 {
		t.Fatalf("moved %v, %v", moved, err)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	for name, text := range d.files {
		for _, r := range moved {
			if bytes.Contains(text, key(before, r)) {
				t.Errorf("%s holds the key of %v that was", name, r)
			}
		}
	}
	if again := open(t, d, pseudonym.Root{}); again.State() != pseudonym.TestRoot.State(noon.AddDate(0, 2, 0)) {
		t.Error("what was written is not what is in force")
	}
	calls := d.calls
	if err := s.Flush(); err != nil || d.calls != calls {
		t.Errorf("written again: %v", err)
	}
}

// TestKilledAnywhere: whichever call a process dies in, and whatever part of it was done, the next one
// finds the state from before or the one after, and, where it was the latter, goes on with what was
// under way: the keys before are on no file.
func TestKilledAnywhere(t *testing.T) {
	later := noon.AddDate(0, 0, 1)
	was, is := pseudonym.TestRoot.State(noon), pseudonym.TestRoot.State(later)
	begun := newDisk()
	open(t, begun, pseudonym.TestRoot)
	size := len(begun.files["keys/state"])
	for dies := 1; dies <= 3; dies++ {
		for _, part := range []int{0, 1, size / 3, size / 2, size - 1, size, size + 1} {
			d := begun.copied(-1, part)
			s := open(t, d, pseudonym.Root{})
			if _, err := s.Advance(later); err != nil {
				t.Fatal(err)
			}
			d.left = dies
			if err := s.Flush(); !errors.Is(err, errDied) {
				t.Fatalf("call %d: %v", dies, err)
			}
			next := d.copied(-1, 0)
			found, err := Open(Options{Dir: "keys", Now: at(later), Files: next})
			if err != nil {
				t.Fatalf("call %d, %d bytes of it: %v", dies, part, err)
			}
			if state := found.State(); state != was && state != is {
				t.Fatalf("call %d, %d bytes of it: a state that never was", dies, part)
			}
			if _, err := found.Advance(later); err != nil || found.State() != is {
				t.Fatalf("call %d, %d bytes of it: does not go on: %v", dies, part, err)
			}
			if err := found.Flush(); err != nil {
				t.Fatal(err)
			}
			if len(next.files) != 1 || bytes.Contains(next.files["keys/state"], key(was, pseudonym.Day)) ||
				!bytes.Contains(next.files["keys/state"], key(is, pseudonym.Day)) {
				t.Errorf("call %d, %d bytes of it: files %d", dies, part, len(next.files))
			}
		}
	}
}

// TestKilledTwice: dying again while the first death is made good loses nothing either.
func TestKilledTwice(t *testing.T) {
	later := noon.AddDate(0, 0, 1)
	begun := newDisk()
	open(t, begun, pseudonym.TestRoot)
	for first := 1; first <= 3; first++ {
		for second := 1; second <= 5; second++ {
			for _, part := range []int{0, 9, 10_000} {
				d := begun.copied(-1, part)
				s := open(t, d, pseudonym.Root{})
				if _, err := s.Advance(later); err != nil {
					t.Fatal(err)
				}
				d.left = first
				_ = s.Flush()
				d = d.copied(second, part)
				if s, err := Open(Options{Dir: "keys", Now: at(later), Files: d}); err == nil {
					_, _ = s.Advance(later)
					_ = s.Flush()
				}
				last := open(t, d.copied(-1, 0), pseudonym.Root{})
				if _, err := last.Advance(later); err != nil || last.State() != pseudonym.TestRoot.State(later) {
					t.Fatalf("dying in %d and %d, %d bytes: %v", first, second, part, err)
				}
			}
		}
	}
}

func TestKilledWhileMade(t *testing.T) {
	for dies := 1; dies <= 3; dies++ {
		for _, part := range []int{0, 1, 100, 10_000} {
			d := newDisk().copied(dies, part)
			_, err := Open(Options{Dir: "keys", Root: pseudonym.TestRoot, Now: at(noon), Files: d})
			if err == nil {
				t.Fatal("it did not die")
			}
			if s := open(t, d.copied(-1, 0), pseudonym.TestRoot); s.State() != pseudonym.TestRoot.State(noon) {
				t.Errorf("call %d: another state", dies)
			}
		}
	}
}

// TestDiskFull: new keys are in force, the old ones stay on disk until writing succeeds, and then they go.
func TestDiskFull(t *testing.T) {
	d := newDisk()
	s := open(t, d, pseudonym.TestRoot)
	before := s.State()
	d.left, d.part = 0, 0
	if moved, err := s.Advance(noon.AddDate(0, 0, 1)); err != nil || len(moved) != 1 {
		t.Fatal(moved, err)
	}
	if err := s.Flush(); err == nil {
		t.Fatal("a full disk takes everything")
	}
	if s.State() == before {
		t.Error("yesterday's keys are still in force")
	}
	if err := shred(s); err == nil || s.State().LedgerSubjectKey() != before.LedgerSubjectKey() {
		t.Errorf("shredded without being written: %v", err)
	}
	d.left = -1
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	if again := open(t, d, pseudonym.Root{}); again.State() != s.State() {
		t.Error("what was written is not what is in force")
	}
}

func TestNoStateNoKeys(t *testing.T) {
	remembers := func(p Recovered) func() (Recovered, error) { return func() (Recovered, error) { return p, nil } }
	whole := newDisk()
	identity := open(t, whole, pseudonym.TestRoot).State()
	damaged := whole.copied(-1, 0)
	damaged.files["keys/state"] = damaged.files["keys/state"][:50]
	unreadable := whole.copied(-1, 0)
	unreadable.reads = fs.ErrPermission
	for _, c := range []struct {
		name   string
		disk   *disk
		root   pseudonym.Root
		past   Recovered
		origin Origin
		err    error
	}{
		{"nothing, no root", newDisk(), pseudonym.Root{}, Recovered{}, 0, ErrNoState},
		{"lost, no root", newDisk(), pseudonym.Root{}, Recovered{Known: true}, 0, ErrNoState},
		{"lost", newDisk(), pseudonym.TestRoot, Recovered{Known: true}, Remade, nil},
		{"lost, the root's own", newDisk(), pseudonym.TestRoot, Recovered{Known: true, Identity: identity.Identity()}, Remade,
			nil},
		{"lost, another root", newDisk(), pseudonym.Root{1}, Recovered{Known: true, Identity: identity.Identity()}, 0,
			ErrForeign},
		{"damaged, no root", damaged, pseudonym.Root{}, Recovered{}, 0, ErrDamaged},
		{"damaged, another root", damaged, pseudonym.Root{1}, Recovered{Known: true, Identity: identity.Identity()}, 0,
			ErrForeign},
		{"damaged", damaged, pseudonym.TestRoot, Recovered{}, Remade, nil},
		{"cannot be read", unreadable, pseudonym.TestRoot, Recovered{}, 0, fs.ErrPermission},
	} {
		d := c.disk.copied(-1, 0)
		d.reads = c.disk.reads
		s, err := Open(Options{Dir: "keys", Root: c.root, Now: at(noon), Rand: ones{}, Files: d, Recover: remembers(c.past)})
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
		if c.err != nil {
			if d.calls > 0 {
				t.Errorf("%s: something was written", c.name)
			}
			continue
		}
		if s.Origin != c.origin || s.State() != pseudonym.TestRoot.State(noon) {
			t.Errorf("%s: origin %d", c.name, s.Origin)
		}
	}
	s, err := Open(Options{Dir: "keys", Root: pseudonym.TestRoot, Now: at(noon), Rand: ones{}, Files: newDisk(),
		Recover: remembers(Recovered{Known: true, Shredded: true})})
	if err != nil || s.State().LedgerSubjectKey() == pseudonym.TestRoot.LedgerSubjectKey() || s.State().Shreds() == 0 {
		t.Errorf("the shredded key is made again: %v", err)
	}
	if _, err := Open(Options{Dir: "keys", Root: pseudonym.TestRoot, Now: at(noon.AddDate(200, 0, 0)),
		Files: newDisk()}); !errors.Is(err, pseudonym.ErrAhead) {
		t.Errorf("a clock behind the end of time: %v", err)
	}
}

func TestShred(t *testing.T) {
	d := newDisk()
	s := open(t, d, pseudonym.TestRoot)
	before := s.State()
	if err := shred(s); err != nil {
		t.Fatal(err)
	}
	old := before.LedgerSubjectKey()
	after := s.State()
	if after.LedgerSubjectKey() == old || after.SubjectKey() != before.SubjectKey() || after.Shreds() != 1 {
		t.Error("not the ledger's subject key alone was replaced")
	}
	if again := open(t, d, pseudonym.Root{}); again.State() != after {
		t.Error("it was not written")
	}
}

// TestFiles goes through a real folder: modes, and what is on it.
func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "keys")
	if _, err := Read(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	s, err := Open(Options{Dir: dir, Root: pseudonym.TestRoot, Now: at(noon)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Advance(noon.AddDate(0, 0, 3)); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	if state, err := Read(dir); err != nil || state != s.State() {
		t.Errorf("read: %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	for path, mode := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, "state"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "state"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: dir, Root: pseudonym.TestRoot, Now: at(noon)}); err == nil ||
		!strings.Contains(err.Error(), "can be read by others") {
		t.Errorf("a state that others can read: %v", err)
	}
}

// TestTogether: advancing, writing and reading at once.
func TestTogether(t *testing.T) {
	d := newDisk()
	s := open(t, d, pseudonym.TestRoot)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for day := range 40 {
				if _, err := s.Advance(noon.AddDate(0, 0, day)); err != nil {
					t.Error(err)
				}
				if n%2 == 0 {
					if err := s.Flush(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if s.State() != pseudonym.TestRoot.State(noon.AddDate(0, 0, 39)) {
		t.Error("steps were lost, or taken twice")
	}
}
