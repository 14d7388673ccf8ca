package main

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/gtm"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// importVerb reads what another product exported, and says what of it would pass here.
func importVerb(_ context.Context, t *terminal, args []string) int {
	f := t.flags("import", "gtm CONTAINER.json [--to DIR] [--format text|json]")
	to := f.String("to", "",
		"the folder that the proposed configuration is written to; nothing is written where it is not given")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) == 0 || rest[0] != "gtm" {
		t.fail("what is to be imported? There is gtm (a container that Google Tag Manager exported)")
		return usage
	}
	if len(rest) != 2 {
		t.fail("which container? One file at a time, as Admin, Export Container writes it")
		return usage
	}
	report, err := readContainer(rest[1])
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	if *form == "json" {
		printJSON(t.out, report, "  ")
	} else {
		printContainer(t.out, report)
	}
	if *to != "" {
		if code := propose(t, report, *to, *form == "json"); code != fine {
			return code
		}
	}
	if !report.Covered() {
		return findings
	}
	return fine
}

func readContainer(name string) (*gtm.Report, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	c, err := gtm.Read(name, file)
	if err != nil {
		return nil, err
	}
	return gtm.Assess(c), nil
}

// propose writes the proposed configuration as init writes one. Where the report is for programs,
// what else is said goes where errors do.
func propose(t *terminal, report *gtm.Report, dir string, forPrograms bool) int {
	t.endsTidily(leftAlone...) // all of it is there, or nothing
	made, err := config.InitChanged(gtm.Example, dir, nil, t.now(), report.Propose, true)
	if errors.Is(err, gtm.ErrNothing) {
		t.fail("nothing was written: %v", err)
		return findings
	}
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	said := *t
	if forPrograms {
		said.out = t.err
	} else {
		printf(t.out, "\n")
	}
	return printMade(&said, &made)
}

// titled is a name that people gave, in quotes and not too long.
func titled(name string) string {
	if runes := []rune(name); len(runes) > 80 {
		name = string(runes[:79]) + "…"
	}
	return strconv.Quote(name)
}

// headings say what becomes of tags, by outcome.
var headings = map[gtm.Outcome]string{
	gtm.Through:   "through tagwarden, one setting changed",
	gtm.Rebuild:   "to be built anew: the catalog has the vendor, the tag has no setting for its address",
	gtm.Uncovered: "not covered: these go on sending past tagwarden",
	gtm.Stays:     "left alone: nothing that these send can be seen",
	gtm.Paused:    "paused",
	gtm.Dead:      "dead",
}

func printContainer(w io.Writer, r *gtm.Report) {
	printf(w, "%s: container %s %s", r.File, r.Container, titled(r.Name))
	if len(r.For) > 0 {
		printf(w, " for %s", strings.Join(r.For, ", "))
	}
	printf(w, ", %s\n", plural.Of(len(r.Tags), "tag"))
	for _, note := range r.Notes {
		printf(w, "  %s.\n", note)
	}
	for _, outcome := range gtm.Outcomes {
		if r.Outcomes[outcome] == 0 {
			continue
		}
		printf(w, "\n%s, %s\n", plural.Of(r.Outcomes[outcome], "tag"), headings[outcome])
		printTags(w, r, outcome)
	}
	printBeside(w, r)
	var sums []string
	for _, outcome := range gtm.Outcomes {
		word, _, _ := strings.Cut(headings[outcome], ",")
		word, _, _ = strings.Cut(word, ":")
		sums = append(sums, sprintf("%d %s", r.Outcomes[outcome], word))
	}
	printf(w, "\n%s: %s\n", plural.Of(len(r.Tags), "tag"), strings.Join(sums, ", "))
}

// printTags prints tags of one outcome, those together of which the same is to be said, and what is to be done
// once behind all for which it is the same.
func printTags(w io.Writer, r *gtm.Report, outcome gtm.Outcome) {
	var groups [][]*gtm.Judged
	for i := range r.Tags {
		tag := &r.Tags[i]
		if tag.Outcome != outcome {
			continue
		}
		at := slices.IndexFunc(groups, func(g []*gtm.Judged) bool { return g[0].Why == tag.Why && g[0].Do == tag.Do })
		if at < 0 {
			groups, at = append(groups, nil), len(groups)
		}
		groups[at] = append(groups[at], tag)
	}
	slices.SortStableFunc(groups, func(a, b []*gtm.Judged) int { return strings.Compare(a[0].Do, b[0].Do) })
	for i, group := range groups {
		for _, tag := range group {
			printTag(w, tag)
		}
		printf(w, "      %s\n", group[0].Why)
		if do := group[0].Do; do != "" && (i+1 == len(groups) || groups[i+1][0].Do != do) {
			printf(w, "      → %s\n", do)
		}
	}
}

func printTag(w io.Writer, tag *gtm.Judged) {
	what := tag.Type
	if tag.Template != "" {
		what = "template " + titled(tag.Template)
	}
	if len(tag.Products) > 0 {
		what += ", " + strings.Join(tag.Products, ", ")
	}
	if len(tag.IDs) > 0 {
		what += " " + strings.Join(tag.IDs, ", ")
	}
	printf(w, "  %s  %s; consent: %s\n", titled(tag.Name), what, tag.Consent)
}

// printBeside prints what a container holds beside its tags: nothing of it is left out without a word.
func printBeside(w io.Writer, r *gtm.Report) {
	for _, z := range r.Zones {
		printf(w, "\nzone %s, not covered: %s in it; export and import what runs there as well\n", titled(z.Name),
			strings.Join(z.Containers, ", "))
	}
	if len(r.Variables) > 0 {
		printf(w, "\nvariables of custom JavaScript that name hosts: see that they send nothing there\n")
		for _, v := range r.Variables {
			printf(w, "  %s names %s\n", titled(v.Name), strings.Join(v.Hosts, ", "))
		}
	}
	printf(w, "\nalso in the container, of which nothing is taken: %s, %s, %s, %s",
		plural.Of(r.Counts.Triggers, "trigger"), plural.Of(r.Own, "variable"),
		plural.Of(r.Counts.BuiltInVariables, "built-in variable"), plural.Of(r.Templates, "template"))
	if len(r.Unused) > 0 {
		printf(w, " (%d used by nothing in it)", len(r.Unused))
	}
	for _, more := range []struct {
		n    int
		what string
	}{{len(r.Clients), "client"}, {r.Counts.Transformations, "transformation"}, {r.Counts.Folders, "folder"},
		{r.Counts.GoogleTagConfigs, "Google tag configuration"}} {
		if more.n > 0 {
			printf(w, ", %s", plural.Of(more.n, more.what))
		}
	}
	printf(w, "\n")
}
