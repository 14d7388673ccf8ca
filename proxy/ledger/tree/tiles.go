package tree

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Tiles reads the tiles of a tree from what is stored of it: its entries, and the nodes of tiles from level 1 on.
type Tiles struct {
	Entries Source
	Levels  [topLevel + 1]Source // [0] is not used; nil: the tree has none of that level
}

var _ tlog.TileReader = (*Tiles)(nil)

// Height is [Height].
func (*Tiles) Height() int { return Height }

// ReadTiles reads tiles.
func (t *Tiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		var err error
		if data[i], err = t.Tile(tile); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// SaveTiles does nothing: they are stored.
func (*Tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// ErrStored says that what is stored is not what a tree is made of: hashes were changed, or it is another tree.
var ErrStored = errors.New("the hashes that are stored do not make the tree's root")

// Hashes reads the hashes of a tree. Whatever it reads is held against the tree's root; the error wraps [ErrStored]
// where it is something else, and [ErrMissing] where something is not there.
func (t *Tiles) Hashes(of tlog.Tree) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		r := &reading{Tiles: t}
		hashes, err := tlog.TileHashReader(of, r).ReadHashes(indexes)
		if err != nil && r.failed == nil {
			err = fmt.Errorf("%w: %w", ErrStored, err)
		}
		return hashes, err
	})
}

// reading keeps what reading failed with: any other error is about what was read.
type reading struct {
	*Tiles
	failed error
}

// ReadTiles reads tiles.
func (r *reading) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	data, r.failed = r.Tiles.ReadTiles(tiles)
	return data, r.failed
}

// Tile reads a tile: hashes of leaves, or of full tiles one level below.
func (t *Tiles) Tile(tile tlog.Tile) ([]byte, error) {
	b := make([]byte, tile.W*tlog.HashSize)
	if tile.L > 0 {
		if tile.L > topLevel || t.Levels[tile.L] == nil {
			return nil, fmt.Errorf("%w: there is no level %d", ErrMissing, tile.L)
		}
		return b, inTile(tile, t.Levels[tile.L].HashesAt(b, tile.N<<Height))
	}
	if err := t.Entries.HashesAt(b, tile.N<<Height); err != nil {
		return b, inTile(tile, err)
	}
	for at := 0; at < len(b); at += tlog.HashSize {
		leaf := tlog.RecordHash(b[at : at+tlog.HashSize])
		copy(b[at:], leaf[:])
	}
	return b, nil
}

// Bundle reads a bundle of entries: each behind its length in 2 bytes, the most significant first.
func (t *Tiles) Bundle(tile tlog.Tile) ([]byte, error) {
	entries := make([]byte, tile.W*tlog.HashSize)
	if err := t.Entries.HashesAt(entries, tile.N<<Height); err != nil {
		return nil, inTile(tile, err)
	}
	b := make([]byte, 0, tile.W*(2+tlog.HashSize))
	for ; len(entries) > 0; entries = entries[tlog.HashSize:] {
		b = binary.BigEndian.AppendUint16(b, tlog.HashSize)
		b = append(b, entries[:tlog.HashSize]...)
	}
	return b, nil
}

// inTile says where an error was met.
func inTile(t tlog.Tile, err error) error {
	if err != nil {
		err = fmt.Errorf("%s: %w", Path(t), err)
	}
	return err
}

// ErrNoTile says that a tree has no such tile, or not yet.
var ErrNoTile = errors.New("the tree has no such tile")

// Resource reads what a path names, of a tree of a size: a tile or a bundle. The error is [ErrPath] or [ErrNoTile]
// where there is no such thing; anything else is a fault of what is stored.
func (t *Tiles) Resource(path string, size int64) ([]byte, error) {
	tile, err := ParsePath(path)
	switch {
	case err != nil:
		return nil, err
	case !within(tile, size):
		return nil, ErrNoTile
	case tile.L < 0:
		return t.Bundle(tile)
	}
	return t.Tile(tile)
}

// Export hands over every tile and bundle that a tree of size to has and one of size from has not, with their paths.
// What is partial at to is partial; what was at from may be deleted. The bytes belong to who is called.
func (t *Tiles) Export(from, to int64, write func(path string, data []byte) error) error {
	for _, tile := range tlog.NewTiles(Height, from, to) {
		data, err := t.Tile(tile)
		if err == nil {
			err = write(Path(tile), data)
		}
		if err != nil || tile.L > 0 {
			if err != nil {
				return err
			}
			continue
		}
		tile.L = -1
		if data, err = t.Bundle(tile); err != nil {
			return err
		}
		if err := write(Path(tile), data); err != nil {
			return err
		}
	}
	return nil
}

// above is the node that a full tile stands for, one level of tiles above it.
func above(t tlog.Tile, data []byte) (tlog.Hash, error) {
	var half [2]tlog.Hash
	for i := range half {
		index := tlog.StoredHashIndex(Height*(t.L+1)-1, 2*t.N+int64(i))
		var err error
		if half[i], err = tlog.HashFromTile(t, data, index); err != nil {
			return tlog.Hash{}, err
		}
	}
	return tlog.NodeHash(half[0], half[1]), nil
}
