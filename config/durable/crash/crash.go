// Package crash is a disk for tests: a folder of the file system that writes down what was done to it and in which
// order, fails when told to, and knows what would be left of it if the power went. It promises to be the worst disk
// that is allowed: what was not synced is not there.
package crash

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tagwarden/tagwarden/config/durable"
)

// ErrFailed is what a step fails with that was told to.
var ErrFailed = errors.New("input/output error")

// Disk is a folder as a durable.Disk. Each call that can fail is a step: to open, write, sync, close, rename and so on.
type Disk struct {
	root string

	mu    sync.Mutex
	now   map[string]*node // by path: what is there
	trace []string
	steps int
	fails int  // the step that fails; 0: none
	dies  bool // and so do all after it
}

// node is a file or a folder, as it is on disk.
type node struct {
	mode  fs.FileMode
	names map[string]*node // of a folder: what it held when it was synced last
	bytes []byte           // of a file: likewise
	lost  bool             // a sync of it failed: its bytes count as written, and are not, until they are written anew
}

// New makes a disk of a folder. What is there already is on it for good.
func New(root string) (*Disk, error) {
	d := &Disk{root: filepath.Clean(root), now: map[string]*node{}}
	folder := os.DirFS(d.root)
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path := filepath.Join(d.root, name)
		info, err := entry.Info()
		if err != nil {
			return err
		}
		n := d.made(path, info.Mode())
		if !entry.IsDir() {
			if n.bytes, err = fs.ReadFile(folder, name); err != nil {
				return err
			}
		}
		if path != d.root {
			d.now[filepath.Dir(path)].names[filepath.Base(path)] = n
		}
		return nil
	})
	return d, err
}

// Fail has the n-th step from now on fail, the first being 1, and no other. Of a
// write half gets there; 0 has none fail.
func (d *Disk) Fail(n int) { d.set(n, false) }

// Die has the n-th step from now on fail, and all after it: the process is dead, or the disk.
func (d *Disk) Die(n int) { d.set(n, true) }

func (d *Disk) set(n int, dies bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.steps, d.fails, d.dies = 0, n, dies
}

// Steps is how many steps were taken since the disk was made, or told to fail.
func (d *Disk) Steps() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.steps
}

// Trace returns what was done since it was asked last, a line each, in order. What changes
// nothing, opening and closing, is left out.
func (d *Disk) Trace() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := strings.Join(d.trace, "\n") + "\n"
	d.trace = nil
	return text
}

// step counts a step, and fails it where it is told to.
func (d *Disk) step() error {
	d.steps++
	if d.fails > 0 && (d.steps == d.fails || d.dies && d.steps > d.fails) {
		return ErrFailed
	}
	return nil
}

func (d *Disk) say(format string, args ...any) {
	d.trace = append(d.trace, fmt.Sprintf(format, args...))
}

func (d *Disk) short(path string) string {
	if name, err := filepath.Rel(d.root, path); err == nil {
		return filepath.ToSlash(name)
	}
	return path
}

// made notes that something is there which the disk did not know of.
func (d *Disk) made(path string, mode fs.FileMode) *node {
	n := &node{mode: mode.Perm()}
	if mode.IsDir() {
		n.names = map[string]*node{}
	}
	d.now[path] = n
	return n
}

// known is what the disk knows of a file: nothing of it was synced where somebody else
// made it. It lies at another path by now.
func (d *Disk) known(path, now string) *node {
	if n := d.now[path]; n != nil {
		return n
	}
	n := &node{mode: 0o600}
	if info, err := os.Stat(now); err == nil {
		n.mode = info.Mode().Perm()
	}
	return n
}

// OpenFile opens a file or a folder.
func (d *Disk) OpenFile(path string, flag int, mode fs.FileMode) (durable.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	path = filepath.Clean(path)
	if err := d.step(); err != nil {
		return nil, err
	}
	if flag&os.O_WRONLY != 0 {
		flag = flag&^os.O_WRONLY | os.O_RDWR // what is synced is read from it
	}
	f, err := os.OpenFile(path, flag, mode)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	n := d.now[path]
	if flag&os.O_EXCL != 0 {
		d.say("create %s, mode %04o", d.short(path), info.Mode().Perm())
		n = nil
	}
	if n == nil {
		n = d.made(path, info.Mode())
	}
	return &file{File: f, of: d, path: path, node: n}, nil
}

// Mkdir makes a folder.
func (d *Disk) Mkdir(path string, mode fs.FileMode) error {
	return d.call(func() error {
		d.say("mkdir %s, mode %04o", d.short(path), mode)
		if err := os.Mkdir(path, mode); err != nil {
			return err
		}
		d.made(filepath.Clean(path), fs.ModeDir|mode)
		return nil
	})
}

// Rename gives a file another name.
func (d *Disk) Rename(from, to string) error {
	return d.call(func() error {
		d.say("rename %s to %s", d.short(from), d.short(to))
		if err := os.Rename(from, to); err != nil {
			return err
		}
		d.now[to] = d.known(from, to)
		delete(d.now, from)
		return nil
	})
}

// Link gives a file a second name.
func (d *Disk) Link(from, to string) error {
	return d.call(func() error {
		d.say("link %s to %s", d.short(from), d.short(to))
		if err := os.Link(from, to); err != nil {
			return err
		}
		d.now[to] = d.known(from, to)
		return nil
	})
}

// Remove takes a name away.
func (d *Disk) Remove(path string) error {
	return d.call(func() error {
		d.say("remove %s", d.short(path))
		if err := os.Remove(path); err != nil {
			return err
		}
		delete(d.now, path)
		return nil
	})
}

func (d *Disk) call(what func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step(); err != nil {
		return err
	}
	return what()
}
