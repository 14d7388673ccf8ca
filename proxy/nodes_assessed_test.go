package proxy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// nodeOf is the folder of another node of the same shop.
func (a *assessed) nodeOf(t *testing.T, n *natsServer, name string) *assessed {
	t.Helper()
	b := *a
	b.dir = t.TempDir()
	b.file = filepath.Join(b.dir, filepath.Base(a.file))
	if err := os.CopyFS(b.dir, os.DirFS(a.dir)); err != nil {
		t.Fatal(err)
	}
	write(t, b.file, read(t, b.file)+
		fmt.Sprintf("cluster: { name: test, node: %s, nats: [\"nats://127.0.0.1:%d\"], stale: { after: 1s } }\n",
			name, n.options.Port))
	return &b
}

// TestNodesShareWhatBecameOfAssessments: what one node is told to take back is taken back on all, and a version older
// than one that another node had in force is worth nothing; both are in each one's log. A node that is cut off takes
// back for itself, and tells it later, over a restart too.
func TestNodesShareWhatBecameOfAssessments(t *testing.T) {
	t.Parallel()
	n, shop, c := startNATS(t), newAssessed(t, ""), newClock("2026-12-01T12:00:00Z")
	first, second, third := shop.nodeOf(t, n, "a"), shop.nodeOf(t, n, "b"), shop.nodeOf(t, n, "c")
	a, b := start(t, first.file, c.option), start(t, second.file, c.option)
	a.ready(t)
	b.ready(t)
	if first.reason(t, a) != "permitted" || second.reason(t, b) != "permitted" {
		t.Fatal("nothing is forwarded")
	}
	first.replace(t, assessmentFile, "version: 1", "version: 2")
	first.sign(t)
	a.reloaded(t)
	if got := first.reason(t, a); got != "permitted" {
		t.Fatalf("the second version: %s", got)
	}
	until(t, "the first one is void on the other", func() bool { return second.reason(t, b) == "assessment_revoked" })
	write(t, filepath.Join(second.dir, assessmentFile), read(t, filepath.Join(first.dir, assessmentFile)))
	b.reloaded(t)
	if got := second.reason(t, b); got != "permitted" {
		t.Errorf("the second version there: %s", got)
	}

	n.stop()
	const revoked = "revocations: [{ assessment: LIA-1, version: 2, at: 2026-12-01T12:00:00Z, because: the vendor was sold }]\n"
	write(t, filepath.Join(second.dir, "policy/revocations.yaml"), revoked)
	b.reloaded(t)
	if second.reason(t, b) != "assessment_revoked" || first.reason(t, a) != "permitted" {
		t.Error("what is taken back by a node that is cut off is not in force there, or is where nobody knows of it")
	}
	if err := b.stop(t); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(second.dir, "policy/revocations.yaml")); err != nil {
		t.Fatal(err)
	}
	b = start(t, second.file, c.option)
	n.start(t)
	until(t, "it is taken back on the other", func() bool { return first.reason(t, a) == "assessment_revoked" })
	write(t, filepath.Join(third.dir, assessmentFile), read(t, filepath.Join(first.dir, assessmentFile)))
	late := start(t, third.file, c.option)
	late.ready(t)
	if got := third.reason(t, late); got != "assessment_revoked" {
		t.Errorf("on a node that came later: %s", got)
	}
	for name, r := range map[string]*running{"a": a, "b": b, "c": late} {
		until(t, "nothing waits", func() bool {
			_, figures := r.get(t, "/metrics")
			return strings.Contains(figures, "\ntagwarden_cluster_untold_administration_acts 0\n")
		})
		var said []string
		for line := range strings.Lines(r.ledger(t)) {
			if of := gjson.Parse(line); of.Get("kind").Str == "revocation" && !of.Get("again").Bool() {
				said = append(said, fmt.Sprintf("%s %d %s", of.Get("assessment").Str, of.Get("assessment_version").Int(),
					of.Get("because").Str))
			}
		}
		if len(said) != 1 || said[0] != "LIA-1 2 the vendor was sold" {
			t.Errorf("the log of %s says %q", name, said)
		}
	}
	if err := a.stop(t); err != nil {
		t.Fatal(err)
	}
	a = start(t, first.file, c.option)
	if got := first.reason(t, a); got != "assessment_revoked" {
		t.Errorf("after a restart: %s", got)
	}
}
