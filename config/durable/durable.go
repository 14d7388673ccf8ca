// Package durable writes files so that a power cut at any moment leaves what was there before or what is there
// afterwards, whole, and never a third thing. It promises that what a function here did has reached the disk when it
// returns nil: the bytes, the name, and where a name was taken away, that it is gone.
//
// A file's bytes and its name are two things on a disk: fsync of the file is for the bytes, fsync of the folder for the
// name. Every file of which a half, an older version or the lack would do harm is written through here.
package durable

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Files writes files for good. The zero value does so on the file system.
type Files struct {
	Disk Disk // nil: the file system
}

func (f Files) disk() Disk {
	if f.Disk == nil {
		return System
	}
	return f.Disk
}

// Folder makes a folder where there is none, and those above it that are missing. The name of one that is there already
// is synced too, where the folder above it can be read: who made it may have died before that.
func (f Files) Folder(path string, mode fs.FileMode) error {
	path = filepath.Clean(path)
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s is no folder", path)
	case err != nil:
		if above := filepath.Dir(path); above != path {
			if _, err := os.Stat(above); err != nil {
				if err := f.Folder(above, mode); err != nil {
					return err
				}
			}
		}
		if err := f.disk().Mkdir(path, mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return f.SyncFolder(filepath.Dir(path))
	}
	if err := f.SyncFolder(filepath.Dir(path)); !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// Begin makes a file that is not there yet, to be appended to. Its name is on disk when it returns; what is written to
// it is only when the file has been synced. One that is there is never opened: the error is fs.ErrExist.
func (f Files) Begin(path string, mode fs.FileMode) (File, error) {
	file, err := f.disk().OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, mode)
	if err != nil {
		return nil, err
	}
	if err := f.SyncFolder(filepath.Dir(path)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// Write makes a file that is not there yet; the error is fs.ErrExist where it is. Where it fails
// otherwise, a part of the file may lie there.
func (f Files) Write(path string, text []byte, mode fs.FileMode) error {
	_, err := f.write(path, bytes.NewReader(text), mode)
	return err
}

// New is Write of what is read, and counts it. Where it fails, nothing lies there,
// unless taking that away fails as well.
func (f Files) New(path string, from io.Reader, mode fs.FileMode) (n int64, err error) {
	n, err = f.write(path, from, mode)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		_ = f.disk().Remove(path) // it may not have been begun
	}
	return n, err
}

func (f Files) write(path string, from io.Reader, mode fs.FileMode) (n int64, err error) {
	file, err := f.disk().OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(writer{file}, from)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return n, err
	}
	return n, f.SyncFolder(filepath.Dir(path))
}

// writer is a file that io.Copy can only write to.
type writer struct{ io.Writer }

// manyBeside is how many temporary files may lie beside a file: each is one of a process that died,
// or of one that is as far as this one.
const manyBeside = 1000

// Replace puts a file in the place of another, which keeps its mode, and its owner and group where this process may
// give them away, or where there was none, with the mode given. It is written beside it, as a dot file, and given its
// name when it is whole: a reader sees one of the two.
func (f Files) Replace(path string, text []byte, mode fs.FileMode) error {
	info, err := os.Stat(path)
	if err == nil {
		mode = info.Mode().Perm()
	}
	beside, err := f.beside(path, text, mode)
	if err != nil {
		return err
	}
	if info != nil {
		_ = KeepOwner(beside, info) // who may not is the owner from now on, as ever
	}
	if err := f.disk().Rename(beside, path); err != nil {
		return errors.Join(err, f.disk().Remove(beside))
	}
	return f.SyncFolder(filepath.Dir(path))
}

// beside writes a temporary file that nobody else has.
func (f Files) beside(path string, text []byte, mode fs.FileMode) (string, error) {
	for n := range manyBeside {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d.new", filepath.Base(path), n))
		file, err := f.disk().OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = file.Write(text)
		if err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close()); err != nil {
			return "", errors.Join(err, f.disk().Remove(name))
		}
		return name, nil
	}
	return "", fmt.Errorf("%d temporary files lie beside %s: remove those named .%s.*.new", manyBeside,
		path, filepath.Base(path))
}

// Adopt gives a file that somebody else wrote its name, unless a file is there already, which then stays. The temporary
// one is gone afterwards. Both lie in one folder.
func (f Files) Adopt(temporary, path string) error {
	if err := f.syncFile(temporary); err != nil {
		return err
	}
	// A link never takes a file's place, should another process be as far. Where there are no links a rename has to do.
	switch err := f.disk().Link(temporary, path); {
	case err == nil || errors.Is(err, fs.ErrExist):
		if err := f.disk().Remove(temporary); err != nil {
			return err
		}
	default:
		if err := f.disk().Rename(temporary, path); err != nil {
			return err
		}
	}
	return f.SyncFolder(filepath.Dir(path))
}

// syncFile brings a file's bytes to disk.
func (f Files) syncFile(path string) error {
	file, err := f.disk().OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// SyncAgain brings a file and its name to disk that a process wrote which may have died before it did. Its bytes are
// written again, over themselves: a kernel that failed to write them once takes them for written.
func (f Files) SyncAgain(path string) error {
	if err := f.over(path, func(file File, text []byte) error {
		_, err := io.ReadFull(io.NewSectionReader(file, 0, int64(len(text))), text)
		return err
	}); err != nil {
		return err
	}
	return f.SyncFolder(filepath.Dir(path))
}

// Overwrite writes zeros over all of a file, where it lies.
func (f Files) Overwrite(path string) error {
	return f.over(path, func(File, []byte) error { return nil })
}

// over writes something over all of a file's bytes, and syncs it; fill is given as many zeros.
func (f Files) over(path string, fill func(file File, text []byte) error) error {
	file, err := f.disk().OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil {
		text := make([]byte, info.Size())
		if err = fill(file, text); err == nil {
			_, err = file.WriteAt(text, 0)
		}
	}
	return errors.Join(err, file.Sync(), file.Close())
}

// Rename gives a file another name, in the same folder or another one; what had that name is gone.
func (f Files) Rename(from, to string) error {
	if err := f.disk().Rename(from, to); err != nil {
		return err
	}
	if there := filepath.Dir(to); there != filepath.Dir(from) {
		if err := f.SyncFolder(there); err != nil {
			return err
		}
	}
	return f.SyncFolder(filepath.Dir(from))
}

// Remove takes a file away. One that is not there is gone, which is what was wanted.
func (f Files) Remove(path string) error {
	if err := f.disk().Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return f.SyncFolder(filepath.Dir(path))
}

// SyncFolder brings the names in a folder to disk.
func (f Files) SyncFolder(path string) error {
	folder, err := f.disk().OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return fmt.Errorf("cannot sync the folder: %w", err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("cannot sync the folder %s: %w", path, err)
	}
	return nil
}
