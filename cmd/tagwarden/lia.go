package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// liaVerbs are what can be done with legitimate interest assessments.
func liaVerbs() []verb {
	return []verb{
		{"new", "[--from FILE]", "write an assessment, question by question", liaNew},
		{"list", "[--format text|json]", "show state, owner and days to review of each", liaList},
		{"check", "[ID] [--format text|json]", "say what is missing, vague or contradicted by the policy", liaCheck},
		{"render", "ID [--format html|md] [--lang en|de|fr] [--version N]", "write a document for a file or an auditor",
			liaRender},
		{"approve", "ID --key FILE [--despite --because TEXT]", "sign it as an approver", liaApprove},
		{"diff", "ID [--version N] [--format text|json]", "show what changed since it was signed", liaDiff},
		{"revoke", "ID --because TEXT [--key FILE]", "take it back, for good", liaRevoke},
	}
}

func lia(ctx context.Context, t *terminal, args []string) int {
	return t.group(ctx, "lia", liaVerbs(), args)
}

// knowing reads a configuration with what the ledger knows of assessments, where there is one here.
func (t *terminal) knowing(file string) (*config.Loaded, int) {
	loaded, code := t.load(file)
	if loaded == nil {
		return nil, code
	}
	return knowingOf(t, loaded)
}

// knowingOf is a configuration that was read, with what the ledger knows of assessments.
func knowingOf(t *terminal, loaded *config.Loaded) (*config.Loaded, int) {
	if !whole(t, loaded.Server.Data) {
		return nil, usage
	}
	past, err := ledger.Recover(filepath.Join(loaded.Server.Data, "ledger"))
	if errors.Is(err, fs.ErrPermission) { // who writes assessments need not be let near the data
		t.hint("the ledger in %s cannot be read from here: what was revoked or came into force elsewhere is not known",
			loaded.Server.Data)
		return loaded, fine
	}
	if err == nil {
		loaded, err = config.Again(loaded, loaded.Source, past.Facts)
	}
	if err != nil {
		t.fail("%v", err)
		return nil, usage
	}
	return loaded, fine
}

// assessmentNamed reads the id of an assessment, and says so where there is none of it.
func assessmentNamed(t *terminal, loaded *config.Loaded, rest []string) (config.Assessment, bool) {
	ids := loaded.Policy.Assessments().IDs()
	if len(rest) != 1 {
		t.fail("which assessment?")
		t.hint("there are %s", cmp.Or(strings.Join(ids, ", "), "-"))
		return config.Assessment{}, false
	}
	a, ok := loaded.Assessments[rest[0]]
	if !ok {
		t.fail("there is no assessment %q%s", rest[0], strict.SuggestionElse(rest[0], ids))
	}
	return a, ok
}

// at reads the flag of that name; now, where it is not given.
func (t *terminal) at(text string) (time.Time, bool) {
	if text == "" {
		return t.now(), true
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.fail("--at: %q is no time: one is written 2026-05-04T12:00:00Z", text)
	}
	return at, err == nil
}

func liaList(_ context.Context, t *terminal, args []string) int {
	f := t.flags("lia list", "--config FILE [--at TIME] [--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	when := f.String("at", "", "as it is at this time, RFC 3339; now, where it is not given")
	form := format(f, "json")
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	now, ok := t.at(*when)
	if !ok {
		return usage
	}
	loaded, code := t.knowing(*file)
	if loaded == nil {
		return code
	}
	all := loaded.Standings(now)
	if *form == "json" {
		printJSON(t.out, all, "  ")
		return fine
	}
	table := tabwriter.NewWriter(t.out, 0, 4, 2, ' ', 0)
	printf(table, "ID\tVERSION\tSTATE\tDAYS\tREVIEW BY\tOWNER\tACTIVITIES\n")
	for i := range all {
		a := &all[i]
		printf(table, "%s\t%d\t%s\t%d\t%s\t%s\t%s\n", a.ID, a.Version, a.State, a.DaysLeft, a.ReviewBy, a.Owner,
			cmp.Or(strings.Join(a.Activities, ", "), "-"))
	}
	_ = table.Flush()
	for i := range all {
		if a := &all[i]; a.State != basis.Valid.String() && a.State != config.DueSoon {
			printf(t.out, "\n%s is %s: %s\n", a.ID, a.State, a.Says)
		}
	}
	return fine
}

// readKey reads a private key, and says so where others could read it too.
func readKey(t *terminal, path string) (string, bool) {
	info, err := os.Stat(path)
	if err != nil {
		t.fail("--key: %v", err)
		return "", false
	}
	if info.Mode().Perm()&0o077 != 0 {
		t.hint("%s can be read by others (mode %04o): `chmod 600 %s` makes it right", path,
			info.Mode().Perm(), quotedPath(path))
	}
	text, err := readNamed(path, mostNamed)
	if err != nil {
		t.fail("--key: %v", err)
		return "", false
	}
	if _, err := basis.KeyOf(string(text)); err != nil {
		t.fail("--key %s: %v", path, err)
		return "", false
	}
	return string(text), true
}
