package tree

import (
	"errors"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Height is how many levels of the tree a tile spans (c2sp.org/tlog-tiles), and width how many hashes a full one has.
const (
	Height = 8
	width  = 1 << Height
)

// topLevel is the highest level of tiles that a tree can have.
const topLevel = (maxBits - 1) / Height

// ErrPath says that a path names no tile and no bundle.
var ErrPath = errors.New("this is no path of a tile: tile/<L>/<N>[.p/<W>] or tile/entries/<N>[.p/<W>] is right")

// Path is the path of a tile in C2SP's layout, "tile/0/x001/234.p/5", or of a bundle of entries (level -1),
// "tile/entries/x001/234.p/5". The tile's height is [Height].
func Path(t tlog.Tile) string {
	rest := strings.TrimPrefix(t.Path(), "tile/8/")
	if n, found := strings.CutPrefix(rest, "data/"); found {
		rest = "entries/" + n
	}
	return "tile/" + rest
}

// ParsePath reads what [Path] gives, and nothing else. The error is [ErrPath].
func ParsePath(path string) (tlog.Tile, error) {
	rest, found := strings.CutPrefix(path, "tile/")
	if n, is := strings.CutPrefix(rest, "entries/"); is {
		rest = "data/" + n
	}
	t, err := tlog.ParseTilePath("tile/8/" + rest)
	if !found || err != nil || t.L > maxBits || Path(t) != path {
		return tlog.Tile{}, ErrPath
	}
	return t, nil
}

// within tells whether a tree of a size has a tile, or a bundle, and whether it is as wide.
func within(t tlog.Tile, size int64) bool {
	level := max(t.L, 0)
	if t.H != Height || level > topLevel || t.W < 1 || t.W > width {
		return false
	}
	n := size >> (Height * level) // hashes of that level
	full := n >> Height           // full tiles of it
	return t.N >= 0 && (t.N < full || t.N == full && int64(t.W) <= n&(width-1))
}
