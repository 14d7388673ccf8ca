package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/notice"
	"github.com/tagwarden/tagwarden/rules/plural"
)

func writeNotice(_ context.Context, t *terminal, args []string) int {
	f := t.flags("notice", "--config FILE [--site SITE] [--lang en|de|fr] [--format html|md|json] [--out FOLDER] [--at "+
		"TIME] | --check FILE")
	file := f.String("config", "tagwarden.yaml", "the server file")
	site := f.String("site", "", "the site that it is for; all, where it is not given")
	lang := f.String("lang", "", strings.Join(notice.Languages(), ", ")+
		"; en, or with --check that of the file, where it is not given")
	form := choice(f, "format", strings.Join(notice.Formats(), ", "), notice.Formats())
	published := f.String("check", "", "a published notice, to be held against the policy; - is standard input")
	out := f.String("out", "",
		"a folder for pages that link to one another: notice.LANG.html in each of the site's languages, or in --lang")
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
	t.warnOfInvented(&loaded.Server.Controller)
	if *published != "" {
		return checkNotice(t, loaded, *published, *site, *lang, at)
	}
	if *out != "" {
		return publishNotice(t, loaded, *site, *lang, *form, *out, at)
	}
	if *lang == "" {
		*lang = "en"
	}
	text, code := t.noticeIn(map[string]bool{}, loaded, *site, *lang, *form, at, notice.Around{})
	if code != fine {
		return code
	}
	_, _ = t.document().Write(text)
	return fine
}

// noticeIn writes a notice in one language, and says what is to be told beside it, unless it was told.
func (t *terminal) noticeIn(
	told map[string]bool, loaded *config.Loaded, site, lang, form string, at time.Time, around notice.Around,
) (text []byte, code int) {
	n, warnings, err := notice.New(loaded, site, lang, at)
	if err != nil {
		t.fail("%v", err)
		return nil, usage
	}
	for _, w := range warnings {
		if !told[w] {
			told[w] = true
			printf(t.err, "warning: %s\n", w)
		}
	}
	if unsaid := n.Missing(); len(unsaid) > 0 {
		printf(t.err, "%v\n", unsaid)
		t.fail("nothing is written: %s missing, and what visitors have to be told cannot be left out",
			plural.Of(len(unsaid), "fact"))
		return nil, findings
	}
	if text, err = n.Publish(form, around); err != nil {
		t.fail("%v", err)
		return nil, usage
	}
	return text, fine
}

// publishNotice writes the notice into a folder, a file for each language. Pages link to one another there.
func publishNotice(t *terminal, loaded *config.Loaded, site, lang, form, folder string, at time.Time) int {
	languages := notice.SiteLanguages(loaded, site)
	if lang != "" {
		languages = []string{lang}
	}
	name := func(lang string) string { return "notice." + lang + "." + form }
	texts, told := map[string][]byte{}, map[string]bool{}
	for _, lang := range languages {
		text, code := t.noticeIn(told, loaded, site, lang, form, at, notice.Around{Languages: languages, Address: name})
		if code != fine {
			return code
		}
		texts[lang] = text
	}
	files := make([]pageFile, len(languages))
	for i, lang := range languages {
		files[i] = pageFile{filepath.Join(folder, name(lang)), texts[lang]}
	}
	t.endsTidily(leftAlone...) // all of them are there, or those of before
	made := missing(folder)
	err := writePages(folder, files)
	if errors.Is(err, durable.ErrLeftOver) {
		t.fail("--out: %v", err)
		return usage
	}
	if err != nil {
		if made {
			_ = os.Remove(folder) // unless somebody put something into it
		}
		t.fail("--out: nothing was published: %v", err)
		return usage
	}
	for _, f := range files {
		printf(t.out, "%s\n", f.path)
	}
	return fine
}

// pageFile is a page, and where it is put.
type pageFile struct {
	path string
	text []byte
}

// writePages puts pages that link to one another into a folder: all of them, or those that were there stay.
func writePages(folder string, files []pageFile) (err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	begun := filepath.Join(folder, ".notice.begun")
	if err := os.Mkdir(begun, 0o700); err != nil {
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		return fmt.Errorf("%s is there: another `notice` writes into the folder, or broke off; take it away where none does",
			begun)
	}
	defer func() { err = errors.Join(err, os.Remove(begun)) }()
	all := make([]durable.Text, len(files))
	for i, f := range files {
		if info, err := os.Stat(f.path); err == nil && info.IsDir() {
			return fmt.Errorf("%s is a folder", f.path)
		}
		all[i] = durable.Text{Path: f.path, Text: f.text}
	}
	return durable.Files{}.ReplaceAll(all, 0o644)
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
	unsaid := today.Missing()
	for _, u := range unsaid {
		differences = append(differences, "has to be told, and nobody says it: "+u.Error())
	}
	for _, d := range differences {
		printf(t.out, "%s: %s\n", file, d)
	}
	if len(differences) > 0 {
		first := ""
		if len(unsaid) > 0 {
			first = "write into the files what nobody says, then "
		}
		printf(t.out, "%s does not say what the policy does: %spublish a new one, `tagwarden notice --lang %s --format %s`\n",
			file, first, p.Lang, p.Format)
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
