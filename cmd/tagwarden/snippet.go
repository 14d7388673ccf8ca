package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/front"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
)

func snippet(_ context.Context, t *terminal, args []string) int {
	f := t.flags("snippet", "--config FILE {VENDOR [--origin ORIGIN] | --front FRONT [--to ORIGIN]} [--site SITE]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	siteID := f.String("site", "", "the site; the first, where it is not given")
	before := f.String("front", "", "how what stands before the site passes hits on: "+strings.Join(front.Names(), ", "))
	to := f.String("to", "", "where the front reaches tagwarden; listen of the server file, where it is not given")
	origin := f.String("origin", "", "where SDKs send to; the site's own origin, where it is not given")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	loaded, code := t.load(*file)
	if loaded == nil {
		return code
	}
	if *before != "" {
		return printFront(t, loaded, *before, *siteID, *to, rest)
	}
	if len(rest) != 1 {
		t.fail("which vendor? One of %s; or which web server, by --front",
			strings.Join(slices.Sorted(maps.Keys(loaded.Server.Vendors)), ", "))
		return usage
	}
	site := findSite(loaded.Policy, *siteID)
	if site == nil {
		return noSite(t, loaded, *siteID)
	}
	for _, r := range loaded.Policy.Recipients() {
		if r.ID == rest[0] {
			printSnippets(t, site, r, *origin)
			if mirror := loaded.Server.Sites[site.ID].Signals.Mirror; mirror != nil {
				printMirror(t, pagesOf(site, *origin), mirror.Cookie)
			}
			return fine
		}
	}
	t.fail("there is no vendor %q%s", rest[0], strict.SuggestionElse(rest[0],
		slices.Sorted(maps.Keys(loaded.Server.Vendors))))
	return usage
}

func findSite(p *rules.Policy, id string) *rules.Site {
	for _, s := range p.Sites() {
		if id == "" || s.ID == id {
			return s
		}
	}
	return nil
}

// printSnippets prints every SDK's set-up line. The site's own origin is the recommended way:
// cookies travel, and nothing is cross-origin.
func printSnippets(t *terminal, site *rules.Site, r *rules.Recipient, origin string) {
	pages := pagesOf(site, origin)
	origin, base := sendsTo(site, origin)
	_, host, _ := strings.Cut(origin, "://")
	replace := strings.NewReplacer("${origin}", strings.TrimSuffix(origin, "/"), "${host}", host, "${base}", base,
		"${prefix}", r.Prefix)
	for i, s := range r.Catalog.File.Snippets {
		if i > 0 {
			printf(t.out, "\n")
		}
		printf(t.out, "// %s\n%s\n", s.SDK, severalLines(strings.TrimRight(replace.Replace(s.Code), "\n")))
		if s.Note != "" {
			printf(t.out, "// %s\n", severalLines(strings.ReplaceAll(strings.TrimSpace(replace.Replace(s.Note)), "\n", "\n// ")))
		}
	}
	if len(r.Catalog.File.Snippets) == 0 {
		printf(t.out, "// %s: no SDK set-up is known; send to %s%s%s\n", r.Catalog.File.Name, origin, base, r.Prefix)
	}
	printf(t.out, "\n// Visitors object at %[1]s: link it in your footer.\n// A front end of your own calls "+
		"tagwarden.object(['all']) of <script src=\"%[1]stagwarden.js\"></script>.\n", pages)
}

// sendsTo is the origin that SDKs send to, the site's own where none is given, and the path below it where hits go.
func sendsTo(site *rules.Site, origin string) (of, base string) {
	if origin != "" && !site.Allows([]byte(origin)) {
		return origin, ""
	}
	if origin == "" {
		origin = "https://" + site.Hosts[0]
		if len(site.Origins) > 0 {
			origin = site.Origins[0]
		}
	}
	return origin, site.Base
}

// pagesOf is where the visitors' pages are.
func pagesOf(site *rules.Site, origin string) string {
	origin, base := sendsTo(site, origin)
	return strings.TrimSuffix(origin, "/") + base + "/privacy/"
}

// printMirror prints the line that copies what visitors chose into the site's own cookie, for a site that reads it.
func printMirror(t *terminal, pages, cookie string) {
	attribute := ""
	if cookie != "" {
		attribute = ` data-cookie="` + cookie + `"`
	}
	printf(t.out, "\n// Choices that the consent platform keeps in the browser: on every page, beside the platform's "+
		"own script.\n<script async src=\"%stagwarden-mirror.js\"%s></script>\n", pages, attribute)
}
