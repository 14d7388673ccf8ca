package tree

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/config/durable"
)

// Levels are the nodes of tiles from level 1 on: 32 bytes for 256 records, and so on. They can be made again of
// entries.
type Levels struct {
	of [topLevel + 1]*Hashes // [0] is nil: entries stand in files of their own
}

// OpenLevels opens the nodes of a tree of a size: those of sealed segments. A level of which some are missing has what
// is there up to them; [Levels.Extend] makes the rest.
func OpenLevels(dir string, size int64, disk durable.Disk) (*Levels, error) {
	l := new(Levels)
	for level := 1; level <= topLevel; level++ {
		runs, err := List(dir, level)
		if err != nil {
			return nil, err
		}
		n := min(runs.End(), size>>(Height*level))
		if l.of[level], err = OpenHashes(dir, level, n, disk); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Append adds nodes that became complete, as [Edge.Append] gives them. It waits for no disk.
func (l *Levels) Append(full []Node) {
	for i := range full {
		l.of[full[i].Level].Append(full[i].Hash[:])
	}
}

// Unsynced is how many bytes are in memory alone.
func (l *Levels) Unsynced() (n int) {
	for _, h := range l.of[1:] {
		n += h.Unsynced()
	}
	return n
}

// Sync brings to disk what was appended before. Before a segment is sealed it has to have returned nil.
func (l *Levels) Sync() error { return l.each((*Hashes).Sync) }

// Close brings everything to disk.
func (l *Levels) Close() error { return l.each((*Hashes).Close) }

func (l *Levels) each(do func(*Hashes) error) (err error) {
	for _, h := range l.of[1:] {
		err = errors.Join(err, do(h))
	}
	return err
}

// Tiles reads the tiles of the tree over these entries.
func (l *Levels) Tiles(entries Source) *Tiles {
	t := &Tiles{Entries: entries}
	for level, h := range l.of {
		if h != nil {
			t.Levels[level] = h
		}
	}
	return t
}

// Whole tells whether every node of a tree of a size is there.
func (l *Levels) Whole(size int64) bool {
	for level := 1; level <= topLevel; level++ {
		if l.of[level].End() < size>>(Height*level) {
			return false
		}
	}
	return true
}

// mostUnsynced is how many bytes are made before they are brought to disk.
const mostUnsynced = 1 << 20

// Extend makes the nodes that a tree of a size has and that are not there, of its entries, and brings them to disk.
// Nobody appends meanwhile. Progress, unless it is nil, is told how many entries were read.
func (l *Levels) Extend(entries Source, size int64, progress func(entries int64)) error {
	tiles := l.Tiles(entries)
	for level := 1; level <= topLevel; level++ {
		for to := l.of[level]; to.End() < size>>(Height*level); {
			node, err := tiles.node(level, to.End())
			if err != nil {
				return err
			}
			to.Append(node[:])
			if to.Unsynced() > mostUnsynced {
				if err := to.Sync(); err != nil {
					return err
				}
			}
			if level == 1 && progress != nil {
				progress(to.End() << Height)
			}
		}
	}
	return l.Sync()
}

// node makes a node of the full tile below it.
func (t *Tiles) node(level int, n int64) (tlog.Hash, error) {
	below := tlog.Tile{H: Height, L: level - 1, N: n, W: width}
	data, err := t.Tile(below)
	if err != nil {
		return tlog.Hash{}, err
	}
	return above(below, data)
}

// ErrOtherNode says that a node is not what the entries make.
var ErrOtherNode = errors.New("a node of the tree is not what its entries make: remove the file, it is made again")

// CheckLevels tells whether the nodes that a folder holds are those that the entries of a tree of a size make. The
// error wraps [ErrOtherNode] or [ErrMissing], and names the file's level and the node.
func CheckLevels(dir string, entries Source, size int64) error {
	tiles := &Tiles{Entries: entries}
	for level := 1; level <= topLevel; level++ {
		runs, err := List(dir, level)
		if err != nil {
			return err
		}
		tiles.Levels[level] = runs
	}
	var stored tlog.Hash
	for level := 1; size>>(Height*level) > 0; level++ {
		for n := range size >> (Height * level) {
			made, err := tiles.node(level, n)
			if err == nil {
				err = tiles.Levels[level].HashesAt(stored[:], n)
			}
			if err == nil && !bytes.Equal(stored[:], made[:]) {
				err = ErrOtherNode
			}
			if err != nil {
				return fmt.Errorf("node %d in *%s: %w", n, Suffix(level), err)
			}
		}
	}
	return nil
}
