package keys

import (
	"fmt"
	"os"

	"github.com/tagwarden/tagwarden/config/durable"
)

// Files is as much of a file system as a key state needs. Each call has reached the disk when it returns nil; where it
// does not return, it may have been done in part. Tests put failing ones in its place.
type Files interface {
	Folder(path string) error             // makes a folder that only its owner can enter
	Read(path string) ([]byte, error)     // fs.ErrNotExist where there is no such file
	Write(path string, text []byte) error // makes a file anew, which only its owner can read
	SyncAgain(path string) error          // has a file reach the disk of which nobody knows whether it did
	Overwrite(path string) error          // writes zeros over all of a file, where it lies
	Rename(oldPath, newPath string) error // within a folder
	Remove(path string) error             // takes a file away
}

type fileSystem struct{ durable.Files }

// Folder makes a folder.
func (f fileSystem) Folder(path string) error { return f.Files.Folder(path, 0o700) }

// Read reads a file that nobody but its owner can read.
func (fileSystem) Read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file: put the key state's file there", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others (mode %04o): `chmod 600 %s` makes it right", path, mode, path)
	}
	return os.ReadFile(path)
}

// Write makes a file anew.
func (f fileSystem) Write(path string, text []byte) error { return f.Files.Write(path, text, 0o600) }
