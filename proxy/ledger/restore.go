package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// RestoreFile says that the next start is to accept the ledger as it is.
const RestoreFile = "restore.json"

// restoration is what stands in it.
type restoration struct {
	Because string `json:"because"`
	Size    int64  `json:"size"`
	Root    string `json:"root"`
}

// ErrBehind says that a ledger does not go on from the newest checkpoint that is known.
var ErrBehind = errors.New(
	"the ledger does not go on from its newest checkpoint: put the files back that belong to it, or, " +
		"where an older copy is all that is left, have it accepted by `tagwarden logs restore --because TEXT`")

// restores tells what a start accepts that would be refused: a person said so, of exactly these records.
func (s *signing) restores(from *Standing, refused error) (*Restored, error) {
	acceptable := []error{tree.ErrSmaller, tree.ErrOther, tree.ErrCheckpoint, ErrForeign}
	if !slices.ContainsFunc(acceptable, func(err error) bool { return errors.Is(refused, err) }) {
		return nil, refused
	}
	text, err := os.ReadFile(filepath.Join(s.opts.Dir, RestoreFile))
	if errors.Is(err, fs.ErrNotExist) && errors.Is(refused, tree.ErrCheckpoint) {
		return nil, fmt.Errorf(
			"%w: %w (two folders hold the newest checkpoint, %s and %s: where the other copy is whole, it is "+
				"enough to remove this one)", ErrBehind, refused, s.opts.Dir, filepath.Dir(s.opts.Known))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrBehind, refused)
	}
	if err != nil {
		return nil, err
	}
	var said restoration
	if err := json.Unmarshal(text, &said); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", RestoreFile, err)
	}
	now := from.edge.Tree()
	root, err := tlog.ParseHash(said.Root)
	if err != nil || said.Because == "" {
		return nil, fmt.Errorf("%s does not say what is accepted, and why", RestoreFile)
	}
	accepted := tlog.Tree{N: said.Size, Hash: root}
	if err := tree.Continues(accepted, now, s.tree.tiles().Hashes(now)); err != nil {
		return nil, fmt.Errorf("%w: %w (what was accepted had %s: %w)", ErrBehind, refused,
			plural.Of(said.Size, "record"), err)
	}
	restored := &Restored{Now: now, Because: said.Because}
	if known, _ := s.known(); known != nil { // nil: what was known cannot be read
		restored.Was = known.Tree
	}
	return restored, nil
}

// restored records that an older copy was accepted, and signs what it is: from then on it is what is known.
func (s *signing) restored(r *Restored) error {
	if err := s.put(synced, entry{KindRestored, r}); err != nil {
		return err
	}
	if err := s.sign(); err != nil {
		return err
	}
	return s.files.Remove(filepath.Join(s.opts.Dir, RestoreFile))
}

// forgetRestore removes what says that an older copy is to be accepted, where none had to be: it would be accepted some
// day when nobody thinks of it any more.
func (s *signing) forgetRestore() error {
	path := filepath.Join(s.opts.Dir, RestoreFile)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return s.files.Remove(path)
}

// Restore has the next start accept a ledger that does not go on from its newest checkpoint, as it stands now.
func Restore(dir, because string, disk durable.Disk) error {
	from, err := Recover(dir)
	if err != nil {
		return err
	}
	now := from.edge.Tree()
	text, err := json.Marshal(restoration{because, now.N, now.Hash.String()})
	if err != nil {
		return err
	}
	return durable.Files{Disk: disk}.Replace(filepath.Join(dir, RestoreFile), append(text, '\n'), 0o600)
}
