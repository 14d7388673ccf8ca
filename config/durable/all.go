package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Text is what a file is to hold.
type Text struct {
	Path string
	Text []byte
}

// ErrLeftOver says that files have their place, and that something lies beside them which could not be taken away.
var ErrLeftOver = errors.New("all of it is written, and what lies beside could not be taken away")

// ReplaceAll is Replace of files that belong together: all of them are put in place, or those that were there are there
// again, and none where there was none. Whatever is long, and whatever a full disk refuses, comes before the first has
// its place. A power cut in between may leave some of either kind: each of them whole.
func (f Files) ReplaceAll(all []Text, mode fs.FileMode) (err error) {
	r := replacing{Files: f}
	defer func() {
		left := r.tidy()
		if err == nil && left != nil {
			err = ErrLeftOver
		}
		err = errors.Join(err, left)
	}()
	for _, one := range all {
		if err := r.prepare(one, mode); err != nil {
			return err
		}
	}
	for i := range r.all {
		if err := f.disk().Rename(r.all[i].beside, r.all[i].path); err != nil {
			return errors.Join(err, r.undo(i))
		}
		r.all[i].beside = ""
	}
	for i := range r.all {
		if err := f.SyncFolder(filepath.Dir(r.all[i].path)); err != nil {
			return errors.Join(err, r.undo(len(r.all)))
		}
	}
	return nil
}

// replacing is files that are being put in place together.
type replacing struct {
	Files
	all []replaced
}

// replaced is one of them.
type replaced struct {
	path   string
	beside string // its new text, until it has its place; "": it has
	old    string // what was there, under another name; "": nothing was, or it is back
	was    []byte // what was in it
	fresh  bool   // nothing was there
}

// prepare writes a file beside the one that it is to replace, and gives that one a second name.
func (r *replacing) prepare(one Text, mode fs.FileMode) error {
	of := replaced{path: one.Path}
	info, err := os.Stat(one.Path)
	switch {
	case err != nil && !isThere(one.Path):
		of.fresh = true
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file", one.Path)
	default:
		mode = info.Mode().Perm()
		if of.was, err = os.ReadFile(one.Path); err != nil {
			return err
		}
		if of.old, err = r.keep(one.Path, of.was); err != nil {
			return err
		}
	}
	r.all = append(r.all, of) // from here on it is tidied up
	at := &r.all[len(r.all)-1]
	if at.beside, err = r.beside(one.Path, one.Text, mode); err != nil {
		return err
	}
	if info != nil {
		_ = KeepOwner(at.beside, info) // who may not is the owner from now on, as ever
	}
	return nil
}

// isThere tells whether something has that name, if only a link that leads nowhere.
func isThere(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// keep gives a file a second name, or a copy where the file system has no links.
func (r *replacing) keep(path string, text []byte) (string, error) {
	for n := range manyBeside {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d.old", filepath.Base(path), n))
		err := r.disk().Link(path, name)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return r.beside(path, text, 0o600)
		}
		return name, nil
	}
	return "", fmt.Errorf("%d files lie beside %s: remove those named .%s.*.old", manyBeside, path, filepath.Base(path))
}

// undo puts back what was there in place of the first files.
func (r *replacing) undo(n int) (err error) {
	for i := n - 1; i >= 0; i-- {
		of := &r.all[i]
		var failed error
		switch {
		case of.fresh:
			failed = r.disk().Remove(of.path)
		case r.disk().Rename(of.old, of.path) == nil:
			of.old = ""
		default:
			failed = r.inPlace(of.path, of.was) // names cannot be changed there any more
		}
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("%s is the new one, and what was there before could not be put back: %w",
				of.path, failed))
		}
	}
	return err
}

// inPlace writes over a file where it lies.
func (r *replacing) inPlace(path string, text []byte) error {
	file, err := r.disk().OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Truncate(int64(len(text))), file.Sync(), file.Close())
}

// tidy takes away what lies beside the files.
func (r *replacing) tidy() (err error) {
	for i := range r.all {
		for _, name := range []string{r.all[i].beside, r.all[i].old} {
			if name != "" {
				err = errors.Join(err, r.disk().Remove(name))
			}
		}
	}
	return err
}
