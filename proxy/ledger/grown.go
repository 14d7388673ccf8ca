package ledger

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// grown is the tree over the records that were written.
type grown struct {
	dir    string
	files  durable.Files
	report func(what string, err error)

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

// growFrom makes the tree of what stands: the hashes of sealed segments are on disk, those of the records
// behind were made of their lines. What is damaged of them is made again. It is refused where it does not go on
// from the newest checkpoint that is known.
func (s *signing) growFrom(from *Standing) (*Restored, error) {
	if from.old {
		return nil, errors.New("the ledger was written by a version before, and is not brought to numbers yet")
	}
	g := s.tree
	if err := g.openWhole(from); err != nil {
		return nil, err
	}
	var restored *Restored
	err := s.continues(g.edge.Tree())
	if err != nil {
		if restored, err = s.restores(from, err); err != nil {
			return nil, err
		}
	} else if err := s.forgetRestore(); err != nil {
		return nil, err
	}
	for _, first := range from.tail { // a file of hashes for each segment
		if err := g.hashes.Roll(int64(first)); err != nil {
			return nil, err
		}
	}
	return restored, g.hashes.Roll(int64(from.Next()))
}

// openTree opens what is stored of the tree, and tells whether it makes the root of what stands.
func (g *grown) openTree(from *Standing) (err error) {
	sealed := int64(from.sealed)
	if g.hashes, err = tree.OpenHashes(g.dir, 0, sealed, g.files.Disk); err != nil {
		return err
	}
	if g.levels, err = tree.OpenLevels(g.dir, sealed, g.files.Disk); err != nil {
		return err
	}
	if !g.levels.Whole(sealed) {
		if err := g.levels.Extend(g.hashes, sealed, nil); err != nil {
			return errors.Join(err, g.levels.Close())
		}
	}
	g.hashes.Append(from.rest)
	g.levels.Append(from.nodes)
	g.edge = from.edge
	if now := g.edge.Tree(); now.N > 0 {
		// The whole right edge is read by it, and held against the root.
		if _, err = tlog.TreeHash(now.N, g.tiles().Hashes(now)); err == nil {
			_, err = g.tiles().Hashes(now).ReadHashes([]int64{tlog.StoredHashIndex(0, now.N-1)})
		}
	}
	return err
}

// continues tells whether a tree goes on from the newest checkpoint that is known.
func (s *signing) continues(now tlog.Tree) error {
	known, err := s.known()
	if err != nil || known == nil {
		return err
	}
	return tree.Continues(known.Tree, now, s.tree.tiles().Hashes(now))
}

// tiles reads the tiles of the tree.
func (g *grown) tiles() *tree.Tiles { return g.levels.Tiles(g.hashes) }

// TornSuffix is the end of the name of a file that was to be a segment, and holds no record.
const TornSuffix = ".torn"

// removeEmpty takes away the segment of a number, which holds no record. What lies in it is kept under another name.
func (s *sealing) removeEmpty(number uint64) error {
	path := filepath.Join(s.opts.Dir, segment.FileName(number, OpenSuffix))
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Size() == 0:
		return s.files.Remove(path)
	}
	return s.files.Rename(path, filepath.Join(s.opts.Dir, segment.FileName(number, TornSuffix)))
}
