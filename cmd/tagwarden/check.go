package main

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strconv"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

func check(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("check", "--config FILE [--strict] [--offline] [--visitors-per-day N] [--fix [--dry-run]] | --rules")
	file := f.String("config", "tagwarden.yaml", "the server file")
	strictly := f.Bool("strict", false, "warnings count as findings, for CI")
	offline := f.Bool("offline", false, "do not ask the NATS servers of a cluster, where they cannot be reached from")
	visitors := f.Int("visitors-per-day", 100_000,
		"how many visitors to reckon with, where pseudonyms are cut to some bits")
	fix := f.Bool("fix", false,
		"write otherwise what is written otherwise since a version, and keep a copy of each file; then check")
	dry := f.Bool("dry-run", false, "with --fix: show what would be written, and write nothing")
	rules := f.Bool("rules", false,
		"list the rules about what a policy may not say, each with its source, and do nothing else")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	if *rules {
		printRules(t)
		return fine
	}
	if *dry && !*fix {
		t.fail("--dry-run is for --fix")
		return usage
	}
	if *fix {
		if code, ends := fixFiles(t, *file, *dry); ends {
			return code
		}
	}
	if *visitors < 1 {
		t.fail("--visitors-per-day: a number above 0 is right")
		return usage
	}
	first, err := config.Load(*file)
	if err != nil {
		printf(t.out, "%v\n", err)
		beginBy(t, *file)
		return codeOf(err)
	}
	if !printForms(t, first.Server.Data) {
		return findings
	}
	loaded, code := knowingOf(t, first)
	if loaded == nil {
		return code
	}
	warnings := warningsOf(t, loaded)
	faults, more := loaded.CheckCertificate(t.now())
	for _, w := range slices.Concat(more, config.Overlooked(loaded), loaded.Placeholders()) {
		warnings = append(warnings, w.Error())
	}
	for _, missing := range loaded.Lacks(func(m config.Missing) bool { return m.Of == config.WhoReceives }) {
		warnings = append(warnings, missing.Error()+
			"; `notice` writes nothing without it, and `report art30` names it as missing")
	}
	for _, note := range loaded.Notes {
		printf(t.out, "note: %s\n", note.Error())
	}
	for _, ahead := range loaded.Ahead(t.now()) {
		printf(t.out, "note: %s\n", ahead)
	}
	printOpen(t, loaded)
	var nats natsFindings
	if *offline && loaded.Server.Cluster != nil {
		printf(t.out, "note: the NATS servers are not asked, and so nothing is known of them\n")
	} else {
		var err error
		if nats, err = checkNATS(ctx, loaded); err != nil {
			return t.failed(err)
		}
	}
	warnings = append(warnings, nats.warnings...)
	for _, w := range warnings {
		printf(t.out, "warning: %s\n", w)
	}
	for _, one := range nats.unknown {
		printf(t.out, "not known: %s\n", one)
	}
	for _, one := range nats.bad {
		printf(t.out, "%s\n", one)
	}
	if len(faults) > 0 {
		printf(t.out, "%v\n", faults)
	}
	if len(faults)+len(nats.bad) > 0 {
		return findings
	}
	printSharing(t, loaded, *visitors)
	p := loaded.Policy
	printf(t.out, "policy %.16s: %s, %s, %s, %s, %s; nothing is wrong%s, %s\n",
		p.Digest(), plural.Of(len(p.Sites()), "site"), plural.Of(len(p.Recipients()), "vendor"),
		plural.Of(len(loaded.Activities), "activity"), plural.Of(len(p.Purposes()), "purpose"),
		plural.Of(len(p.Assessments().IDs()), "assessment"), asFarAs(len(nats.unknown)), plural.Of(len(warnings), "warning"))
	if *strictly && len(warnings)+len(nats.unknown) > 0 {
		return findings
	}
	return fine
}

// asFarAs says that something could not be found out.
func asFarAs(unknown int) string {
	if unknown == 0 {
		return ""
	}
	return " as far as is known (not known: " + strconv.Itoa(unknown) + ")"
}

// printForms says in which forms a data folder is, and whether the server can go on with it, which is known before
// anything in it is read. What may not be read from here is not known.
func printForms(t *terminal, data string) bool {
	switch forms, err := proxy.DataFormat(data); {
	case errors.Is(err, fs.ErrPermission):
		t.hint("%s cannot be read from here: in which forms it is, is not known", data)
	case err != nil:
		printf(t.out, "%s: %v: the server will not start\n", data, err)
		return false
	case forms != "":
		printf(t.out, "note: the data folder %s is in the forms %s\n", data, forms)
	}
	return true
}

// printRules lists the rules about what a policy may not say.
func printRules(t *terminal) {
	for _, rule := range config.Refusals() {
		weight := ""
		if rule.Advice {
			weight = "  (warning)"
		}
		printf(t.out, "%s%s\n    %s\n    %s\n", rule.ID, weight, rule.Sentence, rule.Source)
	}
}

// warningsOf lists what is no fault, and what an operator or the privacy lead should know all the same.
func warningsOf(t *terminal, loaded *config.Loaded) []string {
	var all []string
	for _, w := range loaded.Warnings {
		all = append(all, w.Error())
	}
	for _, m := range loaded.Lacks(func(m config.Missing) bool { return m.Of != config.WhoReceives }) {
		all = append(all, m.Error())
	}
	assessments := loaded.Policy.Assessments()
	for _, due := range loaded.Due(t.now()) {
		switch {
		case !assessments.Approved(due.ID): // said below
		case due.Days < 0:
			all = append(all, sprintf("assessment %s is past its review (%s): its activities deny", due.ID, due.ReviewBy))
		default:
			all = append(all, sprintf("assessment %s is to be reviewed in %s (%s); after that its activities deny", due.ID,
				days(due.Days), due.ReviewBy))
		}
	}
	for _, id := range assessments.IDs() {
		if v := assessments.Validity(id, t.now()); v != basis.Valid && v != basis.Expired {
			all = append(all, sprintf("assessment %s is %s: its activities deny; %s", id, v, v.Says()))
		}
	}
	for _, unread := range proxy.UnreadSecrets(loaded) {
		all = append(all, unread.Error())
	}
	return append(all, keyWarnings(&loaded.Server, t.now())...)
}

// days counts days in words.
func days(n int) string {
	return plural.Of(n, "day")
}

// printSharing says of every pseudonym that is cut how many visitors will share one.
func printSharing(t *terminal, loaded *config.Loaded, visitors int) {
	for _, id := range slices.Sorted(maps.Keys(loaded.Profiles)) {
		p := loaded.Profiles[id]
		print := func(what string, spec *minimise.Spec) {
			bits := spec.Pseudonymise.Bits
			if spec.Kind != minimise.Pseudonymise || bits == 0 {
				return
			}
			sharing, different := pseudonym.Sharing(bits, float64(visitors))
			printf(t.out, "profile %s, %s, %s: of %s a day about %.0f (%.1f %%) share their pseudonym with another; there are "+
				"about %.0f, of %.1f visitors each\n",
				id, what, plural.Of(bits, "bit"), plural.Of(visitors, "visitor"), sharing, 100*sharing/float64(visitors), different,
				float64(visitors)/different)
		}
		for _, class := range slices.Sorted(maps.Keys(p.Classes)) {
			m := p.Classes[class]
			print("class "+class, &m.Spec)
		}
		for _, vendor := range slices.Sorted(maps.Keys(p.Fields)) {
			for _, field := range slices.Sorted(maps.Keys(p.Fields[vendor])) {
				m := p.Fields[vendor][field]
				print("field "+field+" of "+vendor, &m.Spec)
			}
		}
	}
}
