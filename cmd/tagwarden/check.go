package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tagwarden/tagwarden/config"
)

func check(_ context.Context, t *terminal, args []string) int {
	f := t.flags("check", "--config FILE [--strict]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	strict := f.Bool("strict", false, "warnings count as findings, for CI")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	loaded, err := config.Load(*file)
	if err != nil {
		printf(t.out, "%v\n", err)
		if _, unreadable := os.ReadFile(*file); unreadable != nil {
			return usage
		}
		return findings
	}
	warnings := t.warnings(loaded)
	for _, w := range warnings {
		printf(t.out, "warning: %s\n", w)
	}
	p := loaded.Policy
	printf(t.out, "policy %.16s: %d sites, %d vendors, %d activities, %d purposes, %d assessments; nothing is wrong, %d warnings\n",
		p.Digest(), len(p.Sites()), len(p.Recipients()), len(loaded.Activities), len(p.Purposes()), len(p.Assessments().IDs()), len(warnings))
	if *strict && len(warnings) > 0 {
		return findings
	}
	return fine
}

// warnings lists what is no fault, and what an operator or the privacy lead should know all the same.
func (t *terminal) warnings(loaded *config.Loaded) []string {
	var all []string
	for _, w := range loaded.Warnings {
		all = append(all, w.Error())
	}
	for _, due := range loaded.Due(t.now()) {
		switch {
		case due.Days < 0:
			all = append(all, sprintf("assessment %s is past its review (%s): its activities deny", due.ID, due.ReviewBy))
		default:
			all = append(all, sprintf("assessment %s is to be reviewed in %d days (%s); after that its activities deny", due.ID, due.Days, due.ReviewBy))
		}
	}
	assessments := loaded.Policy.Assessments()
	for _, id := range assessments.IDs() {
		if v := assessments.Validity(id, t.now()); v.String() != "valid" && v.String() != "expired" {
			all = append(all, sprintf("assessment %s is %s: its activities deny", id, v))
		}
	}
	return append(all, rootWarnings(&loaded.Server)...)
}

// rootWarnings looks at where the root secret lies, and whether serve could read it. Where a policy is checked in CI there is none.
func rootWarnings(server *config.Server) []string {
	root := server.Keys.Root
	if root == "" || len(server.Keys.RootCommand) > 0 {
		return nil
	}
	switch _, err := readRoot(context.Background(), server); {
	case errors.Is(err, fs.ErrNotExist):
		return []string{sprintf("the root secret %s is not there: serve needs it", root)}
	case err != nil:
		return []string{sprintf("serve would not take the root secret %s: %v", root, err)}
	case filepath.Dir(root) == filepath.Dir(server.Data):
		return []string{sprintf("the root secret %s lies beside the data: who copies both can make past pseudonyms again; keep a copy elsewhere, or use keys.root_command", root)}
	}
	return nil
}
