package config

import (
	"maps"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/rules/basis"
)

const guardedPromises = `promises:
  - id: no-film
    says: Nothing is filmed.
    never: { class: recording }
  - id: no-names
    says: { en: No names leave., de: Keine Namen. }
    never: { class: [person_name, phone], vendor: ga4, unless: { basis: consent } }
`

// approver makes a key pair.
func approver(t *testing.T, name string) (private, public string) {
	t.Helper()
	private, public, err := note.GenerateKey(nil, name)
	if err != nil {
		t.Fatal(err)
	}
	return private, public
}

// guarded is the base policy with approvers and promises.
func guarded(t *testing.T, promises string, approvers ...string) map[string][]byte {
	t.Helper()
	files := base(t)
	if promises != "" {
		files["policy/promises.yaml"] = []byte(promises)
	}
	text := string(files["tagwarden.yaml"])
	if strings.Contains(text, "\napprovers:") {
		t.Fatal("the base has approvers: this test brings its own")
	}
	var with strings.Builder
	with.WriteString(strings.TrimRight(text, "\n") + "\napprovers:\n")
	for _, key := range approvers {
		name, _, _ := strings.Cut(key, "+")
		with.WriteString("  " + name + ": \"" + key + "\"\n")
	}
	files["tagwarden.yaml"] = []byte(with.String())
	return files
}

// promisesSigned signs the promises of files, and returns their text with the approval, and what was signed.
func promisesSigned(t *testing.T, files map[string][]byte, private string, version int) (string, basis.Promised) {
	t.Helper()
	loaded, err := Examine(SourceOf(files), basis.Past{})
	if err != nil {
		t.Fatal(err)
	}
	of := basis.Promised{
		Version: version, At: time.Date(2026, time.November, 30, 12, 0, 0, 0, time.UTC),
		Controller: loaded.Server.Controller.Name,
		Promises:   PromisesMeaning(loaded),
	}
	if of.By, err = basis.KeyOf(private); err != nil {
		t.Fatal(err)
	}
	approval, err := of.Sign(private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := WithApproval(files["policy/promises.yaml"], approval)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), of
}

// TestGuardedPromises: once they were signed, what is changed of them does not load, and what was is said.
func TestGuardedPromises(t *testing.T) {
	t.Parallel()
	private, public := approver(t, "privacy")
	otherPrivate, otherPublic := approver(t, "other")
	good, signed := promisesSigned(t, guarded(t, guardedPromises, public), private, 2)
	theirs, _ := promisesSigned(t, guarded(t, guardedPromises, otherPublic), otherPrivate, 1)
	foreign, _ := promisesSigned(t, guarded(t, strings.NewReplacer("no-film", "x", "no-names", "y").Replace(
		guardedPromises), public), private, 1)
	_, approval, _ := strings.Cut(good, "approval:")
	_, ofOthers, _ := strings.Cut(foreign, "approval:")
	second := guardedPromises[strings.Index(guardedPromises, "  - id: no-names"):]
	edit := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %q", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	never, seen := basis.Promised{}, signed
	later := signed
	later.Version, later.Promises = 3, map[string]basis.Digest{"no-film": {1}}
	elsewhere := later
	elsewhere.Version = 2
	by := "which " + signed.By + " signed on 2026-11-30"
	for name, of := range map[string]struct {
		text string
		past basis.Promised
		want string // "" where it loads
	}{
		"as signed":           {good, never, ""},
		"as signed, and seen": {good, seen, ""},
		"never signed":        {guardedPromises, never, ""},
		"no promises":         {"", never, ""},
		"an empty approval":   {guardedPromises + "approval: \"\"\n", never, ""},
		"comments and order": {edit("never: { class: [person_name, phone], vendor: ga4, unless",
			"never: { vendor: [ga4], # here\n      class: [phone, person_name], unless"), seen, ""},
		"promises in another order": {"promises:\n" + second + strings.TrimPrefix(strings.TrimSuffix(guardedPromises,
			second), "promises:\n") + "approval:" + approval, seen, ""},
		"changed": {edit("class: recording", "class: recording, vendor: ga4"), never,
			"promises.yaml:2:5: promise no-film is not as it was signed (version 2, " + by + "): take the change back, or have"},
		"an exception more": {edit("basis: consent", "basis: [consent, opt_out]"), never,
			"promise no-names is not as it was signed"},
		"an exception less": {edit(", unless: { basis: consent }", ""), never,
			"promise no-names is not as it was signed"},
		"says otherwise": {edit("Keine Namen.", "Namen."), never, "promise no-names is not as it was signed"},
		"one gone": {strings.Replace(good, second, "", 1), never,
			"promise no-names is gone, and was signed (version 2, " + by},
		"one new": {strings.Replace(good, "promises:\n",
			"promises:\n  - { id: more, says: x, never: { class: email, vendor: matomo } }\n", 1), never,
			"promises.yaml:2:11: promise more was not among those that were signed"},
		"of other promises": {guardedPromises + "approval:" + ofOthers, never,
			"the approval is of other promises (x, y), none of which stands here"},
		"an older version": {good, later, "the approval is of version 2, and version 3, " + by +
			", was in force here, with other promises: put that back"},
		"older, and the same":    {good, func() basis.Promised { p := signed; p.Version = 9; return p }(), ""},
		"another of its version": {good, elsewhere, "the approval is of version 2, and version 2, " + by},
		"unsigned again": {guardedPromises, seen,
			"nobody signed the promises, and those in force before are version 2, " + by},
		"unsigned and changed": {strings.Replace(guardedPromises, "recording", "email, vendor: matomo", 1), seen,
			"promise no-film is not as it was signed"},
		"unsigned, one gone": {strings.Replace(guardedPromises, second, "", 1), seen, "promise no-names is gone"},
		"the file gone": {"", seen, "promises.yaml: the file is gone, and its promises were in force, " + by +
			" (no-film, no-names): put it back"},
		"no approver's": {theirs, never,
			"the approval of the promises is signed with a key that is none of the approvers' in tagwarden.yaml"},
		"somebody wrote it": {edit("version 2", "version 9"), never,
			"bears the name of an approver whose key did not make it"},
		"that of nothing": {guardedPromises + "approval: by me\n", never,
			"the approval of the promises is none of promises"},
		"cut short": {good[:len(good)-20] + "\n", never, "is cut short or damaged"},
		"two of them": {good + "\n" + strings.TrimPrefix(approval, " |\n"), never,
			"is more than one, or signed more than once"},
		"a version that is not known": {guardedPromises, later, "`tagwarden promises approve --key FILE --version 4`"},
	} {
		files := guarded(t, of.text, public)
		loaded, err := Compile(SourceOf(files), basis.Past{Promised: of.past})
		switch {
		case of.want == "" && err != nil, of.want != "" && (err == nil || !strings.Contains(err.Error(), of.want)):
			t.Errorf("%s: %v\nwant %s", name, err, of.want)
		case err == nil && (loaded.Promised.Version > 0) != strings.Contains(of.text, "form 1"):
			t.Errorf("%s: signed are %+v", name, loaded.Promised)
		}
		asked, failed := Examine(SourceOf(files), basis.Past{Promised: of.past})
		if failed != nil || (len(asked.Unguarded) > 0) != (of.want != "") {
			t.Errorf("%s: examined, %v, %v", name, failed, asked)
		}
	}
	renamed := guarded(t, good, public)
	renamed["tagwarden.yaml"] = append(renamed["tagwarden.yaml"], "controller: { name: Another Ltd }\n"...)
	if strings.Count(string(renamed["tagwarden.yaml"]), "controller:") > 1 {
		renamed = guarded(t, good, public)
		renamed["tagwarden.yaml"] = []byte(strings.Replace(string(renamed["tagwarden.yaml"]), signed.Controller,
			"Another Ltd", 1))
	}
	if _, err := Compile(SourceOf(renamed), basis.Past{}); err == nil || !strings.Contains(err.Error(),
		"and the controller here is \"Another Ltd\"") {
		t.Errorf("of another controller: %v", err)
	}
}

// TestApprovalOfPromisesIsArchived: it is part of what the policy's digest is over, and what was archived compiles to
// the same policy, whatever a ledger remembers today.
func TestApprovalOfPromisesIsArchived(t *testing.T) {
	t.Parallel()
	private, public := approver(t, "privacy")
	files := guarded(t, guardedPromises, public)
	unsigned, err := Compile(SourceOf(maps.Clone(files)), basis.Past{})
	if err != nil {
		t.Fatal(err)
	}
	good, of := promisesSigned(t, files, private, 1)
	files["policy/promises.yaml"] = []byte(good)
	loaded, err := Compile(SourceOf(files), basis.Past{Promised: of})
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Policy.Digest() == unsigned.Policy.Digest() {
		t.Error("signed or not, the digest is the same")
	}
	for name, l := range map[string]*Loaded{"signed": loaded, "unsigned": unsigned} {
		if policy, _, err := again(t, l); err != nil || policy.Digest() != l.Policy.Digest() {
			t.Errorf("%s: %v", name, err)
		}
	}
}
