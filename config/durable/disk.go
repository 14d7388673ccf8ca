package durable

import (
	"io"
	"io/fs"
	"os"
)

// Disk is as much of a file system as writing for good needs: the calls of package os. Tests count them, have them
// fail, and cut the power between two of them (package crash).
type Disk interface {
	OpenFile(path string, flag int, mode fs.FileMode) (File, error)
	Mkdir(path string, mode fs.FileMode) error
	Rename(from, to string) error
	Link(from, to string) error
	Remove(path string) error
}

// File is an open file, or a folder that is open to be synced.
type File interface {
	io.Writer
	io.ReaderAt
	io.WriterAt
	Stat() (fs.FileInfo, error)
	Chmod(mode fs.FileMode) error
	Truncate(size int64) error
	Sync() error
	Close() error
}

// System is the file system.
var System Disk = system{}

type system struct{}

// OpenFile is that of package os.
func (system) OpenFile(path string, flag int, mode fs.FileMode) (File, error) {
	f, err := os.OpenFile(path, flag, mode)
	if err != nil {
		return nil, err // and no File that holds a nil
	}
	return f, nil
}

// Mkdir is that of package os.
func (system) Mkdir(path string, mode fs.FileMode) error { return os.Mkdir(path, mode) }

// Rename is that of package os.
func (system) Rename(from, to string) error { return os.Rename(from, to) }

// Link is that of package os.
func (system) Link(from, to string) error { return os.Link(from, to) }

// Remove is that of package os.
func (system) Remove(path string) error { return os.Remove(path) }
