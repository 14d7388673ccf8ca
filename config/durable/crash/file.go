package crash

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// file is an open file or folder.
type file struct {
	*os.File
	of   *Disk
	path string
	node *node
}

// Write appends, or half of it.
func (f *file) Write(b []byte) (int, error) {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	if err := f.of.step(); err != nil {
		n, _ := f.File.Write(b[:len(b)/2])
		return n, err
	}
	f.of.say("write %s", f.of.short(f.path))
	return f.File.Write(b)
}

// WriteAt writes over what is there, or over half of it.
func (f *file) WriteAt(b []byte, at int64) (int, error) {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	if err := f.of.step(); err != nil {
		n, _ := f.File.WriteAt(b[:len(b)/2], at)
		return n, err
	}
	if len(bytes.Trim(b, "\x00")) == 0 {
		f.of.say("zeros over %s", f.of.short(f.path))
	} else {
		f.of.say("write over %s", f.of.short(f.path))
	}
	n, err := f.File.WriteAt(b, at)
	if info, failed := f.Stat(); failed == nil && at == 0 && int64(n) == info.Size() {
		f.node.lost = false
	}
	return n, err
}

// Chmod changes the mode.
func (f *file) Chmod(mode fs.FileMode) error {
	return f.of.call(func() error {
		f.of.say("mode of %s: %04o", f.of.short(f.path), mode)
		f.node.mode = mode
		return f.File.Chmod(mode)
	})
}

// Truncate cuts the file.
func (f *file) Truncate(size int64) error {
	return f.of.call(func() error {
		f.of.say("cut %s to %d", f.of.short(f.path), size)
		return f.File.Truncate(size)
	})
}

// Sync has what the file or the folder holds be there after the power went. Where it fails, it says the next
// time that all is well, and it is not.
func (f *file) Sync() error {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	folder := f.node.names != nil
	if err := f.of.step(); err != nil {
		f.node.lost = !folder
		return err
	}
	if folder {
		f.of.say("sync folder %s", f.of.short(f.path))
		f.node.names = f.of.held(f.path)
		return nil
	}
	f.of.say("sync %s", f.of.short(f.path))
	if f.node.lost {
		return nil
	}
	text, err := f.all()
	f.node.bytes = text
	return err
}

// all is what the file holds, whatever its name is by now.
func (f *file) all() ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	text := make([]byte, info.Size())
	_, err = f.ReadAt(text, 0)
	return text, err
}

// Close closes it; also where it says that it failed.
func (f *file) Close() error {
	err := f.File.Close()
	return f.of.call(func() error { return err })
}

// held is what a folder holds now.
func (d *Disk) held(folder string) map[string]*node {
	names := map[string]*node{}
	for path, n := range d.now {
		if filepath.Dir(path) == folder && path != folder {
			names[filepath.Base(path)] = n
		}
	}
	return names
}

// What is left on a disk.
type What uint8

// From the worst to the best.
const (
	Synced What = iota // the power went: bytes and names that were synced
	Named              // the power went, and of what was not synced the names alone are there
	All                // the process alone died
)

// Left is each of them.
var Left = []What{Synced, Named, All}

// String names it.
func (w What) String() string { return [...]string{"what was synced", "all names", "all"}[w] }

// Leave writes what is left of the disk into a folder that is there and empty.
func (d *Disk) Leave(what What, into string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if what == All {
		return copyAll(d.root, into)
	}
	return d.leave(what, d.root, d.now[d.root], into)
}

func (d *Disk) leave(what What, path string, n *node, into string) error {
	names := n.names
	if what == Named {
		names = d.held(path)
	}
	for name, one := range names {
		to := filepath.Join(into, name)
		if one.names == nil {
			if err := os.WriteFile(to, one.bytes, one.mode); err != nil {
				return err
			}
			continue
		}
		if err := os.Mkdir(to, one.mode|0o300); err != nil {
			return err
		}
		if err := d.leave(what, filepath.Join(path, name), one, to); err != nil {
			return err
		}
	}
	return nil
}

// Kept is what the file at a path would hold if the power went now, nil where there would be none.
func (d *Disk) Kept(path string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.now[d.root]
	for name := range strings.SplitSeq(d.short(path), "/") {
		if n = n.names[name]; n == nil {
			return nil
		}
	}
	return n.bytes
}

// copyAll copies a folder as it is, with all modes.
func copyAll(from, into string) error {
	folder := os.DirFS(from)
	return fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		to := filepath.Join(into, name)
		if entry.IsDir() {
			return os.Mkdir(to, info.Mode().Perm())
		}
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		return os.WriteFile(to, text, info.Mode().Perm())
	})
}
