package tree

import "golang.org/x/mod/sumdb/tlog"

// OfFolder reads the tiles of the tree whose hashes a folder holds, as it stands now: nothing of the folder is written.
// Nodes that are not on disk, as those of a segment that is being written, are made of what is below them.
func OfFolder(dir string) (*Tiles, error) {
	entries, err := List(dir, 0)
	if err != nil {
		return nil, err
	}
	t := &Tiles{Entries: entries}
	for level := 1; level <= topLevel; level++ {
		stored, err := List(dir, level)
		if err != nil {
			return nil, err
		}
		t.Levels[level] = &remade{t, level, stored}
	}
	return t, nil
}

// remade are the nodes of a level, read as far as they are stored, and made from there on.
type remade struct {
	tiles  *Tiles
	level  int
	stored Runs
}

// HashesAt reads hashes, or makes them.
func (r *remade) HashesAt(dst []byte, first int64) error {
	there := min(max(r.stored.End()-first, 0), int64(len(dst)/tlog.HashSize))
	if err := r.stored.HashesAt(dst[:there*tlog.HashSize], first); err != nil && there > 0 {
		return err
	}
	for n := first + there; n < first+int64(len(dst)/tlog.HashSize); n++ {
		node, err := r.tiles.node(r.level, n)
		if err != nil {
			return err
		}
		copy(dst[(n-first)*tlog.HashSize:], node[:])
	}
	return nil
}
