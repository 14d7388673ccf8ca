package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/notice"
)

func writeNotice(_ context.Context, t *terminal, args []string) int {
	f := t.flags("notice", "--config FILE [--site SITE] [--lang en|de|fr] [--format html|md|json] [--at TIME] | --check FILE")
	file := f.String("config", "tagwarden.yaml", "the server file")
	site := f.String("site", "", "the site that it is for; all, where it is not given")
	lang := f.String("lang", "", strings.Join(notice.Languages(), ", ")+"; en, or with --check that of the file, where it is not given")
	form := choice(f, "format", notice.Formats())
	published := f.String("check", "", "a published notice, to be held against the policy; - is standard input")
	moment := f.String("at", "", "the time that it is for, RFC 3339; now, where it is not given")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	at, ok := t.at(*moment)
	if !ok {
		return usage
	}
	loaded, code := t.knowing(*file)
	if loaded == nil {
		return code
	}
	if t.noController(loaded, *file) {
		return usage
	}
	if *published != "" {
		return checkNotice(t, loaded, *published, *site, *lang, at)
	}
	if *lang == "" {
		*lang = "en"
	}
	n, warnings, err := notice.New(loaded, *site, *lang, at)
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	for _, w := range warnings {
		printf(t.err, "warning: %s\n", w)
	}
	text, err := n.Render(*form)
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	_, _ = t.document().Write(text)
	return fine
}

// noController says so where nothing says who is responsible: a document for visitors or authorities would be none.
func (t *terminal) noController(loaded *config.Loaded, file string) bool {
	c := &loaded.Server.Controller
	if c.Name != "" && c.Contact != "" {
		t.warnOfInvented(c)
		return false
	}
	t.fail("%s: nothing says who is responsible: add controller: { name: ..., contact: ... } (GDPR Art. 13(1)(a) and "+
		"30(1)(a))", file)
	return true
}

// checkNotice holds a published notice against today's. The file says which site and language it is of.
func checkNotice(t *terminal, loaded *config.Loaded, file, site, lang string, at time.Time) int {
	text, err := t.readFile(file)
	if err != nil {
		t.fail("--check: %v", err)
		return usage
	}
	p, err := notice.ReadPublished(text)
	if err != nil {
		t.fail("--check: %s: %v", file, err)
		return usage
	}
	if site != "" && site != p.Site {
		t.fail("--site: the notice is of %s, not of %s", orAllSites(p.Site), site)
		return usage
	}
	if lang != "" && lang != p.Lang {
		t.fail("--lang: the notice is in %q, not in %q", p.Lang, lang)
		return usage
	}
	today, _, err := notice.New(loaded, p.Site, p.Lang, at)
	if err != nil {
		printf(t.out, "%s: %v\n", file, err)
		return findings
	}
	differences := p.Differences(today)
	for _, d := range differences {
		printf(t.out, "%s: %s\n", file, d)
	}
	if len(differences) > 0 {
		printf(t.out, "%s does not say what the policy does: publish a new one, `tagwarden notice --lang %s --format %s`\n", file, p.Lang, p.Format)
		return findings
	}
	if c := &loaded.Server.Controller; c.Invented() {
		printf(t.out, "%s names the controller that init writes, or part of it (%s, %s): whoever reads it cannot reach "+
			"you; put yourself under controller:, and publish a new one\n", file, c.Name, c.Contact)
		return findings
	}
	printf(t.out, "%s says what the policy does (%s, %s)\n", file, p.Lang, today.Digest)
	return fine
}

func orAllSites(site string) string {
	if site == "" {
		return "all sites"
	}
	return "site " + site
}

// choice adds a flag that takes one of some words, the first where it is not given.
func choice(f *flag.FlagSet, name string, all []string) *string {
	chosen := all[0]
	f.Func(name, strings.Join(all, ", ")+" ("+chosen+")", func(given string) error {
		if !slices.Contains(all, given) {
			return fmt.Errorf("one of %s is", strings.Join(all, ", "))
		}
		chosen = given
		return nil
	})
	return &chosen
}
