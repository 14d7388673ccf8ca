package main

import (
	"context"
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
		if _, missing := os.Stat(*file); missing != nil {
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
	if root := loaded.Server.Keys.Root; root != "" && len(loaded.Server.Keys.RootCommand) == 0 {
		if _, err := os.Stat(root); err == nil && filepath.Dir(root) == filepath.Dir(loaded.Server.Data) {
			all = append(all, sprintf("the root secret %s lies beside the data: who copies both can make past pseudonyms again; keep a copy elsewhere, or use keys.root_command", root))
		}
	}
	return all
}
