package main

import (
	"context"
	"errors"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/assess"
	"github.com/tagwarden/tagwarden/rules/basis"
)

func liaApprove(_ context.Context, t *terminal, args []string) int {
	f := t.flags("lia approve", "ID --key FILE --config FILE [--despite --because TEXT]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	key := f.String("key", "", "the approver's private key, as `init` writes it")
	despite := f.Bool("despite", false, "approve it despite what `lia check` finds; needs --because")
	because := f.String("because", "", "why: it is kept with the approved version")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if *key == "" {
		t.fail("--key is missing: with whose key is it to be signed?")
		return usage
	}
	if *despite != (strings.TrimSpace(*because) != "") {
		t.fail("--despite and --because go together: what is outweighed needs a reason")
		return usage
	}
	loaded, code := t.knowing(*file)
	if loaded == nil {
		return code
	}
	a, ok := assessmentNamed(t, loaded, rest)
	if !ok {
		return usage
	}
	private, ok := readKey(t, *key)
	if !ok {
		return usage
	}
	files, err := assess.Approve(loaded, a.Document.ID, private, t.now(), strings.TrimSpace(*because))
	if found, ok := errors.AsType[*assess.FindingsError](err); ok {
		printFindings(t, assess.Check(loaded, found.ID, t.now()))
		t.fail("%v", err)
		t.hint("mend it, or add --despite --because \"why it is approved all the same\"")
		return findings
	}
	if err != nil {
		t.fail("%v", err)
		return codeOf(err)
	}
	for _, name := range files {
		printf(t.out, "wrote %s\n", name)
	}
	printf(t.out, "%s version %d is approved until %s; digest %s\n", a.Document.ID, a.Document.Version,
		a.Document.ReviewBy, a.Whole)
	return fine
}

func liaRevoke(_ context.Context, t *terminal, args []string) int {
	f := t.flags("lia revoke", "ID --because TEXT --config FILE [--key FILE]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	key := f.String("key", "", "an approver's private key, to sign the revocation with; it holds without as well")
	because := f.String("because", "", "why it is taken back")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if strings.TrimSpace(*because) == "" {
		t.fail("--because is missing: why is it taken back?")
		return usage
	}
	loaded, code := t.knowing(*file)
	if loaded == nil {
		return code
	}
	a, ok := assessmentNamed(t, loaded, rest)
	if !ok {
		return usage
	}
	private := ""
	if *key != "" {
		if private, ok = readKey(t, *key); !ok {
			return usage
		}
	}
	id, version := a.Document.ID, a.Document.Version
	if r := loaded.RevocationOf(id, version); r != nil {
		printf(t.out, "%s version %d is revoked already: %s\n", id, version, r.Because)
		return fine
	}
	path, err := assess.Revoke(loaded, basis.Revocation{Assessment: id, Version: version, At: t.now(),
		Because: *because}, private)
	if err != nil {
		t.fail("%v", err)
		return codeOf(err)
	}
	printf(t.out, "wrote %s\n%s version %d is revoked, and all before it. A running server takes that up by itself and "+
		"keeps it in its ledger for good.\n", path, id, version)
	return fine
}

func liaDiff(_ context.Context, t *terminal, args []string) int {
	f := t.flags("lia diff", "ID --config FILE [--version N] [--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	version := f.Int("version", 0, "the approved version to compare with; the last one, where it is not given")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	loaded, code := t.knowing(*file)
	if loaded == nil {
		return code
	}
	a, ok := assessmentNamed(t, loaded, rest)
	if !ok {
		return usage
	}
	since, ok := versionOf(t, loaded, a.Document.ID, *version)
	if !ok {
		return usage
	}
	if !since.Verified {
		t.fail("%s: its signature is not over what it holds: it was edited", since.File)
		return findings
	}
	changes := append([]assess.Amendment{}, assess.Amendments(loaded, a.Document.ID, since)...)
	if *form == "json" {
		printJSON(t.out, changes, "  ")
	} else {
		printAmendments(t, a.Document.ID, since, changes)
	}
	if len(changes) > 0 {
		return findings
	}
	return fine
}

func printAmendments(t *terminal, id string, since *assess.Version, changes []assess.Amendment) {
	if len(changes) == 0 {
		printf(t.out, "%s says what it said when version %d was approved\n", id, since.Document.Version)
		return
	}
	printf(t.out, "%s since version %d was approved (%s, %s):\n", id, since.Document.Version,
		since.At.Format("2006-01-02"), since.By)
	for _, c := range changes {
		printf(t.out, "\n  %s\n", c.What)
		if c.Before != "" {
			printf(t.out, "  - %s\n", c.Before)
		}
		if c.After != "" {
			printf(t.out, "  + %s\n", c.After)
		}
	}
}

// versionOf reads an approved version, the last one for 0. Where there is none it says so.
func versionOf(t *terminal, loaded *config.Loaded, id string, number int) (*assess.Version, bool) {
	versions, err := assess.Versions(loaded, id)
	if err == nil && number == 0 && len(versions) > 0 {
		number = versions[len(versions)-1]
	}
	if err == nil && number == 0 {
		t.fail("no version of %s was ever approved", id)
		return nil, false
	}
	if err == nil {
		var v *assess.Version
		if v, err = assess.ReadVersion(loaded, id, number); err == nil {
			return v, true
		}
	}
	t.fail("%v", err)
	if len(versions) > 0 {
		t.hint("the history has %s", strings.Trim(sprintf("%v", versions), "[]"))
	}
	return nil, false
}
