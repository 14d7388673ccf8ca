package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/tagwarden/tagwarden/rules/observe"
	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/replay"
)

func scan(_ context.Context, t *terminal, args []string) int {
	f := t.flags("scan", "FILE.har|FILE.jsonl... [--config FILE [--host HOST] [--objection SCOPE]... [--from IP] [--at "+
		"TIME]] [--format text|json]")
	given := addAskFlags(f)
	given.raw = new(true)
	f.Lookup("config").Usage = "a server file: its policy says of what is found what it does with it; " +
		"exit 1 then says that a promise is broken, and nothing else"
	f.Lookup("config").DefValue, *given.config = "", ""
	host := f.String("host", "", "a site's host name, in place of the recorded Host, for the policy")
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
	look, broken := s.Hit, map[string]int{}
	var judged *explainer // nil: there is no policy
	var taken ofSites
	if *given.config != "" {
		loaded, code := examineKnowing(t, *given.config) // also one that breaks its promises: which hits do is asked here
		if loaded == nil {
			return code
		}
		a, code := explainerBy(t, given, loaded)
		if a == nil {
			return code
		}
		if !isHost(t, *host, a.policy) {
			return usage
		}
		judged, look = a, judgedScan(t, s, a, *host, broken, &taken)
	}
	for _, file := range files {
		passed, err := recording(file, "", look)
		if err != nil {
			t.fail("%v", err)
			return usage
		}
		if passed > 0 {
			printf(t.err, "%s: %s, passed over\n", file, noHTTP(passed))
		}
	}
	report := s.Report()
	report.Broken = broken
	if *form == "json" {
		printJSON(t.out, report, "  ")
	} else {
		printScanned(t.out, report)
	}
	switch {
	case len(broken) > 0:
		t.fail("%s broken by these hits", plural.Of(len(broken), "promise"))
		return findings
	case len(report.Findings) > 0 && judged == nil:
		return findings
	case judged != nil && taken.none(t, *host, judged.policy): // no promise could be broken
		return usage
	}
	return fine
}

// judgedScan looks at a hit with what a policy does with it, as replay judges it, and holds the promises against it.
func judgedScan(
	t *terminal, s *observe.Scanner, a *explainer, host string, broken map[string]int, taken *ofSites,
) func(*replay.Request) error {
	return func(r *replay.Request) error {
		text := r.Text
		if host != "" {
			text = replay.Text(r.Method, r.Target, r.Headers, r.Body, host)
		}
		x, violations, err := a.judge(text)
		if err != nil {
			return err
		}
		taken.add(x)
		for _, v := range violations {
			if broken[v.Promise]++; broken[v.Promise] == 1 {
				printf(t.err, "%s:%d: %s\n", r.File, r.Line, v)
			}
		}
		return s.Judged(r, x)
	}
}

func printScanned(w io.Writer, r *observe.Report) {
	for _, v := range r.Vendors {
		known := ""
		if !v.Known {
			known = "  (not in the catalog)"
		}
		printf(w, "%s  %s%s\n", v.Name, plural.Of(v.Hits, "hit"), known)
		table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		some := false
		for _, f := range r.Findings {
			if f.Vendor != v.Name {
				continue
			}
			some = true
			printf(table, "  %s\t%s\t%s\t%d×\t%s\t%s:%d", short(f.Field), f.Class, f.Kind, f.Count,
				short(strings.Join(f.Samples, ", ")), f.Where.File, f.Where.Line)
			if f.Fates != nil {
				printf(table, "\t%s", fated(f.Fates))
			}
			printf(table, "\n")
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
	for _, id := range slices.Sorted(maps.Keys(r.Broken)) {
		printf(w, "promise %s is broken by %s\n", id, plural.Of(r.Broken[id], "hit"))
	}
	printf(w, "%s, %s; %s of personal data in %s\n", plural.Of(r.Hits, "hit"),
		plural.Of(len(r.Vendors), "vendor"), plural.Of(total, "finding"), plural.Of(len(r.Findings), "place"))
}

// fated says what a policy does with what was found.
func fated(fates map[string]int) string {
	var all []string
	for _, fate := range slices.Sorted(maps.Keys(fates)) {
		all = append(all, fmt.Sprintf("%s %d×", strings.ReplaceAll(fate, "_", " "), fates[fate]))
	}
	return strings.Join(all, ", ")
}
