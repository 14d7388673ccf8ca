package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/durable/crash"
)

// pagesIn are files that belong together: of some there is one already.
func pagesIn(t *testing.T) (dir string, all []durable.Text) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		if name != "b" { // of which there is none
			if err := os.WriteFile(filepath.Join(dir, name), []byte("before "+name), 0o640); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, durable.Text{Path: filepath.Join(dir, name), Text: []byte("after " + name)})
	}
	return dir, all
}

// lies is all that a folder holds, in a line.
func lies(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name()+"="+held(t, filepath.Join(dir, entry.Name())))
	}
	return strings.Join(all, ", ")
}

const (
	pagesBefore = "a=before a, c=before c"
	pagesAfter  = "a=after a, b=after b, c=after c"
)

// TestAllOrNone: whichever step of putting files in place fails, all are those of before, or all are new ones, and
// nothing lies beside them.
func TestAllOrNone(t *testing.T) {
	t.Parallel()
	dir, all := pagesIn(t)
	d, err := crash.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := (durable.Files{Disk: d}).ReplaceAll(all, 0o644); err != nil || lies(t, dir) != pagesAfter {
		t.Fatalf("%v: %s", err, lies(t, dir))
	}
	if mode := stat(t, filepath.Join(dir, "a")); mode != 0o640 {
		t.Errorf("mode %04o", mode)
	}
	for n := range d.Steps() {
		dir, all := pagesIn(t)
		d, err := crash.New(dir)
		if err != nil {
			t.Fatal(err)
		}
		d.Fail(n + 1)
		err = durable.Files{Disk: d}.ReplaceAll(all, 0o644)
		got := lies(t, dir)
		whole := got == pagesBefore && err != nil || got == pagesAfter
		// One that could not be taken away is all that may be left beside, and is told of.
		left := err != nil && allOf(got) && (strings.Contains(got, ".new=") || strings.Contains(got, ".old="))
		if !whole && !left {
			t.Errorf("step %d of %d fails (%v): %s", n+1, d.Steps(), err, got)
		}
	}
}

// allOf tells whether pages are all of before or all new ones, whatever lies beside them.
func allOf(got string) bool {
	var pages []string
	for one := range strings.SplitSeq(got, ", ") {
		if !strings.HasPrefix(one, ".") {
			pages = append(pages, one)
		}
	}
	text := strings.Join(pages, ", ")
	return text == pagesBefore || text == pagesAfter
}

// locked is a disk whose names cannot be changed any more from the n-th rename on.
type locked struct {
	durable.Disk
	renames, at int
}

func (l *locked) Rename(from, to string) error {
	if l.renames++; l.renames >= l.at {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrPermission}
	}
	return l.Disk.Rename(from, to)
}

func (l *locked) Remove(path string) error {
	if l.renames >= l.at {
		return &fs.PathError{Op: "remove", Path: path, Err: fs.ErrPermission}
	}
	return l.Disk.Remove(path)
}

// TestNamesThatCannotBeChanged: where the folder takes no names any more in the middle, what was in the files is there
// again, and of what cannot be taken away it is told.
func TestNamesThatCannotBeChanged(t *testing.T) {
	t.Parallel()
	for n := range 3 {
		dir, all := pagesIn(t)
		err := durable.Files{Disk: &locked{Disk: durable.System, at: n + 1}}.ReplaceAll(all, 0o644)
		if err == nil || !errors.Is(err, fs.ErrPermission) {
			t.Fatalf("rename %d: %v", n+1, err)
		}
		for _, name := range []string{"a", "c"} {
			if got := held(t, filepath.Join(dir, name)); got != "before "+name {
				t.Errorf("rename %d: %s holds %q (%v)", n+1, name, got, err)
			}
		}
		told := filepath.Join(dir, "b") + " is the new one"
		if fresh := held(t, filepath.Join(dir, "b")) != ""; fresh != strings.Contains(err.Error(), told) {
			t.Errorf("rename %d: %v", n+1, err)
		}
	}
}

// TestWhatIsReplaced: links are put back as links; what is no file is left alone.
func TestWhatIsReplaced(t *testing.T) {
	t.Parallel()
	dir, all := pagesIn(t)
	a, c := filepath.Join(dir, "a"), filepath.Join(dir, "c")
	if err := errors.Join(os.Rename(a, filepath.Join(dir, "real")), os.Symlink("real", a), os.Remove(c),
		os.Mkdir(c, 0o700)); err != nil {
		t.Fatal(err)
	}
	if err := (durable.Files{}).ReplaceAll(all, 0o644); err == nil || !strings.Contains(err.Error(), "c is no file") {
		t.Errorf("%v", err)
	}
	if got := lies(t, dir); got != "a=before a, c=folder, real=before a" {
		t.Error(got)
	}
	if to, err := os.Readlink(a); err != nil || to != "real" {
		t.Errorf("%q, %v", to, err)
	}
}
