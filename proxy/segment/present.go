package segment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tagwarden/tagwarden/config/durable"
)

// ErrReplaced says that the file that is being written is not in its folder any more.
var ErrReplaced = errors.New("the file that is being written was removed, or another was put in its place")

// Present tells whether the file that is being written is still the one of its name, and as long as it is to be. The
// error wraps [ErrReplaced] where it is not.
func (w *Writer) Present() error {
	w.mu.Lock()
	path, file, size := w.path, w.file, w.size
	w.mu.Unlock()
	if file == nil {
		return nil // a sync failed, and another file is to be begun
	}
	here, err := file.Stat()
	if errors.Is(err, fs.ErrClosed) {
		return nil // it ended meanwhile
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	there, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return stillReplaced(w, path, file)
	case err != nil:
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	case !os.SameFile(here, there) || there.Size() < size:
		return stillReplaced(w, path, file)
	}
	return nil
}

// stillReplaced says that a file was replaced, unless it ended meanwhile.
func stillReplaced(w *Writer, path string, file durable.File) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file != file {
		return nil
	}
	return fmt.Errorf("%s: %w", filepath.Base(path), ErrReplaced)
}

// File is the file that is being written, as far as it is whole.
func (w *Writer) File() Ended {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Ended{w.path, w.first, w.number - w.first, w.size}
}
