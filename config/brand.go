package config

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/config/calendar"
	"github.com/tagwarden/tagwarden/config/strict"
)

// Privacy says how the pages that visitors see look as the site's own: the preference centre and the notice.
type Privacy struct {
	Title     Text     `yaml:"title" doc:"Heading of the preference centre; or by language. Default: Your choices about your data."`
	Logo      string   `yaml:"logo" doc:"File of the site's logo, in place of its name: SVG, PNG, JPEG, WebP or GIF, told by its content, at most 128 KiB. It is served below /privacy/: an address elsewhere would tell another host who reads these pages. Relative to this file."`
	Languages []string `yaml:"languages" is:"enum=en|de|fr" doc:"The languages that the pages are to be had in, the site's own first. Default: en, de and fr, first the one that most purposes have their titles in."`
	Links     []Link   `yaml:"links" doc:"What else the pages link to, at their foot: an imprint, terms, the site itself; at most 12."`
	CSS       string   `yaml:"css" doc:"Style sheet of the site, served after the built-in one: at most 64 KiB. Relative to this file."`
}

// Link is a link of the site's own on the pages that visitors see.
type Link struct {
	Text Text `yaml:"text" is:"required" doc:"What it says; or by language."`
	URL  Text `yaml:"url" is:"required" doc:"Where it leads, https://shop.example/imprint; or by language."`
}

// The bounds of what a site says of itself: characters of a line, and links.
const (
	longestName  = 80
	longestTitle = 120
	maxSiteLinks = 12
)

// PageLanguages are the languages that the pages which visitors see can be had in.
func PageLanguages() []string { return calendar.Languages() }

// Called is what visitors know the site by, in a language: its name, else the hosts that they see in the address bar,
// which are those of its origins.
func (s *Site) Called(lang string) string {
	if name, _ := s.Name.In(lang); name != "" {
		return name
	}
	return strings.Join(s.SeenHosts(), ", ")
}

// SeenHosts are the hosts that visitors see in the address bar: those of the site's origins. Without origins they are
// its hosts, but for localhost and bare IP addresses where there are others.
func (s *Site) SeenHosts() []string {
	var hosts []string
	for _, origin := range s.Origins {
		if u, err := url.Parse(origin); err == nil && !slices.Contains(hosts, u.Hostname()) {
			hosts = append(hosts, u.Hostname())
		}
	}
	if len(hosts) > 0 {
		return hosts
	}
	for _, host := range s.Hosts {
		if host != "localhost" && net.ParseIP(host) == nil {
			hosts = append(hosts, host)
		}
	}
	if len(hosts) == 0 {
		return s.Hosts
	}
	return hosts
}

// checkBrand looks at what a site says of itself to visitors.
func (c siteCheck) checkBrand(at func(...any) []any, site *Site) {
	of := &site.Privacy
	c.checkLine(at("name"), of, site.Name, longestName)
	c.checkLine(at("privacy", "title"), of, of.Title, longestTitle)
	c.checkLogo(at("privacy", "logo"), of.Logo)
	c.checkSheet(at("privacy", "css"), of.CSS)
	if c.server.Has(at("privacy", "languages")...) && len(of.Languages) == 0 {
		c.faults.At(c.server, at("privacy", "languages"),
			"the list is empty: the pages would speak no language; name some, or remove the line for all")
	}
	for i, lang := range of.Languages {
		if slices.Contains(of.Languages[:i], lang) {
			c.faults.At(c.server, at("privacy", "languages", i), "%s stands there already: remove one", lang)
		}
	}
	if len(of.Links) > maxSiteLinks {
		c.faults.At(c.server, at("privacy", "links"), "there are %d links: at most %d are shown", len(of.Links), maxSiteLinks)
	}
	for i := range of.Links {
		link := func(rest ...any) []any { return at(append([]any{"privacy", "links", i}, rest...)...) }
		c.checkLine(link("text"), of, of.Links[i].Text, longestName)
		c.inEachLanguage(link("url"), of, of.Links[i].URL)
		for lang, address := range of.Links[i].URL {
			c.invalid(c.server, inLanguage(link("url"), lang), linkFault(address))
		}
	}
}

// checkLine looks at a text that stands in one line of the pages, in each language that it is given in.
func (c siteCheck) checkLine(at []any, of *Privacy, text Text, most int) {
	for _, lang := range slices.Sorted(maps.Keys(text)) {
		one, place := text[lang], inLanguage(at, lang)
		switch {
		case one == "" && lang == "": // as if it were not there
		case strings.TrimSpace(one) == "":
			c.faults.At(c.server, place, "there is nothing in it: write a text, or remove the line")
		case strings.ContainsFunc(one, unicode.IsControl):
			c.faults.At(c.server, place, "%q is more than a line: write it without breaks", strict.Shortened(one))
		case utf8.RuneCountInString(one) > most:
			c.faults.At(c.server, place, "the text has %d characters: at most %d stand in a line of the pages",
				utf8.RuneCountInString(one), most)
		}
	}
	c.inEachLanguage(at, of, text)
}

// inEachLanguage holds a text that is given by language against the languages that the pages are to be had in.
func (c siteCheck) inEachLanguage(at []any, of *Privacy, text Text) {
	if _, any := text[""]; any || len(text) == 0 {
		return
	}
	for _, lang := range of.Languages {
		if one, _ := text.exactly(lang); one == "" && slices.Contains(PageLanguages(), lang) {
			c.faults.At(c.server, at, "the pages are to be had in %s, and this is not: add %s: ...", lang, lang)
		}
	}
}

// inLanguage is the place of a text in a language; "" is that of a text which names none.
func inLanguage(at []any, lang string) []any {
	if lang == "" {
		return at
	}
	return append(slices.Clone(at), lang)
}

// linkFault says what is wrong with where a link on the visitors' pages leads; "" where nothing is.
func linkFault(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || strings.ContainsFunc(address, unicode.IsSpace):
		return fmt.Sprintf("%q is no address that visitors may be led to: write it whole, https://shop.example/imprint",
			strict.Shortened(address))
	case u.User != nil:
		return "the address holds a user name: credentials do not belong here"
	}
	return hostFault(u.Hostname())
}
