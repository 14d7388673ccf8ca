package main

import (
	"context"

	"github.com/tagwarden/tagwarden/config/assess"
)

// remark is what was found in an assessment, for programs.
type remark struct {
	Assessment string `json:"assessment"`
	Rule       string `json:"rule"`
	File       string `json:"file"`
	Line       int    `json:"line"`
	Column     int    `json:"column"`
	Says       string `json:"says"`
	Source     string `json:"source"`
}

func liaCheck(_ context.Context, t *terminal, args []string) int {
	f := t.flags("lia check", "[ID] --config FILE [--at TIME] [--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	when := f.String("at", "", "as it is at this time, RFC 3339; now, where it is not given")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	now, ok := t.at(*when)
	if !ok {
		return usage
	}
	loaded, code := t.knowing(*file)
	if loaded == nil {
		return code
	}
	ids := loaded.Policy.Assessments().IDs()
	if len(rest) > 0 {
		if _, ok := assessmentNamed(t, loaded, rest); !ok {
			return usage
		}
		ids = rest
	}
	all := []remark{}
	for _, id := range ids {
		found := assess.Check(loaded, id, now)
		for i := range found {
			f := &found[i]
			all = append(all, remark{id, f.Rule, f.File, f.Line, f.Column, f.Msg, f.Source})
		}
		if len(found) == 0 && *form != "json" {
			printf(t.out, "%s: nothing to say against it\n", id)
		}
		if *form != "json" {
			printFindings(t, found)
		}
	}
	if *form == "json" {
		printJSON(t.out, all, "  ")
	}
	if len(all) > 0 {
		return findings
	}
	return fine
}

func printFindings(t *terminal, found []assess.Finding) {
	for i := range found {
		f := &found[i]
		printf(t.out, "%s:%d:%d: %s: %s (%s)\n", f.File, f.Line, f.Column, f.Rule, f.Msg, f.Source)
	}
}
