// Package sample is a configuration in which most things occur, for tests of what reads a configuration. It promises
// that its assessments are approved where a test asks for that.
package sample

import (
	"bytes"
	_ "embed"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/files"
	"github.com/tagwarden/tagwarden/rules/basis"
)

//go:embed policy.txtar
var policy []byte

// Day is a day on which all but one of its assessments are valid.
var Day = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// Files returns the configuration's files, with texts in them changed: pairs of old and new.
func Files(t testing.TB, changes ...string) map[string][]byte {
	t.Helper()
	all := files.ByName(txtar.Parse(policy))
	_, public := files.ApproverKeys(t)
	changes = append(changes, "APPROVER", public)
	for i := 0; i+1 < len(changes); i += 2 {
		found := false
		for name := range all {
			if bytes.Contains(all[name], []byte(changes[i])) {
				all[name], found = bytes.Replace(all[name], []byte(changes[i]), []byte(changes[i+1]), 1), true
				break
			}
		}
		if !found {
			t.Fatalf("no file holds %q", changes[i])
		}
	}
	return all
}

// Compiled compiles files.
func Compiled(files map[string][]byte) (*config.Loaded, error) {
	return config.Compile(config.SourceOf(files), basis.Past{})
}

// Approved compiles files, once every assessment in them is approved.
func Approved(t testing.TB, all map[string][]byte) *config.Loaded {
	t.Helper()
	private, _ := files.ApproverKeys(t)
	loaded, err := Compiled(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range loaded.Assessments {
		note, err := basis.Sign(a.Document, a.Digest, private)
		if err != nil {
			t.Fatal(err)
		}
		name := "policy/assessments/" + a.Document.ID + ".yaml"
		if all[name], err = config.WithApproval(all[name], note); err != nil {
			t.Fatal(err)
		}
	}
	if loaded, err = Compiled(all); err != nil {
		t.Fatal(err)
	}
	return loaded
}
