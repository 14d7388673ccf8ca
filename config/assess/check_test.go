package assess

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/files"
	"github.com/tagwarden/tagwarden/config/internal/sample"
)

var update = flag.Bool("update", false, "write what is found into the files that say what is wanted")

func base(t testing.TB) map[string][]byte {
	_, all := files.Archive(t, "../testdata/base.txtar")
	return all
}

// TestFindings compares all that is said of each case's assessments, word for word. `go test -update` writes it anew.
func TestFindings(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/findings/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	_, key := files.ApproverKeys(t)
	for _, name := range cases {
		a, own := files.Archive(t, name)
		all := base(t)
		all["tagwarden.yaml"] = append(all["tagwarden.yaml"], "approvers:\n  privacy: \"APPROVER\"\n"...)
		maps.Copy(all, own)
		maps.DeleteFunc(all, func(_ string, text []byte) bool { return string(text) == "(removed)\n" })
		all["tagwarden.yaml"] = bytes.ReplaceAll(all["tagwarden.yaml"], []byte("APPROVER"), []byte(key))
		loaded, err := sample.Compiled(all)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got strings.Builder
		for _, id := range loaded.Draft.Assessments.IDs() {
			for _, f := range Check(loaded, id, noon) {
				fmt.Fprintf(&got, "%v [%s; %s]\n", f.Fault, f.Rule, f.Source)
			}
		}
		if *update {
			a.Files[len(a.Files)-1].Data = []byte(got.String())
			if err := os.WriteFile(name, txtar.Format(a), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if want := string(own["want"]); got.String() != want {
			t.Errorf("%s: got:\n%s\nwant:\n%s", name, got.String(), want)
		}
	}
}

// TestExampleHasNoFindings: what init writes could be approved as it is.
func TestExampleHasNoFindings(t *testing.T) {
	t.Parallel()
	loaded := newFolder(t).load(t)
	for _, f := range Check(loaded, "LIA-2026-001", noon) {
		t.Errorf("%v [%s]", f.Fault, f.Rule)
	}
	if Check(loaded, "LIA-9", noon) != nil {
		t.Error("there is something to say of what is not there")
	}
}

// TestExamplesHaveNoFindings: so could each of its examples.
func TestExamplesHaveNoFindings(t *testing.T) {
	t.Parallel()
	for _, name := range config.Examples() {
		made, err := config.InitExample(name, t.TempDir(), nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := config.Load(made.Server)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range loaded.Policy.Assessments().IDs() {
			for _, f := range Check(loaded, id, noon) {
				t.Errorf("%s: %v [%s]", name, f.Fault, f.Rule)
			}
		}
	}
}

func TestSpeaks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"We profile visitors": true, "Visitors are scored.": true, "by means of A.I. and AI": true, "machine-learning": true,
		"No profiling takes place": false, "without any scoring": false, "profit": false, "": false,
		"There is no e-mail, and profiles are made":                           false,
		"Nothing is kept for long. Every evening each visitor gets a profile": true,
	} {
		if got := speaks(text, profilingWords); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestSamePerson(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		owner, approver string
		same            bool
	}{
		{"privacy@shop.example", "privacy", true}, {"Jane Doe", "jane.doe", true},
		{"jane-doe@shop.example", "Jane_Doe", true},
		{"web-analytics@shop.example", "privacy", false}, {"@", "privacy", false}, {"", "", false},
	} {
		if got := samePerson(test.owner, test.approver); got != test.same {
			t.Errorf("%q and %q: %v", test.owner, test.approver, got)
		}
	}
}
