package notice

import (
	"encoding/base64"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
)

// Centre is where the visitors of a site object and withdraw: its preference centre.
type Centre struct {
	Site string `json:"site"`
	Name string `json:"name"` // what visitors know the site by
	URL  string `json:"url"`
}

// Around is what stands around a notice in HTML where it is published: its links lead to other pages of that place.
type Around struct {
	Languages  []string                 // that it is to be had in; none or one: there is nothing to choose
	Address    func(lang string) string // of the page in a language, from this one
	Centre     string                   // where the preference centre is, from this page; "": as it is known outside
	Incomplete bool                     // what is known is said where facts are missing: the rows of those are left out
	Logo       string                   // where the site's logo is, from this page; "": it is in the page itself
}

// brand is how a site looks: the same as its preference centre.
type brand struct {
	name  string // "": several sites have one notice
	links []Link
	style []byte
	logo  *config.Logo
}

// brandOf finds the brand of the only site that a notice is for.
func brandOf(l *config.Loaded, sites []*rules.Site, lang string) brand {
	if len(sites) != 1 {
		return brand{}
	}
	site := l.Server.Sites[sites[0].ID]
	b := brand{name: site.Called(lang), style: l.Sheet(sites[0].ID), logo: l.Logo(sites[0].ID)}
	for _, link := range site.Privacy.Links {
		text, in := link.Text.In(lang)
		address, _ := link.URL.In(lang)
		b.links = append(b.links, Link{Text: text, URL: address, Lang: in})
	}
	return b
}

// SiteLanguages are the languages of a site's notice: those that its pages are to be had in; all there are, where it
// does not say, and for the notice of several sites.
func SiteLanguages(l *config.Loaded, site string) []string {
	if all := l.Policy.Sites(); site == "" && len(all) == 1 {
		site = all[0].ID
	}
	if listed := l.Server.Sites[site].Privacy.Languages; len(listed) > 0 {
		return listed
	}
	return Languages()
}

// inPage is a picture as an address that holds it.
func inPage(logo *config.Logo) string {
	return "data:" + logo.Type + ";base64," + base64.StdEncoding.EncodeToString(logo.Content)
}
