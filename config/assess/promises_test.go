package assess

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestApprovePromises: versions count up from the last that is known; what cannot be signed is left as it is.
func TestApprovePromises(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	path := filepath.Join(f.dir, "policy", config.PromisesFile)
	stranger, _, err := note.GenerateKey(nil, "privacy")
	if err != nil {
		t.Fatal(err)
	}
	text := func() string {
		t.Helper()
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	before := text()
	var many strings.Builder
	many.WriteString("promises:\n")
	for i := range basis.MaxPromised + 1 {
		fmt.Fprintf(&many, "  - { id: p%d, says: x, never: { class: recording } }\n", i)
	}
	seen := basis.Past{Promised: basis.Promised{Version: 7, By: "privacy+00000000"}}
	for _, of := range []struct {
		name, promises, key string
		past                basis.Past
		version             int
		want                string // "" where it is signed
		signed              int
	}{
		{name: "no key", promises: before, key: "key", want: "no private key of an approver"},
		{name: "a stranger's key", promises: before, key: stranger, want: "none of the approvers'"},
		{name: "too many", promises: many.String(), key: f.private,
			want: "there are 401 promises, and 400 at most can be signed"},
		{name: "in braces", promises: "{promises: [{id: p, says: x, never: {class: recording}}]}", key: f.private,
			want: "one key a line"},
		{name: "a version that was", promises: before, key: f.private, past: seen, version: 7,
			want: "version 7 was approved before: 8 is the next"},
		{name: "the first", promises: before, key: f.private, signed: 1},
		{name: "after what the ledger saw", promises: before, key: f.private, past: seen, signed: 8},
		{name: "a version that was given", promises: before, key: f.private, version: 12, signed: 12},
		{name: "after the one in the file", key: f.private, past: seen, signed: 13},
	} {
		if of.promises != "" {
			if err := os.WriteFile(path, []byte(of.promises), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		source, err := config.Read(filepath.Join(f.dir, "tagwarden.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := config.Examine(source, of.past)
		if err != nil {
			t.Fatal(err)
		}
		was := text()
		file, signed, err := ApprovePromises(loaded, of.key, noon, of.version)
		switch {
		case of.want != "":
			if err == nil || !strings.Contains(err.Error(), of.want) || text() != was {
				t.Errorf("%s: %v, want %s", of.name, err, of.want)
			}
		case err != nil || file != path || signed.Version != of.signed || len(signed.Promises) != len(loaded.Promises):
			t.Errorf("%s: %s, %+v, %v", of.name, file, signed, err)
		default:
			if got := f.load(t).Promised; got.Version != of.signed || !got.At.Equal(noon) || got.By != signed.By {
				t.Errorf("%s: signed is %+v", of.name, got)
			}
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ApprovePromises(f.load(t), f.private, noon, 0); err == nil || !strings.Contains(err.Error(),
		"there is no promises.yaml in") {
		t.Errorf("without a file: %v", err)
	}
}
