package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestKeptFoldersRememberTheirKeys: where a folder's key state is lost, its ledger knows of which root it was, also
// where its records say that in a sentence alone: another root makes none in its place, the right one does.
func TestKeptFoldersRememberTheirKeys(t *testing.T) {
	sentences := 0
	for _, name := range keptFolderNames(t) {
		o := openFolder(t, filepath.Join(keptFolders, name))
		dir := filepath.Join(o.dir, "data", "ledger")
		past, err := ledger.RecoverKeys(dir)
		if err != nil || !past.Known || past.Identity != o.Identity {
			t.Errorf("%s: of its keys %+v is remembered, %v; they are %s", name, past, err, o.Identity)
		}
		err = ledger.Search(dir, ledger.Query{Members: map[string]string{"kind": ledger.KindKey}}, func(record []byte) bool {
			if !bytes.Contains(record, []byte(`"identity":`)) {
				sentences++
			}
			return true
		})
		if err = errors.Join(err, os.RemoveAll(proxy.KeysDir(filepath.Join(o.dir, "data")))); err != nil {
			t.Fatal(err)
		}
		loaded, err := config.Load(o.file())
		if err != nil {
			t.Fatal(err)
		}
		root, err := rootFor(t.Context(), &loaded.Server)
		if err != nil {
			t.Fatal(err)
		}
		options := proxy.Options{Root: pseudonym.Root{1}, Now: func() time.Time { return o.clock }, Aside: true}
		if _, err := proxy.New(loaded, options); !errors.Is(err, keys.ErrForeign) {
			t.Errorf("%s: with another root: %v", name, err)
		}
		options.Root = root
		s, err := proxy.New(loaded, options)
		if err != nil {
			t.Fatalf("%s: with its root: %v", name, err)
		}
		if err := s.Release(); err != nil {
			t.Error(err)
		}
	}
	if sentences == 0 {
		t.Error("no kept folder says it in a sentence: this test does not see that it is read")
	}
}
