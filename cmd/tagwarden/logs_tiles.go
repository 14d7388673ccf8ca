package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/publish"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// exportTiles writes the tree to a folder, where other people's tools read it: of the ledger's folder alone, which may
// be a copy, or that of a running server.
func exportTiles(t *terminal, dir, to, form string) int {
	checkpoint, key, err := readHead(dir)
	if err != nil {
		return t.failed(err)
	}
	tiles, err := tree.OfFolder(dir) // behind the checkpoint: what that names is there
	if err != nil {
		return t.failed(err)
	}
	bar := newProgress(t, nil, 0)
	e := publish.Export{
		Checkpoint: checkpoint, Key: key, Tiles: tiles, Dir: to,
		Progress: func(done, all int64) {
			bar.size = all
			bar.read.Store(done)
			bar.show()
		},
	}
	out, err := e.Write()
	bar.end()
	if err != nil {
		return t.failed(fmt.Errorf("the log cannot be written as tiles: %w", err))
	}
	if form == "json" {
		printJSON(t.out, out, "  ")
		return fine
	}
	printf(t.out, "%s: %s, root %s\n", out.Origin, plural.Of(out.Size, "record"), out.Root)
	printf(t.out, "%s: %s written, %s more than before\n", to, plural.Of(out.Written, "file"),
		plural.Of(out.Size-out.From, "record"))
	return fine
}

// readHead reads the newest checkpoint of a ledger's folder, and the key that it is signed with.
func readHead(dir string) (checkpoint []byte, key note.Verifier, err error) {
	checkpoint, err = readNamed(filepath.Join(dir, ledger.CheckpointFile), mostNamed)
	var public []byte
	if err == nil {
		public, err = readNamed(filepath.Join(dir, ledger.KeyFile), mostNamed)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s holds no checkpoint with its key: the server signs one some seconds after its first "+
			"start", dir)
	}
	if err != nil {
		return nil, nil, err
	}
	if key, err = tree.ParseKey(strings.TrimSpace(string(public))); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", filepath.Join(dir, ledger.KeyFile), err)
	}
	return checkpoint, key, nil
}
