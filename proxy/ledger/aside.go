package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.uber.org/zap/zapcore"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// KindSetAside is a record that says which damaged records were set aside: first, end,
// digest of the file that says so, text.
const KindSetAside = "set_aside"

// Aside says which lines of a segment are damaged, and were set aside: their hashes stand in the tree, and what they
// said is not known any more. It stands beside the segment.
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
	return ParseAside(path, text)
}

// ParseAside reads what a file says that was set aside.
func ParseAside(path string, text []byte) (*Aside, error) {
	a := new(Aside)
	if err := json.Unmarshal(text, a); err != nil {
		return nil, fmt.Errorf("%s does not say what was set aside: %w", path, err)
	}
	return a, nil
}

// SetAside has starts pass over what is damaged of the segment that begins with a record. The next one records it.
func (a *Aside) SetAside(dir string, first uint64, disk durable.Disk) error {
	text, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, segment.FileName(first, AsideSuffix))
	return durable.Files{Disk: disk}.Replace(path, append(text, '\n'), 0o600)
}

// setAside is a record that damaged records were set aside.
type setAside struct {
	first, end   uint64
	digest, text string
}

// MarshalLogObject writes the record's members.
func (s *setAside) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddUint64("first", s.first)
	to.AddUint64("end", s.end)
	to.AddString("digest", s.digest)
	to.AddString("text", s.text)
	return nil
}

// asides adds records of what was set aside and is not recorded yet.
func (l *Ledger) asides(entries []entry, recorded map[string]bool) ([]entry, error) {
	files, err := segment.List(l.opts.Dir, AsideSuffix)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		text, err := os.ReadFile(f.Path)
		if err != nil {
			return nil, fmt.Errorf("cannot read what was set aside: %w", err)
		}
		sum := sha256.Sum256(text)
		digest := hex.EncodeToString(sum[:])
		if recorded[digest] {
			continue
		}
		of, err := ParseAside(f.Path, text)
		if err != nil {
			return nil, err
		}
		for _, d := range of.Damaged {
			record := setAside{d.First, d.First + uint64(len(d.Entries)), digest, of.Because}
			entries = append(entries, entry{KindSetAside, &record})
		}
	}
	return entries, nil
}
