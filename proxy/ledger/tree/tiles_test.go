package tree

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// TestPaths: those of the specification's text (c2sp.org/tlog-tiles), and what is none.
func TestPaths(t *testing.T) {
	t.Parallel()
	for path, tile := range map[string]tlog.Tile{
		"tile/0/x001/x234/067":       {H: 8, N: 1234067, W: 256},
		"tile/0/000":                 {H: 8, W: 256},
		"tile/0/273.p/112":           {H: 8, N: 273, W: 112},
		"tile/2/000.p/1":             {H: 8, L: 2, W: 1},
		"tile/63/999.p/255":          {H: 8, L: 63, N: 999, W: 255},
		"tile/entries/x001/000":      {H: 8, L: -1, N: 1000, W: 256},
		"tile/entries/x001/000.p/17": {H: 8, L: -1, N: 1000, W: 17},
	} {
		if got, err := ParsePath(path); err != nil || got != tile || Path(tile) != path {
			t.Errorf("%s: %v, %v; %s", path, got, err, Path(tile))
		}
	}
	for _, path := range []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "/tile/0/000", "tile/0/000/", "tile/0/0", "tile/0/0000",
		"tile/00/000", "tile/-1/000", "tile/data/000", "tile/8/data/000", "tile/8/0/000/000", "tile/64/000",
		"tile/0/x000/000", "tile/0/001/000", "tile/0/x001", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0",
		"tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/1/", "tile/0/../000", "entries/000", "0/000",
		"tile/entries/", "tile/entries/-01", "tile/entries/x9/000", "tile/0/x009/x223/x372/x036/x854/x775/808",
	} {
		if tile, err := ParsePath(path); !errors.Is(err, ErrPath) {
			t.Errorf("%q is %v", path, tile)
		}
	}
}

// tilePath is a path by the specification's words: the second reading.
var tilePath = regexp.MustCompile(
	`^tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/(?:x[0-9]{3}/)*[0-9]{3}` +
		`(\.p/([1-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5]))?$`)

// FuzzPath: what is taken is a path by the specification's words, and comes out as it went in.
func FuzzPath(f *testing.F) {
	for _, path := range []string{
		"tile/0/x001/x234/067", "tile/entries/000.p/9", "tile/8/data/000", "tile/0/000.p/256", "tile/07/000",
	} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		tile, err := ParsePath(path)
		is := tilePath.MatchString(path)
		if err == nil && (!is || Path(tile) != path) {
			t.Errorf("%q is %v", path, tile)
		}
		if err != nil && is && len(path) < 30 && !strings.Contains(path, "/x000/") {
			t.Errorf("%q is refused", path)
		}
	})
}

// FuzzEdge: what is taken comes out as it went in, and goes on.
func FuzzEdge(f *testing.F) {
	for _, n := range []int{0, 1, 5, 256, 300} {
		e := new(Edge)
		e.Append(AppendEntries(nil, lines(0, n)), nil)
		f.Add(e.Bytes())
	}
	f.Add([]byte{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := ParseEdge(b)
		if err != nil {
			return
		}
		if string(e.Bytes()) != string(b) {
			t.Errorf("%x comes out as %x", b, e.Bytes())
		}
		if before := e.Tree(); e.size < 1<<maxBits-1 {
			e.Append(make([]byte, 32), nil)
			if now := e.Tree(); now.N != before.N+1 || now.Hash == before.Hash {
				t.Errorf("%x does not go on", b)
			}
		}
	})
}

// layout reads a folder in C2SP's layout, by the words of c2sp.org/tlog-tiles and with tlog's checks: a reader that
// shares nothing with this package.
type layout string

func (layout) Height() int                     { return 8 }
func (layout) SaveTiles([]tlog.Tile, [][]byte) {}
func (l layout) ReadTiles(tiles []tlog.Tile) (all [][]byte, err error) {
	for _, t := range tiles {
		b, err := l.file(strconv.Itoa(t.L), t.N, t.W)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

// file reads a tile or a bundle. No test has more than 1000 of a level.
func (l layout) file(level string, n int64, width int) ([]byte, error) {
	name := "000" + strconv.FormatInt(n, 10)
	name = name[len(name)-3:]
	if width < 256 {
		name += ".p/" + strconv.Itoa(width)
	}
	return os.ReadFile(filepath.Join(string(l), "tile", level, filepath.FromSlash(name)))
}

// checks proves every entry of a log, whose bundles are cut as the specification says.
func (l layout) checks(t *testing.T, tree tlog.Tree) {
	t.Helper()
	reader := tlog.TileHashReader(tree, l)
	var bundle []byte
	for n := range tree.N {
		if n%256 == 0 {
			var err error
			if bundle, err = l.file("entries", n/256, int(min(256, tree.N-n))); err != nil {
				t.Fatal(err)
			}
		}
		size := binary.BigEndian.Uint16(bundle)
		entry := bundle[2 : 2+size]
		bundle = bundle[2+size:]
		if n%7 != 0 && n != tree.N-1 {
			continue
		}
		proof, err := tlog.ProveRecord(tree.N, n, reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, tlog.RecordHash(entry)); err != nil {
			t.Errorf("entry %d of %d: %v", n, tree.N, err)
		}
	}
	if len(bundle) > 0 {
		t.Errorf("%d bytes stand behind the last entry", len(bundle))
	}
}

// TestExport: a reader that shares nothing with this package finds all of the log in what is exported, also where that
// is gone on with.
func TestExport(t *testing.T) {
	t.Parallel()
	s, dir, before := open(t, t.TempDir(), 0, nil), t.TempDir(), int64(0)
	write := func(path string, data []byte) error {
		file := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		if got, err := s.tiles().Resource(path, s.edge.Size()); err != nil || string(got) != string(data) {
			t.Errorf("%s: %v", path, err)
		}
		return os.WriteFile(file, data, 0o600)
	}
	for _, n := range []int{1, 2, 255, 256, 257, 1000, 1000, 66_000} {
		s.append(n)
		if err := s.tiles().Export(before, int64(n), write); err != nil {
			t.Fatal(err)
		}
		before = int64(n)
		layout(dir).checks(t, s.edge.Tree())
	}
	stop := errors.New("stop")
	if err := s.tiles().Export(0, before, func(path string, _ []byte) error {
		if strings.HasPrefix(path, "tile/entries") {
			return stop
		}
		return nil
	}); !errors.Is(err, stop) {
		t.Errorf("an error of who writes: %v", err)
	}
}

// TestResources: nothing is shown of what the checkpoint does not cover.
func TestResources(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), 0, nil)
	s.append(700)
	for path, want := range map[string]struct {
		bytes int
		err   error
	}{
		"tile/0/000":            {8192, nil},
		"tile/0/001":            {8192, nil},
		"tile/0/002":            {0, ErrNoTile},
		"tile/0/002.p/88":       {88 * 32, nil},
		"tile/0/002.p/89":       {0, ErrNoTile},
		"tile/0/002.p/1":        {32, nil},
		"tile/0/000.p/5":        {160, nil},
		"tile/0/003":            {0, ErrNoTile},
		"tile/1/000.p/2":        {64, nil},
		"tile/1/000.p/3":        {0, ErrNoTile},
		"tile/1/000":            {0, ErrNoTile},
		"tile/2/000.p/1":        {0, ErrNoTile},
		"tile/9/000.p/1":        {0, ErrNoTile},
		"tile/entries/000":      {256 * 34, nil},
		"tile/entries/002.p/88": {88 * 34, nil},
		"tile/entries/002.p/89": {0, ErrNoTile},
		"tile/entries/002":      {0, ErrNoTile},
		"checkpoint":            {0, ErrPath},
	} {
		b, err := s.tiles().Resource(path, 600)
		if len(b) != want.bytes || !errors.Is(err, want.err) {
			t.Errorf("%s: %d bytes, %v", path, len(b), err)
		}
	}
}

// TestTesseraLog: a log that another program wrote, at every size that it had.
func TestTesseraLog(t *testing.T) {
	t.Parallel()
	const dir = "testdata/tessera-log"
	key, err := ParseKey("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
	if err != nil {
		t.Fatal(err)
	}
	var before []tlog.Tree
	for n := range 16 {
		msg, err := os.ReadFile(filepath.Join(dir, "checkpoint."+strconv.Itoa(n)))
		if err != nil {
			t.Fatal(err)
		}
		c, err := OpenCheckpoint(msg, key)
		if err != nil || c.Tree.N != int64(n) {
			t.Fatalf("checkpoint %d: %+v, %v", n, c, err)
		}
		layout(dir).checks(t, c.Tree)
		for _, known := range before {
			if err := Continues(known, c.Tree, tlog.TileHashReader(c.Tree, layout(dir))); err != nil {
				t.Errorf("%d after %d: %v", n, known.N, err)
			}
		}
		before = append(before, c.Tree)
	}
}
