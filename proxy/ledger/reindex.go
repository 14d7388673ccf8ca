package ledger

import (
	"errors"
	"fmt"

	"github.com/tagwarden/tagwarden/proxy/ledger/index"
)

// reindex makes the index of one packed segment that has none which can be believed: lines of it were erased, a version
// before this one sealed it, or somebody took the index away. It tells whether there was one. Who erases lines waits
// meanwhile, so that no index comes to be of lines that go. Each segment is looked at once after a start,
// and again when lines of it were erased.
func (s *sealing) reindex() (bool, error) {
	if err := s.takeFiles(); err != nil {
		return false, err
	}
	defer s.giveFiles()
	files, err := numbered(s.opts.Dir)
	if err != nil {
		return false, err
	}
	for _, f := range files {
		if f.First >= s.sealedEnd() {
			break
		}
		if s.indexed[f.First] || !f.Packed {
			continue
		}
		s.indexed[f.First] = true
		if right, err := s.isIndexed(f.First); right || err != nil {
			return true, err
		}
		err := makeIndex(f, s.files, s.steps())
		switch {
		case errors.Is(err, ErrClosed):
			delete(s.indexed, f.First)
		case errors.Is(err, index.ErrTooLarge):
			return true, nil
		case err != nil:
			err = fmt.Errorf("%s: %w", f.Path, err)
		}
		return true, err
	}
	return false, nil
}

// isIndexed tells whether a segment has an index that says that it is of it.
func (s *sealing) isIndexed(first uint64) (bool, error) {
	of, err := ReadSealed(s.opts.Dir, first)
	if err != nil {
		return false, err
	}
	x, err := index.Open(IndexPath(s.opts.Dir, first))
	if err != nil {
		return false, nil
	}
	fits := of.Fits(s.opts.Dir, x.Of()) == nil
	return fits, x.Close()
}
