package keys

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// diskOf is a folder with or without a key state, on a disk of which everything before is there for good.
func diskOf(t *testing.T, made bool) (o Options, d *crash.Disk) {
	t.Helper()
	data := t.TempDir()
	o = Options{Dir: filepath.Join(data, "keys"), Root: pseudonym.TestRoot, Now: at(noon), Rand: ones{}}
	if made {
		if _, err := Open(o); err != nil {
			t.Fatal(err)
		}
	}
	d, err := crash.New(data)
	if err != nil {
		t.Fatal(err)
	}
	o.Disk = d
	return o, d
}

// afterwards opens what is left of a disk, without the root: what is there has to do.
func afterwards(t *testing.T, d *crash.Disk, what crash.What, root pseudonym.Root) (*Store, string, error) {
	t.Helper()
	data := t.TempDir()
	if err := d.Leave(what, data); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(data, "keys")
	s, err := Open(Options{Dir: dir, Root: root, Now: at(noon), Rand: ones{}})
	return s, dir, err
}

// holds tells whether any file of a folder holds a text.
func holds(t *testing.T, dir string, text []byte) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if content, err := os.ReadFile(file); err != nil || bytes.Contains(content, text) {
			return true
		}
	}
	return false
}

// TestSteps: what is written when. Bytes are on disk before their name is, zeros before the name is given away, and
// a half state before it is taken away.
func TestSteps(t *testing.T) {
	t.Parallel()
	o, d := diskOf(t, false)
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	const written = "create keys/state.next, mode 0600\nwrite keys/state.next\nsync keys/state.next\nsync folder keys\n"
	if got, want := d.Trace(), "mkdir keys, mode 0700\nsync folder .\n"+written+
		"rename keys/state.next to keys/state\nsync folder keys\n"; got != want {
		t.Errorf("made:\n%swant\n%s", got, want)
	}
	const replaced = "zeros over keys/state\nsync keys/state\nrename keys/state.next to keys/state\nsync folder keys\n"
	if _, err := s.Advance(noon.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, want := d.Trace(), written+replaced; got != want {
		t.Errorf("advanced:\n%swant\n%s", got, want)
	}
	if moved, err := s.Advance(noon.AddDate(0, 0, 1)); err != nil || len(moved) > 0 || s.Flush() != nil ||
		d.Trace() != "\n" {
		t.Errorf("written again though nothing moved: %v, %v", moved, err)
	}
	whole, err := os.ReadFile(filepath.Join(o.Dir, StateFile))
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		next []byte
		want string
	}{
		"whole": {whole, "write over keys/state.next\nsync keys/state.next\nsync folder keys\n" + replaced},
		"half": {whole[:100],
			"zeros over keys/state.next\nsync keys/state.next\nremove keys/state.next\nsync folder keys\n"},
	} {
		if err := os.WriteFile(filepath.Join(o.Dir, nextFile), c.next, 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := Open(o)
		if err != nil || again.Origin != Settled || again.State() != s.State() {
			t.Fatalf("%s: %v", what, err)
		}
		if got, want := d.Trace(), "sync folder .\n"+c.want; got != want {
			t.Errorf("%s:\n%swant\n%s", what, got, want)
		}
	}
}

// TestZerosAreWritten: the old state is overwritten where it lies, which a second name of it shows.
func TestZerosAreWritten(t *testing.T) {
	t.Parallel()
	o, _ := diskOf(t, true)
	aside := filepath.Join(t.TempDir(), "aside")
	if err := os.Link(filepath.Join(o.Dir, StateFile), aside); err != nil {
		t.Fatal(err)
	}
	o.Disk = nil // the file system itself
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := shred(s); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(aside); err != nil || len(text) < 100 || len(bytes.Trim(text, "\x00")) > 0 {
		t.Errorf("what was replaced is %q, %v", text, err)
	}
	if entries, err := os.ReadDir(o.Dir); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

// TestPowerCutWhileMade: whatever is left, the next start makes the state of the root.
func TestPowerCutWhileMade(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		if n > 50 {
			t.Fatal("there is no end of its steps")
		}
		o, d := diskOf(t, false)
		d.Die(n)
		_, err := Open(o)
		for _, what := range crash.Left {
			root := pseudonym.TestRoot
			if err == nil {
				root = pseudonym.Root{} // what was acknowledged is there
			}
			if s, _, failed := afterwards(t, d, what, root); failed != nil || s.State() != pseudonym.TestRoot.State(noon) {
				t.Errorf("step %d, %v: %v (%v)", n, what, failed, err)
			}
		}
		if err == nil {
			break
		}
	}
}

// TestPowerCutWhileReplaced: whichever step the power goes at, the state from before or the one after is there, whole;
// where it was acknowledged, the one after, and nothing of the one before.
func TestPowerCutWhileReplaced(t *testing.T) {
	t.Parallel()
	later := noon.AddDate(0, 0, 1)
	was, is := pseudonym.TestRoot.State(noon), pseudonym.TestRoot.State(later)
	for n := 1; ; n++ {
		if n > 50 {
			t.Fatal("there is no end of its steps")
		}
		o, d := diskOf(t, true)
		s, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Advance(later); err != nil {
			t.Fatal(err)
		}
		d.Die(n)
		done := s.Flush()
		for _, what := range crash.Left {
			found, dir, err := afterwards(t, d, what, pseudonym.Root{})
			if err != nil {
				t.Fatalf("step %d, %v: %v", n, what, err)
			}
			if state := found.State(); state != is && (state != was || done == nil) {
				t.Errorf("step %d, %v: a state that never was, or one that was replaced", n, what)
			}
			if found.State() == is && holds(t, dir, key(was, pseudonym.Day)) {
				t.Errorf("step %d, %v: the key that was replaced is there", n, what)
			}
		}
		if done == nil {
			break
		}
	}
}

// TestEachStepFails: whichever step fails, the caller is told, a change that was refused is not in
// force, and trying again does it, for good.
func TestEachStepFails(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		if n > 50 {
			t.Fatal("there is no end of its steps")
		}
		o, d := diskOf(t, true)
		s, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		was := s.State()
		d.Fail(n)
		refused := shred(s)
		if (refused == nil) != (d.Steps() < n) || refused != nil && !errors.Is(refused, crash.ErrFailed) {
			t.Fatalf("step %d of %d: %v", n, d.Steps(), refused)
		}
		if refused == nil {
			break
		}
		d.Fail(0)
		if s.State() != was {
			t.Errorf("step %d: refused, and in force", n)
		}
		for _, what := range crash.Left {
			if found, _, err := afterwards(t, d, what, pseudonym.Root{}); err != nil ||
				found.State().Identity() != was.Identity() {
				t.Errorf("step %d, %v: %v", n, what, err)
			}
		}
		if err := shred(s); err != nil {
			t.Errorf("step %d, tried again: %v", n, err)
		}
		for _, what := range crash.Left {
			if found, _, err := afterwards(t, d, what, pseudonym.Root{}); err != nil || found.State() != s.State() ||
				found.Origin != Found {
				t.Errorf("step %d, tried again, %v: %v", n, what, err)
			}
		}
	}
}

// TestTwoStepsFail: what is tried again after a failure may fail as well, at any step of it. There are keys all the
// same, those of before or those that were refused, and never half of either.
func TestTwoStepsFail(t *testing.T) {
	t.Parallel()
	failed := func(n, m int) (first, second bool) {
		o, d := diskOf(t, true)
		s, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		d.Fail(n)
		first = shred(s) != nil
		d.Fail(m)
		second = shred(s) != nil
		d.Fail(0)
		found, _, err := afterwards(t, d, crash.Synced, pseudonym.Root{})
		if err != nil || found.State().Identity() != s.State().Identity() {
			t.Errorf("steps %d and %d: %v", n, m, err)
		}
		return first, second
	}
	for n := 1; n < 50; n++ {
		for m := 1; m < 50; m++ {
			first, second := failed(n, m)
			if !first {
				return // there are no more steps
			}
			if !second {
				break
			}
		}
	}
	t.Fatal("there is no end of its steps")
}

// TestRefusedIsNotFound: a state that could not be written is not what the next start goes on with.
func TestRefusedIsNotFound(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 6; n++ { // up to where the folder is synced: the new state is not on disk
		o, d := diskOf(t, true)
		s, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		was := s.State()
		d.Fail(n)
		if err := shred(s); err == nil {
			t.Fatalf("step %d: done", n)
		}
		for _, what := range []crash.What{crash.Synced, crash.All} {
			if found, _, err := afterwards(t, d, what, pseudonym.Root{}); err != nil || found.State() != was ||
				found.Origin != Found {
				t.Errorf("step %d, %v: %v, origin %d", n, what, err, found.Origin)
			}
		}
	}
}

// TestSettlingFails: what a start finds half done it does to the end, or it does not start; the one after it does.
func TestSettlingFails(t *testing.T) {
	t.Parallel()
	later := noon.AddDate(0, 0, 1)
	is := pseudonym.TestRoot.State(later)
	whole := is.Append(nil)
	for what, next := range map[string][]byte{"whole": whole, "half": whole[:len(whole)/2]} {
		want := is
		if what == "half" {
			want = pseudonym.TestRoot.State(noon)
		}
		for n := 1; ; n++ {
			if n > 50 {
				t.Fatal("there is no end of its steps")
			}
			o, d := diskOf(t, true)
			if err := os.WriteFile(filepath.Join(o.Dir, nextFile), next, 0o600); err != nil {
				t.Fatal(err)
			}
			d.Fail(n)
			_, err := Open(o)
			if failed := d.Steps() >= n; failed != (err != nil) {
				t.Fatalf("%s, step %d of %d: %v", what, n, d.Steps(), err)
			}
			for _, left := range []crash.What{crash.Synced, crash.All} {
				found, _, failed := afterwards(t, d, left, pseudonym.Root{})
				if failed != nil || found.State() != want && (err == nil || left == crash.All) {
					t.Errorf("%s, step %d, %v: %v", what, n, left, failed)
				}
			}
			if err == nil {
				break
			}
		}
	}
}

// TestPastThatCannotBeRead: a state that is lost is not made again by somebody who cannot know what it was.
func TestPastThatCannotBeRead(t *testing.T) {
	t.Parallel()
	o, d := diskOf(t, false)
	o.Recover = func() (Recovered, error) { return Recovered{}, errDied }
	if _, err := Open(o); !errors.Is(err, errDied) {
		t.Errorf("%v", err)
	}
	if got := d.Trace(); got != "mkdir keys, mode 0700\nsync folder .\n" {
		t.Errorf("written all the same:\n%s", got)
	}
	o.Recover = func() (Recovered, error) { return Recovered{Known: true, Shredded: true}, nil }
	o.Rand = bytes.NewReader(nil)
	if _, err := Open(o); err == nil {
		t.Error("a random key of nothing")
	}
	if got := d.Trace(); got != "sync folder .\n" {
		t.Errorf("written all the same:\n%s", got)
	}
}
