package config

import (
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// overlooking looks for what has been left undone.
type overlooking struct {
	*Loaded
	server, purposes, activities *strict.Document
	found                        strict.Faults
}

// Overlooked warns of what is no fault, and is seldom meant: a vendor or an event's name that nothing comes of, a basis
// that can never carry anything, a text that one language lacks, a site that its web server cannot pass a path of to
// here, a policy without tests.
func Overlooked(l *Loaded) strict.Faults {
	var none strict.Faults // they were read before
	parse := func(name string) *strict.Document {
		return strict.Parse(l.Source.display(name), l.Source.policy[name], &none)
	}
	o := overlooking{
		Loaded: l, server: strict.Parse(l.Source.Path, l.Source.server, &none), purposes: parse(purposesFile),
		activities: parse(activitiesFile),
	}
	o.vendors()
	o.events()
	o.categories()
	o.titles()
	o.bases()
	if len(l.Tests) == 0 {
		o.found.File(l.Source.display("tests"),
			"the policy has no tests: whoever edits it next sees nothing of what changes; "+
				"`tagwarden test` runs them")
	}
	return o.found
}

// vendors looks for those that no activity is for: nothing is ever sent to them.
func (o *overlooking) vendors() {
	for _, id := range o.server.Keys("vendors") {
		if !slices.ContainsFunc(o.Activities, func(a Activity) bool { return a.Vendor == id }) {
			o.found.Key(o.server, strict.Path("vendors", id), "no activity is for vendor %s: every event for it is denied "+
				"(no_activity)", id)
		}
	}
}

// events looks for names that no event of a vendor has.
func (o *overlooking) events() {
	for _, r := range o.Policy.Recipients() {
		names, open := r.Catalog.File.EventNames()
		if open || len(names) == 0 {
			continue
		}
		for i := range o.Activities {
			a := &o.Activities[i]
			if a.Vendor != r.ID {
				continue
			}
			for n, name := range a.Events {
				set := rules.EventNamesOf([]string{name})
				if !slices.ContainsFunc(names, set.Has) {
					o.found.At(o.activities, strict.Path("activities", i, "events", n), "no event of %s is called %q%s", r.ID, name,
						strict.Suggestion(name, names))
				}
			}
		}
	}
}

// categories looks for what rests on consent that no source of a site can say yes to.
func (o *overlooking) categories() {
	for _, site := range o.Policy.Sites() {
		given, tcf := rules.CategoriesGiven(site)
		for i := range o.Activities {
			a := &o.Activities[i]
			of := o.Server.Sites[site.ID]
			if !reaches(a, &of, site.ID) || a.Basis != basis.Consent.String() {
				continue
			}
			for _, purpose := range a.Purposes {
				for _, category := range o.ungiven(purpose, given, tcf) {
					o.found.Key(o.purposes, strict.Path("purposes", purpose),
						"activity %s asks for consent to %s, and no source under "+
							"signals of site %s can say yes to category %q: the activity is never permitted there", a.ID,
						purpose, site.ID, category)
				}
			}
		}
	}
}

// ungiven are the categories of a purpose that no source can say yes to. Where a TC string may say yes to the purpose,
// there is none.
func (o *overlooking) ungiven(purpose string, given signal.Categories, tcf bool) (all []string) {
	of := o.Purposes[purpose]
	if tcf && len(of.TCF) > 0 {
		return nil
	}
	for _, category := range of.Categories {
		if !given.Has(rules.CategoryOf(o.Policy, category)) {
			all = append(all, category)
		}
	}
	return all
}

// titles looks for purposes that visitors read about in fewer languages than about others.
func (o *overlooking) titles() {
	for _, of := range [...]struct {
		member string
		text   func(p *Purpose) Text
	}{
		{"title", func(p *Purpose) Text { return p.Title }}, {"description", func(p *Purpose) Text { return p.Description }},
	} {
		said := map[string]string{} // by language: a purpose that has it
		for _, id := range o.purposes.Keys("purposes") {
			p := o.Purposes[id]
			for lang := range of.text(&p) {
				if said[lang] == "" && lang != "" {
					said[lang] = id
				}
			}
		}
		for _, id := range o.purposes.Keys("purposes") {
			p := o.Purposes[id]
			text := of.text(&p)
			if len(text) == 0 {
				continue
			}
			for _, lang := range slices.Sorted(maps.Keys(said)) {
				if text[lang] == "" && text[""] == "" {
					o.found.At(o.purposes, strict.Path("purposes", id, of.member), "purpose %s has no %s in %q, as %s has: visitors "+
						"who read that language are told it in another", id, of.member, lang, said[lang])
				}
			}
		}
	}
}

// bases looks at where SDKs of a site send to as `tagwarden snippet` writes it: to the site's own origin, whose web
// server has to know which paths are passed on.
func (o *overlooking) bases() {
	for _, id := range o.server.Keys("sites") {
		site := o.Server.Sites[id]
		if len(site.Hosts) == 0 {
			continue
		}
		host := site.Hosts[0]
		if len(site.Origins) > 0 {
			if u, err := url.Parse(site.Origins[0]); err == nil {
				host = u.Hostname()
			}
		}
		at := strict.Path("sites", id)
		switch {
		case !slices.ContainsFunc(site.Hosts, func(h string) bool { return strings.EqualFold(h, host) }):
			o.found.At(o.server, append(at, "hosts"),
				"what `tagwarden snippet` writes sends to %s, which is not among hosts: such hits "+
					"are refused (unknown_host); add it, or give a host of hosts by --origin", host)
		case site.Base == "" && len(site.Origins) > 0:
			o.found.Key(o.server, at,
				"what `tagwarden snippet` writes sends to paths of %s itself, the site's own web server, and no "+
					"base says which it passes on to here: write base: /t, and pass that on (`tagwarden snippet --front`), or give "+
					"hits a host of their own and name it by --origin", host)
		case site.Base == "" && (host == "localhost" || isLoopback(host)):
			o.found.Key(o.server, at,
				"what `tagwarden snippet` writes sends to %s, which is each visitor's own machine: name the "+
					"site's host first among hosts", host)
		}
	}
}

func isLoopback(host string) bool {
	at, err := netip.ParseAddr(host)
	return err == nil && at.IsLoopback()
}
