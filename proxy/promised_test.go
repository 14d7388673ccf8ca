package proxy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/assess"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

const (
	promisesFile = "policy/promises.yaml"
	promisesText = "promises:\n  - { id: no-film, says: Nothing is filmed., never: { class: recording } }\n" +
		promisesOther
	promisesOther = "  - { id: no-mail, says: No e-mail address leaves., never: { class: email } }\n"
)

// promise signs the promises as they stand.
func (a *assessed) promise(t *testing.T, past basis.Past) {
	t.Helper()
	source, err := config.Read(a.file)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Examine(source, past)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, time.December, 1, 11, 0, 0, 0, time.UTC)
	if _, _, err := assess.ApprovePromises(loaded, a.private, at, 0); err != nil {
		t.Fatal(err)
	}
}

// TestSignedPromisesAreRemembered: once a server saw signed promises, it takes nothing else: not by a reload, not by a
// start, and not where promises and approval are both gone.
func TestSignedPromisesAreRemembered(t *testing.T) {
	t.Parallel()
	a, c := newAssessed(t, "ledger: { sync: 10ms }\n"), newClock("2026-12-01T12:00:00Z")
	path := filepath.Join(a.dir, promisesFile)
	write(t, path, promisesText)
	r := start(t, a.file, c.option)
	a.promise(t, basis.Past{})
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r.reloaded(t)
	if got := strings.Count(r.ledger(t), `"kind":"promises"`); got != 1 {
		t.Fatalf("%d records of signed promises", got)
	}
	serving := r.Policy()
	attempts := map[string]struct {
		how  func()
		want string
	}{
		"the file gone": {func() {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, "the file is gone, and its promises were in force"},
		"unsigned": {func() {
			write(t, path, promisesText)
		}, "nobody signed the promises, and those in force before are version 1"},
		"one gone": {func() {
			write(t, path, strings.Replace(string(first), promisesOther, "", 1))
		}, "promise no-mail is gone"},
		"unsigned, fewer": {func() {
			write(t, path, strings.Replace(promisesText, promisesOther, "", 1))
		}, "promise no-mail is gone"},
	}
	for name, of := range attempts {
		of.how()
		if err := r.Reload(); err == nil || !strings.Contains(err.Error(), of.want) {
			t.Errorf("%s: a reload says %v", name, err)
		}
		if r.Policy() != serving {
			t.Errorf("%s: another policy serves", name)
		}
	}
	write(t, path, string(first))
	r.reloaded(t)
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}

	starts := func(want string) {
		t.Helper()
		loaded, err := config.Load(a.file) // what the ledger knows is not known here
		if err != nil {
			t.Fatal(err)
		}
		if _, err := proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot, Now: c.now}); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("a start says %v, want %s", err, want)
		}
	}
	for _, name := range []string{"the file gone", "unsigned"} {
		attempts[name].how()
		starts(attempts[name].want)
	}

	// Signed anew with fewer, it is taken; what was signed before is not, any more.
	write(t, path, strings.Replace(promisesText, promisesOther, "", 1))
	past, err := ledger.Recover(filepath.Join(a.dir, "data", "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	if of := past.Facts.Promised; of.Version != 1 || len(of.Promises) != 2 || of.By == "" || of.At.IsZero() {
		t.Errorf("remembered are %+v", of)
	}
	a.promise(t, past.Facts)
	r = start(t, a.file, c.option)
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	r = start(t, a.file, c.option) // what is remembered is repeated
	repeated := 0
	for line := range strings.Lines(r.ledger(t)) {
		if strings.Contains(line, `"kind":"promises","promises_version":2`) && strings.Contains(line, `"again":true`) {
			repeated++
		}
	}
	if repeated == 0 {
		t.Error("which promises were signed last is not repeated")
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	write(t, path, string(first))
	starts("the approval is of version 1, and version 2")
}
