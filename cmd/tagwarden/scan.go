package main

import (
	"context"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/tagwarden/tagwarden/rules/observe"
)

func scan(_ context.Context, t *terminal, args []string) int {
	f := t.flags("scan", "FILE.har|FILE.jsonl... [--format text|json]")
	form := format(f, "json")
	files, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(files) == 0 {
		t.fail("no recording is given: which files are to be looked at?")
		return usage
	}
	s, err := observe.New(t.now())
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	for _, file := range files {
		passed, err := recording(file, "", s.Hit)
		if err != nil {
			t.fail("%v", err)
			return usage
		}
		if passed > 0 {
			printf(t.err, "%s: %d entries are no HTTP requests, and were passed over\n", file, passed)
		}
	}
	report := s.Report()
	if *form == "json" {
		printJSON(t.out, report, "  ")
	} else {
		printScanned(t.out, report)
	}
	if len(report.Findings) > 0 {
		return findings
	}
	return fine
}

func printScanned(w io.Writer, r *observe.Report) {
	for _, v := range r.Vendors {
		known := ""
		if !v.Known {
			known = "  (not in the catalog)"
		}
		printf(w, "%s  %d hits%s\n", v.Name, v.Hits, known)
		table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		some := false
		for _, f := range r.Findings {
			if f.Vendor != v.Name {
				continue
			}
			some = true
			printf(table, "  %s\t%s\t%s\t%d×\t%s\t%s:%d\n", short(f.Field), f.Class, f.Kind, f.Count, short(strings.Join(f.Samples, ", ")), f.Where.File, f.Where.Line)
		}
		_ = table.Flush()
		if !some {
			printf(w, "  nothing found\n")
		}
		printf(w, "\n")
	}
	total := 0
	for _, f := range r.Findings {
		total += f.Count
	}
	printf(w, "%s, %s; %s of personal data in %s\n", counted(r.Hits, "hit"),
		counted(len(r.Vendors), "vendor"), counted(total, "finding"), counted(len(r.Findings), "place"))
}
