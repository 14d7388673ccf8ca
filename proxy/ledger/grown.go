package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// grown is the tree over the records that were written.
type grown struct {
	hashes *tree.Hashes // entries
	levels *tree.Levels

	entries []byte      // room for those of a group; the writing goroutine's
	nodes   []tree.Node // likewise

	mu   sync.Mutex
	edge tree.Edge
}

// wrote adds what was written. The writer calls it, group by group.
func (g *grown) wrote(_ uint64, frames []byte, _ int) {
	g.entries = tree.AppendEntries(g.entries[:0], frames)
	g.hashes.Append(g.entries)
	g.mu.Lock()
	g.nodes = g.edge.Append(g.entries, g.nodes[:0])
	g.mu.Unlock()
	g.levels.Append(g.nodes)
	if cap(g.entries) > mostLines {
		g.entries = nil
	}
}

// now is the tree as it stands.
func (g *grown) now() tlog.Tree {
	g.mu.Lock()
	edge := g.edge
	g.mu.Unlock()
	return edge.Tree()
}

// sync brings hashes to disk.
func (g *grown) sync() error { return errors.Join(g.hashes.Sync(), g.levels.Sync()) }

func (g *grown) close() error { return errors.Join(g.hashes.Close(), g.levels.Close()) }

// growFrom makes the tree of what stands: the hashes of sealed segments are on disk, those of the records behind were made
// of their lines. It is refused where it does not go on from the newest checkpoint that is known.
func (l *Ledger) growFrom(from *Standing) (*Restored, error) {
	if from.old {
		return nil, errors.New("the ledger was written by a version before, and is not brought to numbers yet")
	}
	g := &l.tree
	sealed := int64(from.sealed)
	var err error
	g.hashes, err = tree.OpenHashes(l.opts.Dir, 0, sealed, l.opts.Disk)
	if errors.Is(err, tree.ErrShort) {
		if err = l.hashAgain(from.sealed); err == nil {
			g.hashes, err = tree.OpenHashes(l.opts.Dir, 0, sealed, l.opts.Disk)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the hashes of the ledger's records cannot be read: %w", err)
	}
	if g.levels, err = tree.OpenLevels(l.opts.Dir, sealed, l.opts.Disk); err != nil {
		return nil, fmt.Errorf("the ledger's tree cannot be read: %w", err)
	}
	if !g.levels.Whole(sealed) {
		if err := g.levels.Extend(g.hashes, sealed, nil); err != nil {
			return nil, fmt.Errorf("the ledger's tree cannot be made again: %w", err)
		}
	}
	g.hashes.Append(from.rest)
	g.levels.Append(from.nodes)
	g.edge = from.edge
	var restored *Restored
	if err := l.checkTree(from); err != nil {
		if restored, err = l.restores(from, err); err != nil {
			return nil, err
		}
	}
	for _, of := range from.tail { // a file of hashes for each segment
		if err := g.hashes.Roll(int64(of.First)); err != nil {
			return nil, err
		}
	}
	return restored, g.hashes.Roll(int64(from.Next()))
}

// checkTree tells whether the tree's edge is that of the hashes that are stored.
func (l *Ledger) checkTree(from *Standing) error {
	g := &l.tree
	now := g.edge.Tree()
	if now.N > 0 {
		root, err := tlog.TreeHash(now.N, g.tiles().Hashes(now))
		if err != nil {
			return fmt.Errorf("the hashes of the ledger's tree are not those of its records: %w", err)
		}
		if root != now.Hash {
			return fmt.Errorf("the hashes of the ledger's tree are not those of its records: %w", tree.ErrStored)
		}
	}
	known, err := l.known()
	if err != nil || known == nil {
		return err
	}
	return tree.Continues(known.Tree, now, g.tiles().Hashes(now))
}

// tiles reads the tiles of the tree.
func (g *grown) tiles() *tree.Tiles { return g.levels.Tiles(g.hashes) }

// hashAgain makes the files of hashes of sealed segments anew, of their lines, where they are missing or short.
func (l *Ledger) hashAgain(sealed uint64) error {
	runs, err := tree.List(l.opts.Dir, 0)
	if err != nil {
		return err
	}
	files, err := numbered(l.opts.Dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.End == 0 || f.End > sealed {
			f.End = sealed
		}
		if f.First >= sealed || int64(f.End) <= runs.End() {
			continue
		}
		var b bytes.Buffer
		if _, err := scanSegment(f, func(_ []byte, entry tree.Entry) error {
			b.Write(entry[:])
			return nil
		}); err != nil {
			return err
		}
		path := filepath.Join(l.opts.Dir, segment.FileName(f.First, tree.Suffix(0)))
		if err := l.files.Replace(path, b.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// TornSuffix is the end of the name of a file that was to be a segment, and holds no record.
const TornSuffix = ".torn"

// removeEmpty takes away the segment of a number, which holds no record. What lies in it is kept under another name.
func (l *Ledger) removeEmpty(number uint64) error {
	path := filepath.Join(l.opts.Dir, segment.FileName(number, OpenSuffix))
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Size() == 0:
		return l.files.Remove(path)
	}
	return l.files.Rename(path, filepath.Join(l.opts.Dir, segment.FileName(number, TornSuffix)))
}
