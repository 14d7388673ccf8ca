package publish

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// hashes are those of one level, in memory.
type hashes []byte

func (h *hashes) HashesAt(dst []byte, first int64) error {
	if from := first * tlog.HashSize; from+int64(len(dst)) <= int64(len(*h)) {
		copy(dst, (*h)[from:])
		return nil
	}
	return tree.ErrMissing
}

// log is one in memory, signed.
type log struct {
	tiles  tree.Tiles
	all    [4]hashes
	tree   tlog.Tree
	signed []byte
	key    note.Verifier
}

// logOf is a log of so many records, made of a word.
func logOf(t testing.TB, records int, word string) *log {
	t.Helper()
	l := new(log)
	var edge tree.Edge
	for n := range records {
		entry := tree.AppendEntries(nil, fmt.Appendf(nil, "%s %d\n", word, n))
		l.all[0] = append(l.all[0], entry...)
		for _, node := range edge.Append(entry, nil) {
			l.all[node.Level] = append(l.all[node.Level], node.Hash[:]...)
		}
	}
	l.tiles.Entries = &l.all[0]
	for level := range l.all[1:] {
		l.tiles.Levels[level+1] = &l.all[level+1]
	}
	signer, err := tree.NewSigner("shop.example/tagwarden", [32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	l.tree = edge.Tree()
	if l.signed, err = signer.Sign(l.tree); err != nil {
		t.Fatal(err)
	}
	if l.key, err = tree.ParseKey(signer.Public()); err != nil {
		t.Fatal(err)
	}
	return l
}

// to is an export of the log to a folder.
func (l *log) to(dir string) *Export {
	return &Export{Checkpoint: l.signed, Key: l.key, Tiles: &l.tiles, Dir: dir}
}

// folder reads tiles of a folder by the words of the specification.
type folder string

func (folder) Height() int                        { return 8 }
func (folder) SaveTiles([]tlog.Tile, [][]byte)    {}
func (f folder) read(path string) ([]byte, error) { return os.ReadFile(filepath.Join(string(f), path)) }

func (f folder) ReadTiles(tiles []tlog.Tile) (all [][]byte, err error) {
	for _, tile := range tiles {
		n := fmt.Sprintf("%03d", tile.N%1000)
		if tile.N >= 1000 {
			n = fmt.Sprintf("x%03d/%s", tile.N/1000, n)
		}
		if tile.W < 256 {
			n += fmt.Sprintf(".p/%d", tile.W)
		}
		data, err := f.read(fmt.Sprintf("tile/%d/%s", tile.L, n))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// complete tells whether a folder holds a log of the word "record" whole: its checkpoint, every leaf, and every entry.
func complete(t *testing.T, dir string, l *log) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil || !bytes.Equal(text, l.signed) {
		t.Errorf("%v: %s", err, text)
	}
	hashes := tlog.TileHashReader(l.tree, folder(dir))
	for n := range l.tree.N {
		if n%97 != 0 && n != l.tree.N-1 {
			continue
		}
		entry := tree.EntryOf(fmt.Appendf(nil, "record %d", n))
		proof, err := tlog.ProveRecord(l.tree.N, n, hashes)
		if err == nil {
			err = tlog.CheckRecord(proof, l.tree.N, l.tree.Hash, n, tlog.RecordHash(entry[:]))
		}
		if err != nil {
			t.Fatalf("%d of %d: %v", n, l.tree.N, err)
		}
	}
}

// TestExport: whatever was there before, a run writes what is new, and the folder holds the log whole.
func TestExport(t *testing.T) {
	t.Parallel()
	sizes := []int{0, 1, 255, 256, 257, 3_000, 65_536, 65_546, 70_000}
	dir := t.TempDir()
	before := int64(0)
	for _, size := range sizes {
		l := logOf(t, size, "record")
		out, err := l.to(dir).Write()
		if err != nil || out.Size != int64(size) || out.From != before || out.There > 0 {
			t.Fatalf("%d: %+v, %v", size, out, err)
		}
		complete(t, dir, l)
		again, err := l.to(dir).Write()
		if err != nil || again.Written > 0 || again.From != int64(size) {
			t.Errorf("%d again: %+v, %v", size, again, err)
		}
		alone := filepath.Join(t.TempDir(), "made", "here")
		if _, err := l.to(alone).Write(); err != nil {
			t.Errorf("%d: %v", size, err)
		}
		complete(t, alone, l)
		before = int64(size)
	}
	bundle, err := folder(dir).read("tile/entries/000")
	entry := tree.EntryOf([]byte("record 0"))
	if err != nil || len(bundle) != 256*34 || !bytes.Equal(bundle[:34], append([]byte{0, 32}, entry[:]...)) {
		t.Errorf("a bundle of %d bytes, %v", len(bundle), err)
	}
}

// TestExportThatEndsInTheMiddle: wherever it does, what lies there is whole, and the next run goes on.
func TestExportThatEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	l := logOf(t, 1_000, "record")
	for n := 1; ; n += 7 {
		dir := t.TempDir()
		disk, err := crash.New(dir)
		if err != nil {
			t.Fatal(err)
		}
		disk.Die(n)
		e := l.to(dir)
		e.Files = durable.Files{Disk: disk}
		_, err = e.Write()
		if err == nil {
			break
		}
		into := t.TempDir()
		if err := disk.Leave(crash.Left[n%len(crash.Left)], into); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(into, "checkpoint")); err == nil {
			complete(t, into, l)
		}
		if _, err := l.to(into).Write(); err != nil {
			t.Fatalf("step %d: %v", n, err)
		}
		complete(t, into, l)
	}
}

// TestExportRefuses: what is written to nobody else's folder, and of nothing that was not signed.
func TestExportRefuses(t *testing.T) {
	t.Parallel()
	l := logOf(t, 1_000, "record")
	other, err := tree.NewSigner("shop.example/tagwarden", [32]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := other.Sign(l.tree)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name, text string) func(string) error {
		return func(dir string) error {
			path := filepath.Join(dir, name)
			return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600))
		}
	}
	for what, c := range map[string]struct {
		before func(dir string) error
		want   error
	}{
		"a larger tree": {func(dir string) error {
			_, err := logOf(t, 1_001, "record").to(dir).Write()
			return err
		}, tree.ErrSmaller},
		"another tree": {func(dir string) error {
			_, err := logOf(t, 900, "other").to(dir).Write()
			return err
		}, tree.ErrOther},
		"another, as large": {func(dir string) error {
			_, err := logOf(t, 1_000, "other").to(dir).Write()
			return err
		}, tree.ErrOther},
		"another log's":   {put("checkpoint", string(foreign)), tree.ErrCheckpoint},
		"no checkpoint":   {put("checkpoint", "x"), tree.ErrCheckpoint},
		"something else":  {put("notes.txt", "x"), ErrElse},
		"a file of tiles": {put("tile", "x"), ErrElse},
		"another tile":    {put("tile/0/002", "x"), ErrOtherFile},
		"another bundle":  {put("tile/entries/003.p/232", "x"), ErrOtherFile},
	} {
		dir := t.TempDir()
		if err := c.before(dir); err != nil {
			t.Fatal(err)
		}
		text, _ := os.ReadFile(filepath.Join(dir, "checkpoint"))
		if _, err := l.to(dir).Write(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", what, err)
		}
		if after, err := os.ReadFile(filepath.Join(dir, "checkpoint")); !bytes.Equal(after, text) || err != nil &&
			!errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the checkpoint was written", what)
		}
	}
	for what, change := range map[string]func(*log){
		"another entry": func(l *log) { l.all[0][500*tlog.HashSize] ^= 1 },
		"another node":  func(l *log) { l.all[1][0] ^= 1 },
	} {
		l, dir := logOf(t, 1_000, "record"), filepath.Join(t.TempDir(), "new")
		change(l)
		if _, err := l.to(dir).Write(); !errors.Is(err, tree.ErrStored) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "tile")); err == nil {
			t.Errorf("%s: it was written", what)
		}
	}
	l.signed = []byte(strings.Replace(string(l.signed), "1000", "999", 1))
	if _, err := l.to(t.TempDir()).Write(); !errors.Is(err, tree.ErrCheckpoint) {
		t.Errorf("a checkpoint that nobody signed: %v", err)
	}
}
