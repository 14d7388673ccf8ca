package tarball

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tagwarden/tagwarden/config/durable"
)

// Extension is what the names of archives end with.
const Extension = ".tar.zst"

// ErrMissing is what an archive is that is not there.
var ErrMissing = errors.New("there is no such archive")

// Keep has the archive of the files in a folder that is there, under a name without extension, and on disk when it
// returns. One that is there and whole is left as it is; one that is not is replaced, and mended is true.
func Keep(disk durable.Files, dir, name string, files Files) (mended bool, err error) {
	text, err := files.tar()
	if err != nil {
		return false, err
	}
	path := filepath.Join(dir, name+Extension)
	packed, err := read(path)
	if err == nil {
		if there, err := unpacked(packed); err == nil && bytes.Equal(there, text) {
			return false, disk.SyncFolder(dir) // who gave it its name may have died before that was on disk
		}
	}
	mended = !errors.Is(err, ErrMissing)
	return mended, disk.Replace(path, compressed(text), 0o600)
}

// Read returns the files of an archive that [Keep] keeps under a name. The error is [ErrMissing] or [ErrDamaged], or
// why it cannot be read.
func Read(dir, name, digest string) (Files, error) {
	path := filepath.Join(dir, name+Extension)
	packed, err := read(path)
	if err != nil {
		return nil, err
	}
	files, err := Open(packed, digest)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return files, nil
}

// read reads an archive's file, up to where it is too long for one.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", path, ErrMissing)
	}
	if err != nil {
		return nil, err
	}
	packed, err := io.ReadAll(io.LimitReader(f, MaxBytes))
	return packed, errors.Join(err, f.Close())
}
