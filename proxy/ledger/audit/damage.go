package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// Damage is what of a segment cannot be read, and was not set aside.
type Damage struct {
	Segment ledger.Segment
	Faults  []*ledger.Damage
	// Aside is what setting it aside comes to, with what was before.
	Aside ledger.Aside
}

// ErrCannotSetAside says that what is damaged cannot be set aside.
var ErrCannotSetAside = errors.New("it cannot be set aside: put the file back as it was, from a copy")

// FindDamage finds the lines of a ledger that cannot be read, and the entries of the records that they were: those that
// are stored, else, of records that no checkpoint covers, the hashes of the lines as they stand. The error wraps
// [ErrCannotSetAside] where there are neither.
func FindDamage(dir, because string) ([]Damage, error) {
	segments, err := ledger.Segments(dir)
	if err != nil {
		return nil, err
	}
	hashes, err := listHashes(dir, 0)
	if err != nil {
		return nil, err
	}
	signed := Signed(dir)
	var all []Damage
	for _, s := range segments {
		if s.Old {
			continue
		}
		d := Damage{Segment: s}
		before, err := ledger.ReadAside(dir, s.First)
		if err != nil {
			return nil, err
		}
		if before != nil {
			d.Aside = *before
		}
		if d.Faults, err = faults(s); err != nil {
			return nil, err
		}
		if len(d.Faults) == 0 {
			continue
		}
		d.Aside.Because = because
		stored := &entries{from: hashes}
		for _, f := range d.Faults {
			entries, err := entriesOf(s, f, stored, signed)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", f, err)
			}
			d.Aside.Damaged = append(d.Aside.Damaged, ledger.Damaged{From: f.From, To: f.To, First: f.First, Entries: entries})
		}
		all = append(all, d)
	}
	return all, nil
}

// faults lists what of a segment cannot be read, but for what was set aside.
func faults(s ledger.Segment) ([]*ledger.Damage, error) {
	r, err := s.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	var all []*ledger.Damage
	for {
		for r.Next() {
		}
		if r.Err() == nil {
			return all, nil
		}
		d, is := errors.AsType[*ledger.Damage](r.Err())
		if !is || !r.Skip() {
			return nil, r.Err()
		}
		all = append(all, d)
	}
}

// entriesOf are the entries of records that cannot be read.
func entriesOf(s ledger.Segment, d *ledger.Damage, stored *entries, signed uint64) ([]tree.Entry, error) {
	if !d.Numbered || d.End <= d.First || d.To <= d.From {
		return nil, fmt.Errorf("%w (nothing says which records were there)", ErrCannotSetAside)
	}
	var all []tree.Entry
	for n := d.First; n < d.End; n++ {
		e := stored.at(int64(n))
		if e == nil {
			break
		}
		all = append(all, tree.Entry(e))
	}
	if uint64(len(all)) == d.End-d.First {
		return all, nil
	}
	if d.First < signed || s.Packed {
		return nil, fmt.Errorf("%w (their hashes are not stored, and they are signed)", ErrCannotSetAside)
	}
	return standing(s.Path, d)
}

// standing are the entries of lines as they stand.
func standing(path string, d *ledger.Damage) ([]tree.Entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text := make([]byte, d.To-d.From)
	if _, err := f.ReadAt(text, d.From); err != nil {
		return nil, err
	}
	b := tree.AppendEntries(nil, text)
	all := make([]tree.Entry, len(b)/len(tree.Entry{}))
	for i := range all {
		all[i] = tree.Entry(b[i*len(tree.Entry{}):])
	}
	if uint64(len(all)) != d.End-d.First {
		return nil, fmt.Errorf("%w (they are %s, and were %s)", ErrCannotSetAside, plural.Of(len(all), "line"),
			plural.Of(d.End-d.First, "record"))
	}
	return all, nil
}

// Signed is how many records the newest checkpoint of a folder is of, or of the folder of keys beside it, whoever
// signed it.
func Signed(dir string) (size uint64) {
	for _, path := range []string{
		filepath.Join(dir, ledger.CheckpointFile), filepath.Join(filepath.Dir(dir), "keys", ledger.CheckpointFile),
	} {
		text, err := readWhole(path)
		if err != nil {
			continue
		}
		if c, err := tree.Unverified(text); err == nil {
			size = max(size, uint64(c.Tree.N))
		}
	}
	return size
}
