package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
	"github.com/tagwarden/tagwarden/rules"
)

// wantCompliant recomputes from the records of a server that ended: everything was as it has to be.
func wantCompliant(t *testing.T, file string) *recompute.Report {
	t.Helper()
	data := filepath.Join(filepath.Dir(file), "data")
	r, err := recompute.Run(t.Context(), recompute.Options{
		Dir: filepath.Join(data, "ledger"),
		Compile: func(digest string) (*rules.Policy, error) {
			return config.CompileArchived(proxy.PoliciesDir(data), digest)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range min(len(r.Findings), 20) {
		t.Errorf("the audit found of what was written honestly: %s", &r.Findings[i])
	}
	if r.Records == 0 || r.Rejudged.Same == 0 || r.Fields.Checked == 0 {
		t.Errorf("nothing was judged again: %+v", r)
	}
	for why, n := range r.Rejudged.Why {
		t.Logf("%d events were not judged again: %s", n, why)
	}
	return r
}

// TestFoldersOfBeforeAreAudited: what servers of earlier versions wrote, and said
// in other words, is found no fault with.
func TestFoldersOfBeforeAreAudited(t *testing.T) {
	for _, name := range keptFolderNames(t) {
		dir := filepath.Join(t.TempDir(), "ledger")
		from := filepath.Join("testdata", "folders", name, "data", "ledger")
		if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
			t.Fatal(name, err)
		}
		if err := ledger.Migrate(dir, durable.System, nil); err != nil {
			t.Fatal(name, err)
		}
		r, err := recompute.Run(t.Context(), recompute.Options{Dir: dir})
		if err != nil || r.Records == 0 {
			t.Fatalf("%s: %d records, %v", name, r.Records, err)
		}
		for i := range r.Findings {
			t.Errorf("%s: %s", name, &r.Findings[i])
		}
		t.Logf("%s: %d records, %d events, %d delivered", name, r.Records, r.Accepted(), r.Outcomes.Delivered)
	}
}
