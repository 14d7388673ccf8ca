// Package files holds what tests of the configuration are made of, without knowing the configuration: archives as files
// by name, and the keys of an approver. It promises the same keys in every run.
package files

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/mod/sumdb/note"
)

// Archive reads a txtar file as files by name.
func Archive(t testing.TB, name string) (*txtar.Archive, map[string][]byte) {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return a, ByName(a)
}

// ByName returns an archive's files by name, each a copy.
func ByName(a *txtar.Archive) map[string][]byte {
	files := map[string][]byte{}
	for _, f := range a.Files {
		files[f.Name] = bytes.Clone(f.Data)
	}
	return files
}

// ApproverKeys makes the private and the public key of an approver called privacy.
func ApproverKeys(t testing.TB) (private, public string) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	public, err := note.NewEd25519VerifierKey("privacy", key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	hash := strings.Split(public, "+")[1]
	return "PRIVATE+KEY+privacy+" + hash + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, key.Seed()...)),
		public
}

// Written puts files into a new folder and returns the server file's path.
func Written(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		Put(t, dir, name, text)
	}
	return filepath.Join(dir, "tagwarden.yaml")
}

// Put writes a file of a folder, which may not be there yet.
func Put(t testing.TB, dir, name string, text []byte) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, text, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// Own puts names of somebody's own into files that were written with placeholders: a domain (as long, for hits have
// lengths), a firm and its address.
func Own(t testing.TB, paths []string) {
	t.Helper()
	own := strings.NewReplacer("shop.example", "boutiques.fr", "Shop SARL", "Dupont SARL", "Shop GmbH", "Lindner GmbH",
		"1 rue de l'Exemple", "12 rue du Bac", "Example Street 1", "Lindenstr. 7", "Example Shop",
		"Boutiques")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(own.Replace(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
