package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// KindSetAside is a record that says which damaged records were set aside: first, end, text.
const KindSetAside = "set_aside"

// Aside says which lines of a segment are damaged, and were set aside: their hashes stand in the tree, and what they said is
// not known any more. It stands beside the segment.
type Aside struct {
	Because string    `json:"because"`
	Damaged []Damaged `json:"damaged"`
}

// Damaged is a part of a segment that holds no record that can be read, and the entries of those that it held.
type Damaged struct {
	From    int64        `json:"from"` // in the segment, uncompressed; To is not included
	To      int64        `json:"to"`
	First   uint64       `json:"first"` // number of the first record that it held
	Entries []tree.Entry `json:"entries"`
}

// at is what was set aside at a place; nil: nothing.
func (a *Aside) at(from int64) *Damaged {
	if a == nil {
		return nil
	}
	for i := range a.Damaged {
		if a.Damaged[i].From == from {
			return &a.Damaged[i]
		}
	}
	return nil
}

// ReadAside reads what was set aside of the segment that begins with a record; nil where nothing was.
func ReadAside(dir string, first uint64) (*Aside, error) {
	path := filepath.Join(dir, segment.FileName(first, AsideSuffix))
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read what was set aside: %w", err)
	}
	a := new(Aside)
	if err := json.Unmarshal(text, a); err != nil {
		return nil, fmt.Errorf("%s does not say what was set aside: %w", path, err)
	}
	return a, nil
}
