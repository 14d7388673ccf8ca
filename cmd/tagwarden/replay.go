package main

import (
	"cmp"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/observe"
	"github.com/tagwarden/tagwarden/rules/promise"
	"github.com/tagwarden/tagwarden/rules/replay"
)

func replayVerb(_ context.Context, t *terminal, args []string) int {
	f := t.flags("replay", "--config FILE FILE.har|FILE.jsonl... [--host HOST] [--objection SCOPE]... [--from IP] [--at TIME] [--format text|jsonl] [--raw]")
	given := addAskFlags(f)
	host := f.String("host", "", "a site's host name, in place of the recorded Host")
	form := format(f, "jsonl")
	files, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(files) == 0 {
		t.fail("no recording is given: which files are to be replayed?")
		return usage
	}
	a, code := newExplainer(t, given)
	if a == nil {
		return code
	}
	var sum summary
	for _, file := range files {
		passed, err := recording(file, *host, func(r *replay.Request) error {
			x, broken, err := a.judge(r.Text)
			if err != nil {
				return err
			}
			sum.add(x)
			sum.broken += len(broken)
			if *form == "jsonl" {
				printJSON(t.out, replayed{observe.Source{File: r.File, Line: r.Line}, x, broken}, "")
				return nil
			}
			printReplayed(t.out, r, x)
			for _, one := range broken {
				printf(t.out, "      %s\n", one)
			}
			return nil
		})
		if err != nil {
			t.fail("%v", err)
			return usage
		}
		if passed > 0 {
			printf(t.err, "%s: %d entries are no HTTP requests and were passed over\n", file, passed)
		}
	}
	if *form == "text" {
		sum.print(t.out)
	}
	if sum.broken > 0 {
		t.fail("%s broken by these hits", counted(sum.broken, "promise"))
		return findings
	}
	return fine
}

// judge judges a recorded hit, and says which promises it broke.
func (a *explainer) judge(text []byte) (x *rules.Explanation, broken []promise.Violation, err error) {
	if x, err = a.explain(text); err != nil {
		return nil, nil, err
	}
	if a.promises == nil {
		a.promises = config.NewOnHits(a.loaded)
	}
	return x, a.promises.BrokenBy(x), nil
}

// replayed is an explanation with where its hit came from in front.
type replayed struct {
	Source observe.Source `json:"source"`
	*rules.Explanation
	Broken []promise.Violation `json:"broken_promises,omitempty"`
}

func printReplayed(w io.Writer, r *replay.Request, x *rules.Explanation) {
	printf(w, "%s:%d  %s  %s %s  %d → %d bytes\n", r.File, r.Line, x.Decision, cmp.Or(x.Vendor, "-"),
		cmp.Or(x.Endpoint, "-"),
		x.Bytes.In, x.Bytes.Out)
	if x.Reason != "" {
		printf(w, "    refused: %s\n", x.Reason)
	}
	for _, e := range x.Events {
		printf(w, "    %s: %s %s", cmp.Or(short(e.Name), "-"), e.Decision, e.Reason)
		if e.Decision == "permit" {
			printf(w, " by %s", e.Activity)
		}
		printf(w, "\n")
		printTreated(w, e.Fields)
	}
	printTreated(w, x.Shared)
}

func printTreated(w io.Writer, fields []rules.ExplainedField) {
	var dropped, changed []string
	for _, f := range fields {
		switch {
		case !f.Sent:
			dropped = append(dropped, f.Path)
		case f.Before != f.After:
			changed = append(changed, f.Path)
		}
	}
	if len(dropped) > 0 {
		printf(w, "      dropped: %s\n", strings.Join(dropped, ", "))
	}
	if len(changed) > 0 {
		printf(w, "      changed: %s\n", strings.Join(changed, ", "))
	}
}

// summary adds up by vendor, reason and class.
type summary struct {
	hits, forwarded, in, out int
	broken                   int               // promises
	vendors                  map[string][2]int // hits, forwarded
	reasons                  map[string]int
	classes                  map[string][3]int // dropped, changed, kept
}

func (s *summary) add(x *rules.Explanation) {
	if s.vendors == nil {
		s.vendors, s.reasons, s.classes = map[string][2]int{}, map[string]int{}, map[string][3]int{}
	}
	s.hits++
	s.in, s.out = s.in+x.Bytes.In, s.out+x.Bytes.Out
	v := s.vendors[cmp.Or(x.Vendor, "-")]
	v[0]++
	if x.Forward != nil {
		s.forwarded++
		v[1]++
	}
	s.vendors[cmp.Or(x.Vendor, "-")] = v
	if x.Reason != "" {
		s.reasons[x.Reason]++
	}
	count := func(fields []rules.ExplainedField) {
		for _, f := range fields {
			c := s.classes[f.Class]
			switch {
			case !f.Sent:
				c[0]++
			case f.Before != f.After:
				c[1]++
			default:
				c[2]++
			}
			s.classes[f.Class] = c
		}
	}
	for _, e := range x.Events {
		s.reasons[e.Reason]++
		count(e.Fields)
	}
	count(x.Shared)
}

func (s *summary) print(w io.Writer) {
	printf(w, "\n%d hits, %d forwarded; %d bytes in, %d out\n\n", s.hits, s.forwarded, s.in, s.out)
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	printf(table, "vendor\thits\tforwarded\n")
	for _, name := range slices.Sorted(maps.Keys(s.vendors)) {
		printf(table, "%s\t%d\t%d\n", name, s.vendors[name][0], s.vendors[name][1])
	}
	printf(table, "\nreason\tevents\n")
	for _, name := range slices.Sorted(maps.Keys(s.reasons)) {
		printf(table, "%s\t%d\n", name, s.reasons[name])
	}
	printf(table, "\nclass\tdropped\tchanged\tkept\n")
	for _, name := range slices.Sorted(maps.Keys(s.classes)) {
		c := s.classes[name]
		printf(table, "%s\t%d\t%d\t%d\n", name, c[0], c[1], c[2])
	}
	_ = table.Flush()
}
