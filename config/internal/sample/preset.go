package sample

import (
	"io/fs"
	"os"
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
	folder := os.DirFS(dir)
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, ".key") {
			return err
		}
		text, err := fs.ReadFile(folder, name)
		all[name] = approver.ReplaceAll(text, []byte(public))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return Approved(t, all)
}
