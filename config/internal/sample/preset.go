package sample

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/files"
)

// approver is the approver's public key in a server file.
var approver = regexp.MustCompile(`privacy\+[0-9a-f]+\+[A-Za-z0-9+/=]+`)

// Preset is what `tagwarden init --example NAME` makes, "" for what it makes without, with every assessment approved.
func Preset(t testing.TB, name string) *config.Loaded {
	t.Helper()
	dir := t.TempDir()
	if _, err := config.InitExample(name, dir, nil, Day); err != nil {
		t.Fatal(err)
	}
	_, public := files.ApproverKeys(t)
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, ".key") {
			return err
		}
		text, err := os.ReadFile(filepath.Clean(path))
		inside, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(inside)] = approver.ReplaceAll(text, []byte(public))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return Approved(t, all)
}
