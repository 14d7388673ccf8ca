package visitor

import (
	"html/template"
	"strings"
)

// wording is what the pages of a site say, in one language.
type wording struct {
	site *Site
	up   string // from where the request is to /privacy/: "", or "../" a few times
	said *Language
	*words
}

// speak sets the language.
func (w *wording) speak(l *Language) {
	w.said, w.words = l, wordsIn(l.Tag)
}

// page is what every page says.
type page struct {
	*words
	Lang      string
	Languages []tongue
	Up        string // to /privacy/
	Themed    bool
	Title     string
	Said      *Language
	Name      string // of the site
	Logo      bool
	Links     []Link
	Query     template.URL // of this page's forms
}

// Mail tells whether the controller's contact is an e-mail address, Web whether it is a page.
func (p page) Mail() bool {
	contact := p.Said.Controller.Contact
	return strings.Count(contact, "@") == 1 && !strings.ContainsAny(contact, " :/?&,")
}

// Web: see Mail.
func (p page) Web() bool { return strings.HasPrefix(p.Said.Controller.Contact, "https://") }

// tongue is a language that the page is to be had in.
type tongue struct {
	Tag, Name string
	Query     template.URL
	Here      bool
}

// page fills in what all pages have.
func (w *wording) page(title string) page {
	p := page{
		words: w.words, Lang: w.said.Tag, Up: w.up, Themed: w.site.Style != nil, Title: w.Say(title), Said: w.said,
		Name: w.said.Name, Logo: w.site.Logo != nil, Links: w.said.Links,
		Query: template.URL("?lang=" + w.said.Tag), //nolint:gosec // a language of the site's
	}
	for i := range w.site.Languages {
		tag := w.site.Languages[i].Tag
		one := tongue{Tag: tag, Name: wordsIn(tag).Name, Here: tag == w.said.Tag}
		one.Query = template.URL("?lang=" + tag) //nolint:gosec // the same
		p.Languages = append(p.Languages, one)
	}
	return p
}

// policy is what a page may do: show itself with our style and the site's, send its forms here, and stand in frames of
// the site's own pages. A site's style may bring letters and pictures from the same place, and its logo is one.
func (s *Site) policy(style string) string {
	policy := "default-src 'none'; style-src " + style
	if s.Style != nil {
		policy += "; font-src 'self'"
	}
	if s.Style != nil || s.Logo != nil {
		policy += "; img-src 'self'"
	}
	ancestors := strings.Join(append([]string{"'self'"}, s.Origins...), " ")
	return policy + "; form-action 'self'; base-uri 'none'; frame-ancestors " + ancestors
}
