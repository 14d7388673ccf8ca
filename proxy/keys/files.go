package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Files is as much of a file system as a key state needs. Each call has reached the disk when it returns nil; where it does not return, it
// may have been done in part. Tests put failing ones in its place.
type Files interface {
	Folder(path string) error             // makes a folder that only its owner can enter
	Read(path string) ([]byte, error)     // fs.ErrNotExist where there is no such file
	Write(path string, text []byte) error // makes a file anew, which only its owner can read
	Overwrite(path string) error          // writes zeros over all of a file, where it lies
	Rename(oldPath, newPath string) error // within a folder
	Remove(path string) error             // takes a file away
}

type fileSystem struct{}

// Folder makes a folder.
func (fileSystem) Folder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// Read reads a file that nobody but its owner can read.
func (fileSystem) Read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others (mode %04o): `chmod 600 %s` makes it right", path, mode, path)
	}
	return os.ReadFile(path)
}

// Write makes a file anew.
func (fileSystem) Write(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// Overwrite writes zeros over a file.
func (fileSystem) Overwrite(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.WriteAt(make([]byte, info.Size()), 0)
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// Rename gives a file another one's name.
func (fileSystem) Rename(oldPath, newPath string) error {
	if err := os.Rename(oldPath, newPath); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(newPath))
}

// Remove takes a file away.
func (fileSystem) Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
