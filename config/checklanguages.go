package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
)

// languageCheck holds what visitors of a site are told against the languages that its pages are to be had in.
type languageCheck struct {
	checks
	lacks map[string]bool // places at which a fault was found
}

// run looks at the texts of each site that lists its languages.
func (c languageCheck) run() {
	if c.server == nil || c.activities == nil || c.purposes == nil {
		return
	}
	c.lacks = map[string]bool{}
	for _, id := range c.server.Keys("sites") {
		site := c.loaded.Server.Sites[id]
		languages := site.Privacy.spoken()
		if len(languages) == 0 {
			continue
		}
		for i := range c.loaded.Activities {
			if a := &c.loaded.Activities[i]; reaches(a, &site, id) {
				c.activity(id, languages, a, i)
			}
		}
	}
}

// spoken are the languages that the pages are to be had in, as they are listed, each once.
func (p *Privacy) spoken() (all []string) {
	for _, lang := range p.Languages {
		if slices.Contains(PageLanguages(), lang) && !slices.Contains(all, lang) {
			all = append(all, lang)
		}
	}
	return all
}

// activity looks at what a notice says of an activity in the policy's words.
func (c languageCheck) activity(site string, languages []string, a *Activity, i int) {
	text := func(doc *strict.Document, said map[string]string, at ...any) { c.text(doc, site, languages, said, at) }
	for _, id := range a.Purposes {
		purpose := c.loaded.Purposes[id]
		text(c.purposes, purpose.Title, "purposes", id, "title")
		text(c.purposes, purpose.Description, "purposes", id, "description")
	}
	if a.AfterRefusal != nil {
		text(c.activities, a.AfterRefusal.Because, "activities", i, "after_refusal", "because")
	}
	if t := a.Transfer; t != nil {
		for _, reader := range t.readers() {
			at := []any{"activities", i, "transfer", "safeguard"}
			if reader != "" {
				at = append(at, reader)
			}
			if own := t.Safeguard[reader]; own != "" && !isSafeguard(own) {
				text(c.activities, Text{"": own}, at...)
			}
		}
	}
	for _, file := range c.assessments {
		of := file.assessment
		if of.ID != a.Assessment || a.Assessment == "" {
			continue
		}
		text(file.doc, of.Interest.What, "interest", "what")
		text(file.doc, of.Interest.Benefit, "interest", "benefit")
		text(file.doc, of.Objection.How, "objection", "how")
		if of.CompellingGrounds() {
			text(file.doc, of.Objection.CompellingGrounds, "objection", "compelling_grounds")
		}
	}
}

// text looks at one text. What names no language is in the site's, where that is one alone; what is not there lacks
// none.
func (c languageCheck) text(doc *strict.Document, site string, languages []string, said map[string]string, at []any) {
	if doc == nil || len(said) == 0 {
		return
	}
	of := Text(said)
	var lacking []string
	for _, lang := range languages {
		one, there := of.exactly(lang)
		if !there && len(languages) == 1 {
			one, there = of[""]
		}
		if !there || strings.TrimSpace(one) == "" {
			lacking = append(lacking, lang)
		}
	}
	place := fmt.Sprint(at...)
	if len(lacking) == 0 || c.lacks[place] {
		return
	}
	c.lacks[place] = true
	if slices.Contains(at, any("safeguard")) {
		c.refuse(doc, at, "lawful/languages", "the pages of site %s are to be had in %s, and words of your own are in one "+
			"language: write the safeguard by its name, such as SCC", site, strings.Join(languages, ", "))
		return
	}
	c.refuse(doc, at, "lawful/languages", "the pages of site %s are to be had in %s, and this text is not in %s: write "+
		"{ %s: ... }", site, strings.Join(languages, ", "), strings.Join(lacking, ", "), strings.Join(languages, ": ..., "))
}
