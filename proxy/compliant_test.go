package proxy_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
	"github.com/tagwarden/tagwarden/rules"
)

// wantCompliant recomputes from the records that a server left, whatever a test had it do: each event was judged as its
// policy says, nothing left of who had objected, and of each event it is said what became of it.
func wantCompliant(t testing.TB, file string) {
	t.Helper()
	data := filepath.Join(filepath.Dir(file), "data")
	dir := filepath.Join(data, "ledger")
	if _, err := os.Stat(dir); err != nil || raced {
		return
	}
	r, err := recompute.Run(context.Background(), recompute.Options{Dir: dir, Compile: func(digest string) (
		*rules.Policy, error) {
		return config.CompileArchived(proxy.PoliciesDir(data), digest)
	}})
	if err != nil {
		t.Errorf("the ledger cannot be audited: %v", err)
		return
	}
	for i := range min(len(r.Findings), 10) {
		t.Errorf("the audit found: %s", &r.Findings[i])
	}
}
