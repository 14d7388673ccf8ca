package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// openWhole opens what is stored of the tree. What does not make the tree's root is made again: nodes of entries, and
// entries of the lines of sealed segments.
func (g *grown) openWhole(from *Standing) error {
	wrong := g.openTree(from)
	for _, mend := range []func(*Standing) error{g.nodesAgain, g.hashesAgain} {
		if !errors.Is(wrong, tree.ErrStored) && !errors.Is(wrong, tree.ErrMissing) {
			break
		}
		g.report("the hashes of the ledger's tree are damaged, and are made again", wrong)
		if err := mend(from); err != nil {
			return fmt.Errorf("the hashes of the ledger's tree are damaged (%w), and cannot be made again: %w", wrong, err)
		}
		wrong = g.openTree(from)
	}
	if wrong != nil {
		return fmt.Errorf("the hashes of the ledger's records are not those that make its tree, nor can they be made again "+
			"of their lines: put the folder's *%s files back from a copy: %w", tree.Suffix(0), wrong)
	}
	return nil
}

// nodesAgain takes away the nodes of the tree: they are made of its entries.
func (g *grown) nodesAgain(*Standing) error {
	entries, err := os.ReadDir(g.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(filepath.Ext(e.Name()), nodeSuffix) {
			if err := g.files.Remove(filepath.Join(g.dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// nodeSuffix is how the ends of the names of files begin that hold nodes of the tree.
const nodeSuffix = ".level"

// hashesAgain makes the entries of sealed segments anew, of their lines, as far as those are what their summaries say,
// and then all nodes. Of a segment that was deleted the entries stay as they are.
func (g *grown) hashesAgain(from *Standing) error {
	files, err := numbered(g.dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.First >= from.sealed {
			break
		}
		if err := g.hashAgain(f); err != nil {
			return err
		}
	}
	return g.nodesAgain(from)
}

// hashAgain makes the file of a segment's entries anew.
func (g *grown) hashAgain(f Segment) error {
	of, _, err := ReadSummary(g.dir, f.First)
	if err != nil {
		return err
	}
	var entries []byte
	f.End = of.End
	if _, err := scanSegment(f, func(line []byte, entry tree.Entry) error {
		entries = append(entries, entry[:]...)
		return nil
	}); err != nil {
		return err
	}
	if digest := sha256.Sum256(entries); hex.EncodeToString(digest[:]) != of.Digest {
		return fmt.Errorf("%s: %w", f.Path, ErrChanged)
	}
	path := filepath.Join(g.dir, segment.FileName(f.First, tree.Suffix(0)))
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, entries) {
		return nil
	}
	return g.files.Replace(path, entries, 0o600)
}
