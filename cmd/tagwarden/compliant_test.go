package main

import (
	"path/filepath"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
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
