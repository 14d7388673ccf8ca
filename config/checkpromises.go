package config

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// promiseCheck looks at the promises.
type promiseCheck struct {
	checks
	catalogs catalogs
	// of the server file's vendors, by the vendor's id, with the fields that profiles name
	compiled map[string]*catalog.Vendor
}

// run looks at each promise and at what it names.
func (c promiseCheck) run() {
	if c.promises == nil {
		return
	}
	seen := map[string]bool{}
	for i := range c.loaded.Promises {
		of := &c.loaded.Promises[i]
		at := func(rest ...any) []any { return append(strict.Path("promises", i), rest...) }
		if seen[of.ID] && of.ID != "" {
			c.faults.At(c.promises, at("id"), "promise %q stands here for the second time: give each an id of its own", of.ID)
		}
		seen[of.ID] = true
		never := of.Never.condition()
		c.condition(never, func(rest ...any) []any { return at(append([]any{"never"}, rest...)...) })
		if unless := of.Never.Unless; unless != nil {
			c.condition(unless, func(rest ...any) []any { return at(append([]any{"never", "unless"}, rest...)...) })
		}
	}
}

// conditionKeys are the keys that say of what a promise, or its exception, is.
var conditionKeys = []string{"class", "field", "looser_than", "vendor", "country", "purpose", "basis",
	"site", "region", "event"}

// condition looks at what never: or unless: names.
func (c promiseCheck) condition(of *Unless, at func(...any) []any) {
	// well or badly
	named := slices.ContainsFunc(conditionKeys, func(key string) bool { return c.promises.Has(at(key)...) })
	if of.isEmpty() && !named && !c.faults.Has(c.promises, c.promises.Find(at())) {
		c.faults.At(c.promises, at(), "it says nothing: name at least one of %s", strings.Join(conditionKeys, ", "))
	}
	c.words(at, "class", of.Class, classNames)
	c.words(at, "basis", of.Basis, basis.Names())
	if c.server != nil {
		c.words(at, "vendor", of.Vendor, append(c.server.Keys("vendors"), c.entries()...))
		c.words(at, "site", of.Site, c.server.Keys("sites"))
	}
	if c.purposes != nil {
		c.words(at, "purpose", of.Purpose, c.purposes.Keys("purposes"))
	}
	c.each(at, "country", of.Country, func(text string) string {
		if _, err := promise.ParseCountry(text); err != nil {
			return err.Error() + strict.Suggestion(text, countryNames())
		}
		return ""
	})
	c.each(at, "region", of.Region, regionFault)
	c.each(at, "event", of.Event, eventFault)
	if len(of.Field) > 0 {
		names := c.fieldsOf(of.Vendor)
		c.each(at, "field", of.Field, func(name string) string {
			if names == nil || slices.ContainsFunc(names, func(field string) bool { return promise.Fits(field, name) }) {
				return ""
			}
			slices.Sort(names) // for the nearest one alone: most promises name none, and vendors have thousands
			names = slices.Compact(names)
			return "field \"" + strict.Shortened(name) + "\" is not known" + strict.Suggestion(name, names)
		})
	}
	if of.LooserThan != nil && of.LooserThan.Parameters {
		for _, name := range of.Class {
			class, known := hit.ParseClass(name)
			if _, err := minimise.Compile(of.LooserThan.Spec, class); known && err != nil {
				c.invalid(c.promises, at("looser_than"), err.Error())
			}
		}
	}
}

// isEmpty tells whether no key is there.
func (u *Unless) isEmpty() bool {
	return len(u.Class)+len(u.Field)+len(u.Vendor)+len(u.Country)+len(u.Purpose)+len(u.Basis)+len(u.Site)+len(u.Region)+
		len(u.Event) == 0 && u.LooserThan == nil
}

// words looks up the words of a list.
func (c promiseCheck) words(at func(...any) []any, key string, list Few, known []string) {
	c.each(at, key, list, func(word string) string {
		if slices.Contains(known, word) {
			return ""
		}
		return key + " \"" + strict.Shortened(word) + "\" is not known" + strict.Suggestion(word, known)
	})
}

// each looks at each element of a list, and at whether one stands there twice.
func (c promiseCheck) each(at func(...any) []any, key string, list Few, fault func(element string) string) {
	for i, element := range list {
		place := at(key)
		if c.promises.Has(at(key, i)...) {
			place = at(key, i)
		}
		c.invalid(c.promises, place, fault(element))
	}
	c.doubles(c.promises, at(key), list)
}

// entries are the ids of catalog entries: a promise may be about one that no vendor is of yet.
func (c promiseCheck) entries() []string {
	all := catalog.BuiltinIDs()
	for id := range c.catalogs {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

// fieldsOf are the names of fields of some vendors, or of all, in no order; nil where they are not known.
func (c promiseCheck) fieldsOf(vendors Few) (names []string) {
	for id, vendor := range c.compiled {
		if len(vendors) > 0 && !slices.Contains(vendors, id) && !slices.Contains(vendors, vendor.File.ID) {
			continue
		}
		for i := range vendor.Fields {
			names = append(names, vendor.Fields[i].Path)
		}
		names = append(names, "header Sec-GPC") // every vendor is told
		for i := range vendor.Endpoints {
			e := &vendor.Endpoints[i]
			for j := range e.Headers {
				names = append(names, "header "+e.Headers[j].Name)
			}
			for j := range e.State {
				names = append(names, e.State[j].Name)
			}
			for _, name := range []string{e.Carry.Query, behind("header ", e.Carry.Header)} {
				if name != "" {
					names = append(names, name)
				}
			}
			if !e.Path.Literal() {
				names = append(names, "path")
			}
			if e.Kind == catalog.Opaque {
				names = append(names, "body")
			}
		}
	}
	return names
}

// behind puts a word in front of a name that is not empty.
func behind(word, name string) string {
	if name == "" {
		return ""
	}
	return word + name
}

// countryNames are the words that stand for countries in promises.
func countryNames() []string {
	return []string{"EU", "EEA", "UK", "CH", "US", "outside-EEA", "outside-EU"}
}

// eventFault says what is wrong with the name of an event, or the beginning of one; "" where nothing is.
func eventFault(event string) string {
	switch {
	case strings.Contains(strings.TrimSuffix(event, "*"), "*"):
		return "\"" + strict.Shortened(event) +
			"\" is no name of an event: write it out, or its beginning with one * at the end, as checkout_*"
	case strings.TrimSpace(event) != event || event == "":
		return "\"" + strict.Shortened(event) + "\" is no name of an event: it is empty, or has white space around it"
	}
	return ""
}
