package proxy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestNodesShareSignedPromises: promises that an approver signed, and that one node put in force, are asked for on all:
// a node that has not seen them loads none that are unsigned, changed or gone, over a restart too, and one that comes
// later does not start with them. What serves goes on, and it is said that it is an older one.
func TestNodesShareSignedPromises(t *testing.T) {
	t.Parallel()
	n, shop, c := startNATS(t), newAssessed(t, ""), newClock("2026-12-01T12:00:00Z")
	write(t, filepath.Join(shop.dir, promisesFile), promisesText)
	first, second, third := shop.nodeOf(t, n, "a"), shop.nodeOf(t, n, "b"), shop.nodeOf(t, n, "c")
	a, b := start(t, first.file, c.option), start(t, second.file, c.option)
	a.ready(t)
	b.ready(t)
	first.promise(t, basis.Past{})
	signed := read(t, filepath.Join(first.dir, promisesFile))
	a.reloaded(t)
	knows := func(r *running) bool { return strings.Contains(r.ledger(t), `"kind":"promises"`) }
	until(t, "the other node knows them", func() bool { return knows(b) })
	if got := second.reason(t, b); got != "permitted" {
		t.Errorf("what served there before: %s", got)
	}
	if _, health := b.get(t, "/readyz"); !strings.Contains(health,
		"promises of version 1 were put in force by another node") {
		t.Errorf("its health does not say that it serves older ones: %s", health)
	}
	path := filepath.Join(second.dir, promisesFile)
	attempts := map[string]struct {
		how  func()
		want string
	}{
		"unsigned, as they were": {func() {
			write(t, path, "# changed\n"+promisesText)
		}, "nobody signed the promises, and those in force before are version 1"},
		"fewer": {func() {
			write(t, path, strings.Replace(promisesText, promisesOther, "", 1))
		}, "promise no-mail is gone"},
		"none": {func() {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, "the file is gone, and its promises were in force"},
	}
	for name, of := range attempts {
		of.how()
		if err := b.Reload(); err == nil || !strings.Contains(err.Error(), of.want) {
			t.Errorf("%s: a reload says %v", name, err)
		}
	}
	if err := b.stop(t); err != nil {
		t.Fatal(err)
	}
	refused := func(of *assessed, want string) {
		t.Helper()
		loaded, err := config.Load(of.file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot, Now: c.now})
		if err == nil {
			_ = s.Shutdown(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a start says %v, want %s", err, want)
		}
	}
	attempts["fewer"].how()
	refused(second, "promise no-mail is gone")
	// it has not seen them, and asks the log first
	refused(third, "nobody signed the promises, and those in force before are version 1")
	for name, of := range map[string]*assessed{"b": second, "c": third} {
		write(t, filepath.Join(of.dir, promisesFile), signed)
		r := start(t, of.file, c.option)
		r.ready(t)
		if got := of.reason(t, r); got != "permitted" {
			t.Errorf("%s with what was signed: %s", name, got)
		}
		records := 0
		for line := range strings.Lines(r.ledger(t)) {
			if said := gjson.Parse(line); said.Get("kind").Str == "promises" && !said.Get("again").Bool() {
				records++
				if got := fmt.Sprint(said.Get("promises_version"), len(said.Get("promises").Array())); got != "1 2" {
					t.Errorf("the log of %s says %s", name, line)
				}
			}
		}
		if records != 1 {
			t.Errorf("the log of %s has %d records of signed promises", name, records)
		}
	}
	// What becomes of assessments goes on to be shared where the policy that serves is an older one.
	first.replace(t, promisesFile, promisesOther, "")
	first.promise(t, basis.Past{Promised: basis.Promised{Version: 1}})
	a.reloaded(t)
	const revoked = "revocations: [{ assessment: LIA-1, version: 1, at: 2026-12-01T12:00:00Z, because: the vendor was sold }]\n"
	write(t, filepath.Join(first.dir, "policy/revocations.yaml"), revoked)
	a.reloaded(t)
	if got := first.reason(t, a); got != "assessment_revoked" {
		t.Errorf("what was taken back: %s", got)
	}
}
