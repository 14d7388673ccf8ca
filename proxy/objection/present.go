package objection

import (
	"fmt"
	"os"
	"path/filepath"
)

// Present looks whether the file that is open is still the one in its place. Where it is not, the error is an ErrGone, and nothing is
// acknowledged: it would be lost with the process. What was objected to before holds, for the file is open still. When a later look finds the
// very same file there, everything goes on; with another one only a restart does.
func (s *Store) Present() error {
	err := s.inPlace()
	if err == nil {
		s.gone.Store(nil)
		return nil
	}
	s.gone.Store(&err)
	return err
}

func (s *Store) inPlace() error {
	path := filepath.Join(s.opts.Dir, FileName)
	open, err := s.file.Stat()
	if err != nil {
		return ErrClosed
	}
	there, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("%w: there is nothing that can be read at %s", ErrGone, path)
	case !os.SameFile(open, there):
		return fmt.Errorf("%w: another file is at %s", ErrGone, path)
	}
	return nil
}
