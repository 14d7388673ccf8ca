package proxy_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// policiesOf is the folder of a configuration's policies.
func policiesOf(file string) string {
	return proxy.PoliciesDir(filepath.Join(filepath.Dir(file), "data"))
}

var namesPolicy = regexp.MustCompile(`"policy":"([0-9a-f]{64})"`)

// wantArchived looks at each policy that the ledger names, and returns how many there are: the archive alone gives it.
func wantArchived(t *testing.T, file, records string) int {
	t.Helper()
	named := map[string]bool{}
	for _, m := range namesPolicy.FindAllStringSubmatch(records, -1) {
		if named[m[1]] {
			continue
		}
		named[m[1]] = true
		policy, err := config.CompileArchived(policiesOf(file), m[1])
		if err != nil || policy.Digest() != m[1] {
			t.Errorf("a record names %s: %v", m[1], err)
		}
	}
	return len(named)
}

// TestPoliciesAreKept: each policy that a record names is in the archive, whatever was loaded since, and nobody else
// may read it.
func TestPoliciesAreKept(t *testing.T) {
	t.Parallel()
	r := start(t, folder(t, startVendor(t).URL))
	dir := filepath.Dir(r.file)
	r.send(t, get(pageView, consent))
	for _, text := range []string{
		policyText,
		strings.Replace(policyText, "url: url", "url: keep", 1),
		strings.Replace(policyText, "url: url", "url: drop", 1),
	} {
		writePolicy(t, dir, strings.Replace(text, "purposes:", "# a comment\npurposes:", 1))
		if err := r.Reload(); err != nil {
			t.Fatal(err)
		}
		r.send(t, get(pageView, consent))
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	if n := wantArchived(t, r.file, r.ledger(t)); n != 3 {
		t.Errorf("the ledger names %d policies, want 3", n)
	}
	if info, err := os.Stat(policiesOf(r.file)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
	files, err := os.ReadDir(policiesOf(r.file))
	if err != nil || len(files) != 4 {
		t.Errorf("%d files: 3 policies and what comes with the program, once; %v", len(files), err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
		}
	}
	// A folder of a version that kept none gets one, of what is named from then on.
	if err := os.RemoveAll(policiesOf(r.file)); err != nil {
		t.Fatal(err)
	}
	before := len(r.ledger(t))
	r = start(t, r.file)
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	if n := wantArchived(t, r.file, r.ledger(t)[before:]); n != 1 {
		t.Errorf("the records since name %d policies, want 1", n)
	}
	// So does a command that records something while no server runs.
	before = len(r.ledger(t))
	loaded, err := config.Load(r.file)
	if err = errors.Join(err, os.RemoveAll(policiesOf(r.file))); err != nil {
		t.Fatal(err)
	}
	if _, err = proxy.RotateStopped(loaded, proxy.Rotation{LedgerSubjects: true}, proxy.Options{}); err != nil {
		t.Fatal(err)
	}
	if n := wantArchived(t, r.file, r.ledger(t)[before:]); n != 1 {
		t.Errorf("the command's records name %d policies, want 1", n)
	}
}

// TestWhatCannotBeKeptIsNotLoaded: a policy that cannot be archived is named by no record and serves nobody. Until it
// can be nothing is forwarded, for it may take back what the one before permits.
func TestWhatCannotBeKeptIsNotLoaded(t *testing.T) {
	t.Parallel()
	const why = "the policy cannot be archived"
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	dir, serving := filepath.Dir(r.file), r.Policy()
	inTheWay := func() {
		t.Helper()
		err := errors.Join(os.RemoveAll(policiesOf(r.file)), os.MkdirAll(filepath.Dir(policiesOf(r.file)), 0o700))
		if err != nil {
			t.Fatal(err)
		}
		write(t, policiesOf(r.file), "a file where the folder would be")
	}
	inTheWay()
	writePolicy(t, dir, strings.Replace(policyText, "url: url", "url: drop", 1))
	if err := r.Reload(); err == nil || !strings.Contains(err.Error(), why) || r.Policy() != serving {
		t.Errorf("reloaded: %v", err)
	}
	if a := r.send(t, get(pageView, consent)); a.status != 503 || len(v.got()) != 0 {
		t.Errorf("a hit is answered with %d, and %d left", a.status, len(v.got()))
	}
	for _, m := range namesPolicy.FindAllStringSubmatch(r.ledger(t), -1) {
		if m[1] != serving {
			t.Errorf("a record names %s, which was not loaded", m[1])
		}
	}
	if err := os.Remove(policiesOf(r.file)); err != nil {
		t.Fatal(err)
	}
	until(t, "it is loaded by itself, once it can be kept", func() bool { return r.Policy() != serving })
	if a := r.send(t, get(pageView, consent)); a.status >= 400 || len(v.got()) != 1 {
		t.Errorf("then a hit is answered with %d, and %d left", a.status, len(v.got()))
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	before := r.ledger(t)
	inTheWay()
	loaded, err := config.Load(r.file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot})
	if s != nil || err == nil || !strings.Contains(err.Error(), "policies: "+why) {
		t.Errorf("started: %v", err)
	}
	_, err = proxy.RotateStopped(loaded, proxy.Rotation{LedgerSubjects: true}, proxy.Options{})
	if err == nil || !strings.Contains(err.Error(), why) {
		t.Errorf("keys were replaced: %v", err)
	}
	if r.ledger(t) != before {
		t.Error("what was refused left a record")
	}
}

// TestDamagedArchive: one that is found damaged is written anew, and the operator is told.
func TestDamagedArchive(t *testing.T) {
	t.Parallel()
	file := folder(t, startVendor(t).URL)
	r := start(t, file)
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(policiesOf(file), r.Policy()+".tar.zst")
	write(t, path, "no archive")
	core, logged := observer.New(zap.WarnLevel)
	r = start(t, file, func(o *proxy.Options) { o.Log = zap.New(core) })
	told := logged.FilterMessage("a policy's archive was damaged, and was written anew").All()
	if len(told) != 1 || told[0].ContextMap()["file"] != filepath.Base(path) {
		t.Errorf("the operator is told %v", told)
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	wantArchived(t, file, r.ledger(t))
}
