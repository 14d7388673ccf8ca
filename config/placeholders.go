package config

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
)

// invented are the names and addresses of controllers and sites that Init and its examples write; nobody is called so.
var invented = []string{
	"Shop GmbH", "Shop SARL", "Example Street 1, Berlin", "1 rue de l'Exemple, Paris", "Example Shop",
}

// reserved are domains that nobody can have: they are for examples (RFC 2606).
var reserved = []string{"example", "example.com", "example.net", "example.org"}

// isPlaceholder tells whether a text stands in place of what only the operator knows: an invented name or address, or a
// host, an address or a mailbox in a reserved domain.
func isPlaceholder(text string) bool {
	text = strings.TrimSpace(text)
	if slices.Contains(invented, text) {
		return true
	}
	host := text[strings.LastIndexByte(text, '@')+1:]
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		host = u.Hostname()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return slices.ContainsFunc(reserved, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}

// Invented tells whether the controller is one that Init wrote, or part of it: a text for visitors or authorities that
// names it names nobody.
func (c *Controller) Invented() bool {
	return slices.ContainsFunc([]string{c.Name, c.Address, c.Contact, c.DPO}, isPlaceholder)
}

// invented is the first that a site says of itself and Init made up, and where it says so; nil where there is nothing.
func (s *Site) invented() (at []any, text string) {
	for n, host := range s.Hosts {
		if isPlaceholder(host) {
			return strict.Path("hosts", n), host
		}
	}
	for n, origin := range s.Origins {
		if isPlaceholder(origin) {
			return strict.Path("origins", n), origin
		}
	}
	for _, name := range s.Name {
		if isPlaceholder(name) {
			return strict.Path("name"), name
		}
	}
	for n, link := range s.Privacy.Links {
		for _, address := range link.URL {
			if isPlaceholder(address) {
				return strict.Path("privacy", "links", n, "url"), address
			}
		}
	}
	return nil, ""
}

// Placeholders warns of what Init wrote in place of what only the operator knows, one warning for the controller, for
// each site, vendor and assessment. It works all the same: on this machine, to try things out.
func (l *Loaded) Placeholders() strict.Faults {
	var warnings, none strict.Faults // it was read before
	doc := strict.Parse(l.Source.Path, l.Source.server, &none)
	if c := &l.Server.Controller; c.Invented() {
		warnings.Key(doc, strict.Path("controller"), "this is the controller that init writes, or part of it: put "+
			"yourself here before a notice or a record names nobody")
	}
	for _, id := range slices.Sorted(maps.Keys(l.Server.Sites)) {
		site := l.Server.Sites[id]
		if at, text := site.invented(); at != nil {
			warnings.At(doc, append(strict.Path("sites", id), at...), "%s is a name for examples, which nobody has: put "+
				"your own here", text)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.Server.Vendors)) {
		vendor := l.Server.Vendors[id]
		if isPlaceholder(vendor.Upstream) {
			warnings.At(doc, strict.Path("vendors", id, "upstream"), "%s is an address for examples, which nobody can "+
				"have: put %s's here", vendor.Upstream, id)
		}
		for _, role := range slices.Sorted(maps.Keys(vendor.Upstreams)) {
			if isPlaceholder(vendor.Upstreams[role]) {
				warnings.At(doc, strict.Path("vendors", id, "upstreams", role), "%s is an address for examples, which "+
					"nobody can have: put %s's here", vendor.Upstreams[role], id)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.Assessments)) {
		if a := l.Assessments[id]; isPlaceholder(a.Document.Owner) {
			doc := strict.Parse(a.File, a.Text, &none)
			warnings.At(doc, strict.Path("owner"), "%s is a mailbox for examples, which nobody can have: say who "+
				"answers for the assessment", a.Document.Owner)
		}
	}
	return warnings
}
