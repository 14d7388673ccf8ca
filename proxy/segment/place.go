package segment

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/tagwarden/tagwarden/config/durable"
)

// place is where files are, and what they are called.
type place struct {
	dir   string
	name  func(first uint64) string
	files durable.Files
}

// pathOf is the path of the file whose first record has a number.
func (p *place) pathOf(first uint64) string { return filepath.Join(p.dir, p.name(first)) }

// BesideSuffix is the end of the name of a file that is not to be read yet.
const BesideSuffix = ".next"

// another puts a file with these bytes in its place. It has its name only once they are on disk: wherever that ends,
// what lies there is the file from before, whose bytes may be there though the disk did not say so, or this one.
func (p *place) another(path string, parts [2][]byte) (durable.File, error) {
	file, err := p.beside(path)
	if err != nil {
		return nil, err
	}
	for _, b := range parts {
		if len(b) == 0 {
			continue
		}
		n, err := file.Write(b)
		if err == nil && n < len(b) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
	err = file.Sync()
	if err == nil {
		err = p.files.Rename(path+BesideSuffix, path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// beside begins a file that will be given its name later.
func (p *place) beside(path string) (durable.File, error) {
	if err := p.files.Remove(path + BesideSuffix); err != nil {
		return nil, err
	}
	return p.files.Begin(path+BesideSuffix, 0o600)
}

// named gives a file its name. One that has it though the disk says no is taken for having it: its number is where the
// file before it ends.
func (p *place) named(from, to string) error {
	err := p.files.Disk.Rename(from, to)
	if err != nil {
		if _, failed := os.Lstat(to); failed == nil {
			return nil
		}
	}
	return err
}
