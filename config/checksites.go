package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/contact"
	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// siteCheck looks at the sites of the server file.
type siteCheck struct {
	checks
	source    *Source
	regionDBs map[string]*regionDB // those that could be opened, by the path that the server file gives
}

func (c siteCheck) run() {
	owners := map[string]string{}
	for _, id := range c.server.Keys("sites") {
		site, ok := c.loaded.Server.Sites[id]
		if !ok {
			continue
		}
		at := func(rest ...any) []any { return append(strict.Path("sites", id), rest...) }
		for i, host := range site.Hosts {
			if fault := hostFault(host); fault != "" {
				c.faults.At(c.server, at("hosts", i), "%s", fault)
			} else if owner, taken := owners[host]; taken {
				c.faults.At(c.server, at("hosts", i),
					"%s belongs to site %s already: a host is of one site, and stands once", host, owner)
			}
			owners[host] = id
		}
		if c.server.Has(at("base")...) {
			c.invalid(c.server, at("base"), pathFault(site.Base))
		}
		for i, origin := range site.Origins {
			u, fault := addressParts(origin)
			if u != nil && (u.Path != "" || origin != u.Scheme+"://"+u.Host) {
				fault = fmt.Sprintf(
					"%q is no origin: write scheme and host alone, %s://%s", strict.Shortened(origin), u.Scheme, u.Host)
			}
			if u != nil && fault == "" && u.Port() == map[string]string{"https": "443", "http": "80"}[u.Scheme] {
				fault = fmt.Sprintf(
					"%q matches nothing: browsers leave the port off where it is the scheme's own, write %s",
					strict.Shortened(origin), strings.TrimSuffix(origin, ":"+u.Port()))
			}
			c.invalid(c.server, at("origins", i), fault)
		}
		for i, vendor := range site.Vendors {
			c.known(c.server, at("vendors", i), "vendor", vendor, c.server.Keys("vendors"))
		}
		if c.server.Has(at("vendors")...) && len(site.Vendors) == 0 {
			c.faults.At(c.server, at("vendors"),
				"the list is empty: no hit would go anywhere; name vendors, or remove the line for all")
		}
		if _, known := contact.FindCountry(site.PhoneCountry); c.server.Has(at("phone_country")...) && !known {
			c.faults.At(c.server, at("phone_country"), "%q is no country that has phone numbers: two letters are right, DE",
				strict.Shortened(site.PhoneCountry))
		}
		c.checkRegion(at("region"), site.Region)
		c.checkSignals(at("signals"), site.Signals)
		c.warnCookies(at("signals"), site)
		c.checkReceipts(at("signals", "receipts"), site.Signals.Receipts)
		c.checkChoices(id, site.Choices)
		c.checkBrand(at, &site)
		c.warnObjectors(at("origins"), site)
	}
}

// warnCookies warns where the choice is in a cookie that hits will hardly carry.
func (c siteCheck) warnCookies(at []any, site Site) {
	cookies := slices.ContainsFunc(site.Signals.Own, func(own Own) bool { return own.Cookie != "" })
	for _, name := range c.server.Keys(at...) {
		if c, isCMP := cmp.Parse(name); isCMP && c.InCookies() || name == "tcf" {
			cookies = true
		}
	}
	if cookies && site.elsewhere() {
		c.warnings.At(c.server, at,
			"none of the origins is a host of the site: hits will carry no cookies unless the SDK is told to send "+
				"them, and consent kept in them is not seen; let the site's own host pass hits on (base)")
	}
}

// warnObjectors warns where visitors who object will hardly be known again.
func (c siteCheck) warnObjectors(at []any, site Site) {
	if site.elsewhere() {
		c.warnings.At(c.server, at,
			"none of the origins is a host of the site: hits carry no cookies then, so that what visitors object "+
				"to in the preference centre is found only by ids that the SDKs send; let the site's own host pass on "+
				"hits and /privacy/ (base), or have its pages include /privacy/tagwarden.js and give it the SDK's id")
	}
}

// elsewhere tells whether hits come from other origins only: they carry no cookies unless the SDK is told to send them.
func (s *Site) elsewhere() bool {
	return len(s.Origins) > 0 && !slices.ContainsFunc(s.Origins, func(origin string) bool {
		u, fault := addressParts(origin)
		return fault == "" && slices.Contains(s.Hosts, u.Hostname())
	})
}

func (c siteCheck) checkRegion(at []any, region Region) {
	for key, name := range map[string]string{"header": region.Header, "subdivision": region.Subdivision} {
		if name != "" {
			c.invalid(c.server, append(slices.Clone(at), key), headerFault(name))
		}
	}
	if region.Subdivision != "" && region.Header == "" {
		c.faults.At(c.server, append(slices.Clone(at), "subdivision"), "a subdivision needs its country: add header")
	}
	if region.Default != "" {
		c.invalid(c.server, append(slices.Clone(at), "default"), regionFault(region.Default))
	}
	if region.Database != "" {
		c.checkRegionDB(append(slices.Clone(at), "database"), region.Database)
	}
	if region.Header != "" && len(c.loaded.Server.TrustedProxies) == 0 {
		c.warnings.At(c.server, append(slices.Clone(at), "header"),
			"the header is believed from trusted_proxies only, and none is listed: it has no effect")
	}
}

// checkSignals looks at which sources a site lists, and at what their ids are mapped to.
func (c siteCheck) checkSignals(at []any, signals Signals) {
	for _, name := range c.server.Keys(at...) {
		if platform := signals.platform(name); platform != nil {
			c.checkPlatform(append(slices.Clone(at), name), name, platform)
		}
	}
	if signals.ConsentMode != nil {
		for name, category := range signals.ConsentMode.Categories {
			c.checkCategory(append(slices.Clone(at), "consent_mode", "categories", name), category)
		}
	}
	for i := range signals.Own {
		c.checkOwn(append(slices.Clone(at), "own", i), &signals.Own[i])
	}
	if len(signals.Own) == 0 && c.server.Has(append(slices.Clone(at), "own")...) {
		c.invalid(c.server, append(slices.Clone(at), "own"),
			"the list is empty: say where the choice is, or remove the line")
	}
	if len(signals.Own) > signal.MaxSources-1 {
		c.faults.At(c.server, append(slices.Clone(at), "own"),
			"there are %d choices: at most %d are read", len(signals.Own), signal.MaxSources-1)
	}
}

// checkPlatform looks at what a site says of a consent management platform.
func (c siteCheck) checkPlatform(at []any, name string, platform *CMP) {
	here := func(rest ...any) []any { return append(slices.Clone(at), rest...) }
	cmp, isCMP := signalKind(name).CMP()
	for id, category := range platform.Categories {
		c.checkCategory(here("categories", id), category)
		if isCMP && !cmp.Known(id) {
			c.faults.At(c.server, here("categories", id), "%q is no id of %s%s", strict.Shortened(id), name,
				strict.Suggestion(id, slices.Sorted(maps.Keys(cmp.DefaultCategories()))))
		}
	}
	switch {
	case !isCMP:
	case cmp.Unreadable():
		c.warnings.Key(c.server, at,
			"%s cannot be read by a server: it is recognised and never grants anything; have its pages include "+
				"/privacy/tagwarden-mirror.js and list mirror, or let the page send the choice and list it under own", name)
	case cmp.DefaultCategories() == nil && len(platform.Categories) == 0 && !cmp.OnlyIAB():
		c.warnings.Key(c.server, at,
			"%s has ids of the site's own: map them under categories, or only those count that are called like a "+
				"category", name)
	}
	if platform.Cookie != "" && isCMP && !cmp.Renamable() {
		c.faults.At(c.server, here("cookie"), "the cookie of %s has one name: remove the line", name)
	}
	if platform.Revision != nil && (!isCMP || !cmp.Revised()) {
		c.faults.At(c.server, here("revision"), "%s has no revision: remove the line", name)
	}
}

// checkOwn looks at one choice in a banner of the site's own.
func (c siteCheck) checkOwn(at []any, own *Own) {
	here := func(rest ...any) []any { return append(slices.Clone(at), rest...) }
	places := 0
	for _, place := range []string{own.Cookie, own.Header, own.Query, own.Body} {
		if place != "" {
			places++
		}
	}
	if places != 1 {
		c.faults.At(c.server, at, "%s given: name one of cookie, header, query and body", plural.Are(places, "place"))
	}
	if own.Header != "" {
		c.invalid(c.server, here("header"), headerFault(own.Header))
	}
	for key, path := range map[string]string{"body": own.Body, "json": own.JSON} {
		if path != "" && !memberPath.MatchString(path) {
			c.faults.At(c.server, here(key),
				"%q is no path: write names with dots between them, as in consent.analytics", strict.Shortened(path))
		}
	}
	c.checkPairs(at, own)
	c.checkOwnDate(here("date"), own)
	for i, value := range own.Refused {
		if slices.Contains(own.Granted, value) {
			c.faults.At(c.server, here("refused", i),
				"%q counts as a yes as well: a value is one or the other", strict.Shortened(value))
		}
	}
	if own.Category != "" {
		c.checkCategory(here("category"), own.Category)
	}
}

// checkPairs looks at how the pairs of a value are told apart.
func (c siteCheck) checkPairs(at []any, own *Own) {
	here := func(key string) []any { return append(slices.Clone(at), key) }
	switch {
	case own.Pairs == "" && own.Name == "":
	case own.Pairs == "":
		c.faults.At(c.server, here("name"),
			"a name is for pairs: say how they are told apart, pairs: \"!=\", or remove the line")
	case !signal.Separators(own.Pairs):
		c.faults.At(c.server, here("pairs"),
			"%q does not tell pairs apart: write two different marks, that between two pairs and that between name and "+
				"value, as in \"!=\" for !a=true!b=false", strict.Shortened(own.Pairs))
	case own.JSON != "":
		c.faults.At(c.server, here("json"), "the value is pairs: remove one of pairs and json")
	case own.Name == "":
		c.faults.At(c.server, here("pairs"), "the choice has no name among the pairs: add name")
	case strings.ContainsAny(own.Name, own.Pairs):
		c.faults.At(c.server, here("name"), "%q has a mark of the pairs in it: it would never be found",
			strict.Shortened(own.Name))
	}
}

// checkOwnDate looks at where such a choice has its date.
func (c siteCheck) checkOwnDate(at []any, own *Own) {
	date := own.Date
	switch {
	case date == nil:
	case date.Cookie == "" && date.JSON == "":
		c.faults.At(c.server, at,
			"it does not say where the date is: name a cookie, or a path (json) in what holds the choice")
	case date.Cookie == "" && own.Body != "":
		c.faults.At(c.server, at, "where the choice is in each event its date is in a cookie: name one")
	case date.JSON != "" && !memberPath.MatchString(date.JSON):
		c.faults.At(c.server, append(slices.Clone(at), "json"),
			"%q is no path: write names with dots between them, as in consent.updated", strict.Shortened(date.JSON))
	}
}

// memberPath is what of gjson's paths leads to one member and nowhere else: names, with dots between them.
var memberPath = regexp.MustCompile(`^[^.*?#@!{}\[\]()|\\"]+(\.[^.*?#@!{}\[\]()|\\"]+)*$`)

// checkCategory refuses a category that no purpose has: a refusal of it would have no effect.
func (c siteCheck) checkCategory(at []any, category string) {
	if c.purposes != nil {
		c.known(c.server, at, "category", category, consentCategories(c.loaded))
	}
}

// consentCategories lists the consent categories that purposes have, sorted.
func consentCategories(l *Loaded) []string {
	all := map[string]bool{}
	for _, purpose := range l.Purposes {
		for _, category := range purpose.Categories {
			all[category] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
