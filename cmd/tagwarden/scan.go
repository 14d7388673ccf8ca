package main

import (
	"cmp"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
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
	s, err := newScanner(t.now())
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	for _, file := range files {
		passed, err := recording(file, "", s.hit)
		if err != nil {
			t.fail("%v", err)
			return usage
		}
		if passed > 0 {
			printf(t.err, "%s: %d entries are no HTTP requests, and were passed over\n", file, passed)
		}
	}
	report := s.report()
	if *form == "json" {
		printJSON(t.out, report, "  ")
	} else {
		report.print(t.out)
	}
	if len(report.Findings) > 0 {
		return findings
	}
	return fine
}

// scanned is what scan reports.
type scanned struct {
	Hits     int             `json:"hits"`
	Vendors  []scannedVendor `json:"vendors"`
	Findings []*personal     `json:"findings"`
}

// scannedVendor is who was sent how many hits.
type scannedVendor struct {
	Vendor string `json:"vendor"` // the catalog's id, or a host name that the catalog does not know
	Known  bool   `json:"known"`  // the catalog has it
	Hits   int    `json:"hits"`
}

// personal is personal data of one kind in one field. Samples are masked in the middle.
type personal struct {
	Vendor  string   `json:"vendor"`
	Field   string   `json:"field"`
	Class   string   `json:"class"` // what the catalog says the field is
	Kind    string   `json:"kind"`
	Count   int      `json:"count"`
	Samples []string `json:"samples"`
	Where   source   `json:"where"` // the first of them
}

// maxSamples is how many different samples of a finding are shown.
const maxSamples = 3

func (s *scanner) report() *scanned {
	r := &scanned{Hits: s.hits, Vendors: []scannedVendor{}, Findings: []*personal{}}
	for _, name := range slices.Sorted(maps.Keys(s.vendors)) {
		r.Vendors = append(r.Vendors, *s.vendors[name])
	}
	r.Findings = slices.AppendSeq(r.Findings, maps.Values(s.found))
	slices.SortFunc(r.Findings, func(a, b *personal) int {
		return cmp.Or(cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Kind, b.Kind))
	})
	return r
}

func (r *scanned) print(w io.Writer) {
	for _, v := range r.Vendors {
		known := ""
		if !v.Known {
			known = "  (not in the catalog)"
		}
		printf(w, "%s  %d hits%s\n", v.Vendor, v.Hits, known)
		table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		some := false
		for _, f := range r.Findings {
			if f.Vendor != v.Vendor {
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
	printf(w, "%d hits, %d vendors; %d findings of personal data in %d places\n", r.Hits, len(r.Vendors), total, len(r.Findings))
}
