package durable_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/durable/crash"
)

// begun makes a folder that holds a file of mode 0640, and a disk of it.
func begun(t *testing.T) (dir string, d *crash.Disk) {
	t.Helper()
	dir = t.TempDir()
	path := filepath.Join(dir, "old")
	if err := errors.Join(os.WriteFile(path, []byte("before"), 0o640), os.Chmod(path, 0o640)); err != nil {
		t.Fatal(err)
	}
	d, err := crash.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, d
}

// acts are each of what Files does, with its steps in order, and what each file holds
// before and after: "" where there is none.
var acts = []struct {
	name          string
	do            func(f durable.Files, dir string) error
	trace         string
	file          string
	before, after string
	half          bool // a part of the file may be left
}{
	{
		"Folder", func(f durable.Files, dir string) error { return f.Folder(filepath.Join(dir, "a", "b"), 0o700) },
		"mkdir a, mode 0700\nsync folder .\nmkdir a/b, mode 0700\nsync folder a\n", "a/b", "", "folder", false,
	},
	{
		"Folder with a slash", func(f durable.Files, dir string) error { return f.Folder(dir+"/a/b/", 0o700) },
		"mkdir a, mode 0700\nsync folder .\nmkdir a/b, mode 0700\nsync folder a\n", "a/b", "", "folder", false,
	},
	{
		"Folder that is there", func(f durable.Files, dir string) error { return f.Folder(dir, 0o700) },
		"sync folder ..\n", "old", "before", "before", false,
	},
	{
		"Write", func(f durable.Files, dir string) error {
			return f.Write(filepath.Join(dir, "new"), []byte("after"), 0o600)
		},
		"create new, mode 0600\nwrite new\nsync new\nsync folder .\n", "new", "", "after", true,
	},
	{
		"New", func(f durable.Files, dir string) error {
			_, err := f.New(filepath.Join(dir, "new"), strings.NewReader("after"), 0o600)
			return err
		},
		"create new, mode 0600\nwrite new\nsync new\nsync folder .\n", "new", "", "after", true,
	},
	{
		"Replace", func(f durable.Files, dir string) error {
			return f.Replace(filepath.Join(dir, "old"), []byte("after"), 0o600)
		},
		"create .old.0.new, mode 0640\nwrite .old.0.new\nmode of .old.0.new: 0640\nsync .old.0.new\nrename .old.0.new to old\nsync folder .\n",
		"old", "before", "after", false,
	},
	{
		"Replace of nothing", func(f durable.Files, dir string) error {
			return f.Replace(filepath.Join(dir, "new"), []byte("after"), 0o600)
		},
		"create .new.0.new, mode 0600\nwrite .new.0.new\nmode of .new.0.new: 0600\nsync .new.0.new\nrename .new.0.new to new\nsync folder .\n",
		"new", "", "after", false,
	},
	{
		"Adopt", func(f durable.Files, dir string) error {
			temporary := filepath.Join(dir, "temporary")
			return errors.Join(os.WriteFile(temporary, []byte("after"), 0o600), f.Adopt(temporary, filepath.Join(dir, "new")))
		},
		"sync temporary\nlink temporary to new\nremove temporary\nsync folder .\n", "new", "", "after", false,
	},
	{
		"SyncAgain", func(f durable.Files, dir string) error {
			path := filepath.Join(dir, "new")
			return errors.Join(os.WriteFile(path, []byte("after"), 0o600), f.SyncAgain(path))
		},
		"write over new\nsync new\nsync folder .\n", "new", "", "after", true,
	},
	{
		"Overwrite", func(f durable.Files, dir string) error { return f.Overwrite(filepath.Join(dir, "old")) },
		"zeros over old\nsync old\n", "old", "before", "\x00\x00\x00\x00\x00\x00", true,
	},
	{
		"Rename", func(f durable.Files, dir string) error {
			return f.Rename(filepath.Join(dir, "old"), filepath.Join(dir, "new"))
		},
		"rename old to new\nsync folder .\n", "old", "before", "", false,
	},
	{
		"Remove", func(f durable.Files, dir string) error { return f.Remove(filepath.Join(dir, "old")) },
		"remove old\nsync folder .\n", "old", "before", "", false,
	},
	{
		"Begin", func(f durable.Files, dir string) error {
			file, err := f.Begin(filepath.Join(dir, "new"), 0o600)
			if err != nil {
				return err
			}
			_, err = file.Write([]byte("after"))
			return errors.Join(err, file.Sync(), file.Close())
		},
		"create new, mode 0600\nsync folder .\nwrite new\nsync new\n", "new", "", "after", true,
	},
}

// held is what a file holds, "" where there is none.
func held(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ""
	case err == nil && info.IsDir():
		return "folder"
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// left is what a power cut leaves of a disk.
func left(t *testing.T, d *crash.Disk, what crash.What) string {
	t.Helper()
	into := t.TempDir()
	if err := d.Leave(what, into); err != nil {
		t.Fatal(err)
	}
	return into
}

// TestDone: each act takes these steps, in this order, and when it has returned, no power cut undoes it.
func TestDone(t *testing.T) {
	t.Parallel()
	for _, a := range acts {
		dir, d := begun(t)
		if err := a.do(durable.Files{Disk: d}, dir); err != nil {
			t.Errorf("%s: %v", a.name, err)
		}
		if got := d.Trace(); got != a.trace {
			t.Errorf("%s: the steps are\n%swant\n%s", a.name, got, a.trace)
		}
		for _, what := range crash.Left {
			if got := held(t, filepath.Join(left(t, d, what), a.file)); got != a.after {
				t.Errorf("%s: %v left: %q, want %q", a.name, what, got, a.after)
			}
		}
		if mode := stat(t, filepath.Join(dir, "old")); mode != 0 && mode != 0o640 {
			t.Errorf("%s: mode %04o", a.name, mode)
		}
	}
}

func stat(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Mode().Perm()
}

// TestCutAnywhere: whichever step the power goes at, there is what was before or what is after, and the caller was not
// told that it is done. Whichever step fails alone, the caller is told.
func TestCutAnywhere(t *testing.T) {
	t.Parallel()
	for _, a := range acts {
		dir, d := begun(t)
		if err := a.do(durable.Files{Disk: d}, dir); err != nil {
			t.Fatal(err)
		}
		for n := range d.Steps() {
			for dies, told := range map[bool]func(d *crash.Disk, n int){true: (*crash.Disk).Die, false: (*crash.Disk).Fail} {
				dir, d := begun(t)
				told(d, n+1)
				err := a.do(durable.Files{Disk: d}, dir)
				// by a rename, without links
				done := held(t, filepath.Join(left(t, d, crash.Synced), a.file)) == a.after && a.name == "Adopt"
				if !errors.Is(err, crash.ErrFailed) && (err != nil || dies || !done) {
					t.Errorf("%s: step %d of %d fails, and it says %v", a.name, n+1, d.Steps(), err)
				}
				for _, what := range crash.Left {
					got := held(t, filepath.Join(left(t, d, what), a.file))
					if got != a.before && got != a.after && !a.half {
						t.Errorf("%s: step %d, all after it too: %v, %v left: %q", a.name, n+1, dies, what, got)
					}
				}
				entries, err := os.ReadDir(dir)
				if err != nil || !dies && (a.name == "New" && len(entries) != 1 || len(entries) > 0 &&
					strings.HasPrefix(entries[0].Name(), ".")) {
					t.Errorf("%s: step %d: half a file is left: %v, %v", a.name, n+1, entries, err)
				}
			}
		}
	}
}

// TestFileSystem: without a disk of its own, all of that is done to the file system.
func TestFileSystem(t *testing.T) {
	t.Parallel()
	for _, a := range acts {
		dir, _ := begun(t)
		if err := a.do(durable.Files{}, dir); err != nil {
			t.Errorf("%s: %v", a.name, err)
		}
		if got := held(t, filepath.Join(dir, a.file)); got != a.after {
			t.Errorf("%s: %q, want %q", a.name, got, a.after)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) > 2 {
			t.Errorf("%s: left beside it: %v, %v", a.name, entries, err)
		}
	}
}

// TestWhatIsThereStays: a file that must not be there yet is neither written over nor taken away.
func TestWhatIsThereStays(t *testing.T) {
	t.Parallel()
	dir, d := begun(t)
	f, old := durable.Files{Disk: d}, filepath.Join(dir, "old")
	_, begin := f.Begin(old, 0o600)
	_, fresh := f.New(old, strings.NewReader("after"), 0o600)
	for name, err := range map[string]error{"Begin": begin, "Write": f.Write(old, []byte("after"), 0o600), "New": fresh} {
		if !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	temporary := filepath.Join(dir, "temporary")
	if err := errors.Join(os.WriteFile(temporary, []byte("after"), 0o600), f.Adopt(temporary, old)); err != nil {
		t.Errorf("Adopt: %v", err)
	}
	if got, gone := held(t, old), held(t, temporary); got != "before" || gone != "" {
		t.Errorf("%q, beside it %q", got, gone)
	}
}

// TestTemporaryFilesOfOthersStay: two that replace one file at once do not write into one another's.
func TestTemporaryFilesOfOthersStay(t *testing.T) {
	t.Parallel()
	dir, _ := begun(t)
	others := filepath.Join(dir, ".old.0.new")
	if err := os.WriteFile(others, []byte("another's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (durable.Files{}).Replace(filepath.Join(dir, "old"), []byte("after"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, other := held(t, filepath.Join(dir, "old")), held(t, others); got != "after" || other != "another's" {
		t.Errorf("%q, and %q", got, other)
	}
}

// TestWithoutLinks: on a file system that has none, a rename does.
func TestWithoutLinks(t *testing.T) {
	t.Parallel()
	dir, d := begun(t)
	temporary := filepath.Join(dir, "temporary")
	if err := os.WriteFile(temporary, []byte("after"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (durable.Files{Disk: linkless{d}}).Adopt(temporary, filepath.Join(dir, "new")); err != nil {
		t.Fatal(err)
	}
	if got := held(t, filepath.Join(left(t, d, crash.Synced), "new")); got != "after" {
		t.Errorf("%q", got)
	}
	if got, want := d.Trace(), "sync temporary\nrename temporary to new\nsync folder .\n"; got != want {
		t.Errorf("%s", got)
	}
}

type linkless struct{ durable.Disk }

func (linkless) Link(string, string) error { return errors.New("operation not permitted") }

// TestOtherFolders: a name that comes into one folder out of another is on disk in both.
func TestOtherFolders(t *testing.T) {
	t.Parallel()
	dir, d := begun(t)
	f := durable.Files{Disk: d}
	if err := f.Folder(filepath.Join(dir, "a"), 0o700); err != nil {
		t.Fatal(err)
	}
	d.Trace()
	if err := f.Rename(filepath.Join(dir, "old"), filepath.Join(dir, "a", "new")); err != nil {
		t.Fatal(err)
	}
	if got, want := d.Trace(), "rename old to a/new\nsync folder a\nsync folder .\n"; got != want {
		t.Errorf("%s", got)
	}
}

// TestWhatCannotBeDone: what is in the way is said, and half of what breaks off is not left.
func TestWhatCannotBeDone(t *testing.T) {
	t.Parallel()
	dir, _ := begun(t)
	var f durable.Files
	path := filepath.Join(dir, "new")
	broken := errors.New("it broke off")
	n, err := f.New(path, iotest.TimeoutReader(iotest.ErrReader(broken)), 0o600)
	if !errors.Is(err, broken) || n != 0 || held(t, path) != "" || stat(t, path) != 0 {
		t.Errorf("broken off: %d, %v, %q", n, err, held(t, path))
	}
	if n, err := f.New(path, bytes.NewReader(make([]byte, 100_000)), 0o600); n != 100_000 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	for name, err := range map[string]error{
		"a file is where the folder is to be": f.Folder(filepath.Join(dir, "old"), 0o700),
		"a file is where one above is to be":  f.Folder(filepath.Join(dir, "old", "a", "b"), 0o700),
		"no folder to write in":               f.Write(filepath.Join(dir, "none", "a"), nil, 0o600),
		"no folder to replace in":             f.Replace(filepath.Join(dir, "none", "a"), nil, 0o600),
		"no folder to sync":                   f.SyncFolder(filepath.Join(dir, "none")),
		"nothing to adopt":                    f.Adopt(filepath.Join(dir, "none"), path),
		"nothing to sync again":               f.SyncAgain(filepath.Join(dir, "none")),
		"nothing to overwrite":                f.Overwrite(filepath.Join(dir, "none")),
		"nothing to rename":                   f.Rename(filepath.Join(dir, "none"), path),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := f.Remove(filepath.Join(dir, "none")); err != nil {
		t.Errorf("what is not there is not gone: %v", err)
	}
}
