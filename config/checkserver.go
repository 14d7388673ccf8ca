package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// checkServer looks at what the server file says besides vendors.
func (r *reading) checkServer() {
	if r.server == nil {
		return
	}
	s := &r.loaded.Server
	r.invalid(r.server, strict.Path("listen"), listenFault(s.Listen))
	r.invalid(r.server, strict.Path("admin", "listen"), listenFault(s.Admin.Listen))
	if s.Listen == s.Admin.Listen && !strings.HasSuffix(s.Listen, ":0") {
		r.faults.At(r.server, strict.Path("admin", "listen"), "hits and staff would share %s: give the admin listener a port of its own", s.Listen)
	}
	if s.Limits.Decompressed < s.Limits.Body {
		r.faults.At(r.server, strict.Path("limits", "decompressed"), "decompressed (%s) is less than body (%s): make it at least that", s.Limits.Decompressed, s.Limits.Body)
	}
	switch {
	case s.Keys.Root != "" && len(s.Keys.RootCommand) > 0:
		r.faults.Key(r.server, strict.Path("keys", "root_command"), "both root and root_command are given: keep one")
	case s.Keys.Root == "" && len(s.Keys.RootCommand) == 0:
		s.Keys.Root = "./root.key"
	}
	for name, key := range s.Approvers {
		if _, err := basis.ParseApprover(name, key); err != nil {
			r.faults.At(r.server, strict.Path("approvers", name), "%s", err)
		}
	}
	r.checkSites()
	r.checkWebhooks()
	r.warnMemory()
	r.warnUnused()
}

// warnMemory warns of memory that the largest hit which the other limits allow would not fit into, however often it came. A share of what
// there will be is not known here.
func (r *reading) warnMemory() {
	l := &r.loaded.Server.Limits
	// Its body, what is opened of it, that without escapes, what is sent on, and its fields.
	most := l.Body + 3*l.Decompressed + Size(l.Nodes*hit.NodeSize)
	if l.Memory.Size > 0 && l.Memory.Size < most {
		r.warnings.At(r.server, strict.Path("limits", "memory"), "the largest hit that the other limits allow takes about %d MiB: it would be answered with 503 each time it comes; "+
			"say more than that, or less for nodes and decompressed", most>>20)
	}
}

// warnUnused warns of what the format knows and this version does not act on.
func (r *reading) warnUnused() {
	if r.loaded.Server.Delivery.Mode == "queued" {
		r.warnings.At(r.server, strict.Path("delivery", "mode"), "this version has no queue: events are delivered directly, and the SDK is told at once how it went")
	} else if r.server.Has("delivery", "ttl") {
		r.warnings.Key(r.server, strict.Path("delivery", "ttl"), "ttl has no effect in delivery mode direct")
	}
	if r.server.Has("ledger", "retain") {
		r.warnings.Key(r.server, strict.Path("ledger", "retain"), "records are not deleted by this version: remove old segments in the ledger's folder yourself")
	}
	if r.server.Has("ledger", "checkpoint_to") {
		r.warnings.Key(r.server, strict.Path("ledger", "checkpoint_to"), "checkpoints are not copied by this version")
	}
}

func (r *reading) checkSites() {
	owners := map[string]string{}
	for _, id := range r.server.Keys("sites") {
		site, ok := r.loaded.Server.Sites[id]
		if !ok {
			continue
		}
		at := func(rest ...any) []any { return append(strict.Path("sites", id), rest...) }
		for i, host := range site.Hosts {
			if fault := hostFault(host); fault != "" {
				r.faults.At(r.server, at("hosts", i), "%s", fault)
			} else if owner, taken := owners[host]; taken {
				r.faults.At(r.server, at("hosts", i), "%s belongs to site %s already: a host is of one site, and stands once", host, owner)
			}
			owners[host] = id
		}
		if r.server.Has(at("base")...) {
			r.invalid(r.server, at("base"), pathFault(site.Base))
		}
		for i, origin := range site.Origins {
			u, fault := addressParts(origin)
			if u != nil && (u.Path != "" || origin != u.Scheme+"://"+u.Host) {
				fault = fmt.Sprintf("%q is no origin: write scheme and host alone, %s://%s", strict.Shortened(origin), u.Scheme, u.Host)
			}
			if u != nil && fault == "" && u.Port() == map[string]string{"https": "443", "http": "80"}[u.Scheme] {
				fault = fmt.Sprintf("%q matches nothing: browsers leave the port off where it is the scheme's own, write %s", strict.Shortened(origin), strings.TrimSuffix(origin, ":"+u.Port()))
			}
			r.invalid(r.server, at("origins", i), fault)
		}
		for i, vendor := range site.Vendors {
			r.known(r.server, at("vendors", i), "vendor", vendor, r.server.Keys("vendors"))
		}
		if r.server.Has(at("vendors")...) && len(site.Vendors) == 0 {
			r.faults.At(r.server, at("vendors"), "the list is empty: no hit would go anywhere; name vendors, or remove the line for all")
		}
		r.checkRegion(at("region"), site.Region)
		r.checkSignals(at("signals"), site.Signals)
		r.warnCookies(at("signals"), site)
		r.checkSheet(at("privacy", "css"), site.Privacy.CSS)
		r.warnObjectors(at("origins"), site)
	}
}

// warnCookies warns where the choice is in a cookie that hits will hardly carry.
func (r *reading) warnCookies(at []any, site Site) {
	cookies := slices.ContainsFunc(site.Signals.Own, func(own Own) bool { return own.Cookie != "" })
	for _, name := range r.server.Keys(at...) {
		if c, isCMP := cmp.Parse(name); isCMP && c.InCookies() || name == "tcf" {
			cookies = true
		}
	}
	if cookies && site.elsewhere() {
		r.warnings.At(r.server, at, "none of the origins is a host of the site: hits will carry no cookies unless the SDK is told to send them, and consent kept in them is not seen; let the site's own host pass hits on (base)")
	}
}

// warnObjectors warns where visitors who object will hardly be known again.
func (r *reading) warnObjectors(at []any, site Site) {
	if site.elsewhere() {
		r.warnings.At(r.server, at, "none of the origins is a host of the site: hits carry no cookies then, so that what visitors object to in the preference centre is found only by ids that the SDKs send; let the site's own host pass on hits and /privacy/ (base), or have its pages include /privacy/tagwarden.js and give it the SDK's id")
	}
}

// elsewhere tells whether hits come from other origins only: they carry no cookies unless the SDK is told to send them.
func (s *Site) elsewhere() bool {
	return len(s.Origins) > 0 && !slices.ContainsFunc(s.Origins, func(origin string) bool {
		u, fault := addressParts(origin)
		return fault == "" && slices.Contains(s.Hosts, u.Hostname())
	})
}

func (r *reading) checkRegion(at []any, region Region) {
	for key, name := range map[string]string{"header": region.Header, "subdivision": region.Subdivision} {
		if name != "" {
			r.invalid(r.server, append(slices.Clone(at), key), headerFault(name))
		}
	}
	if region.Subdivision != "" && region.Header == "" {
		r.faults.At(r.server, append(slices.Clone(at), "subdivision"), "a subdivision needs its country: add header")
	}
	if region.Default != "" {
		r.invalid(r.server, append(slices.Clone(at), "default"), regionFault(region.Default))
	}
	if region.Database != "" {
		r.checkRegionDB(append(slices.Clone(at), "database"), region.Database)
	}
	if region.Header != "" && len(r.loaded.Server.TrustedProxies) == 0 {
		r.warnings.At(r.server, append(slices.Clone(at), "header"), "the header is believed from trusted_proxies only, and none is listed: it has no effect")
	}
}

// checkSignals looks at which sources a site lists, and at what their ids are mapped to.
func (r *reading) checkSignals(at []any, signals Signals) {
	for _, name := range r.server.Keys(at...) {
		if c := signals.platform(name); c != nil {
			r.checkPlatform(append(slices.Clone(at), name), name, c)
		}
	}
	if signals.ConsentMode != nil {
		for name, category := range signals.ConsentMode.Categories {
			r.checkCategory(append(slices.Clone(at), "consent_mode", "categories", name), category)
		}
	}
	for i := range signals.Own {
		r.checkOwn(append(slices.Clone(at), "own", i), &signals.Own[i])
	}
	if len(signals.Own) == 0 && r.server.Has(append(slices.Clone(at), "own")...) {
		r.invalid(r.server, append(slices.Clone(at), "own"), "the list is empty: say where the choice is, or remove the line")
	}
	if len(signals.Own) > signal.MaxSources-1 {
		r.faults.At(r.server, append(slices.Clone(at), "own"), "there are %d choices: at most %d are read", len(signals.Own), signal.MaxSources-1)
	}
}

// checkPlatform looks at what a site says of a consent management platform.
func (r *reading) checkPlatform(at []any, name string, c *CMP) {
	here := func(rest ...any) []any { return append(slices.Clone(at), rest...) }
	cmp, isCMP := signalKind(name).CMP()
	for id, category := range c.Categories {
		r.checkCategory(here("categories", id), category)
		if isCMP && !cmp.Known(id) {
			r.faults.At(r.server, here("categories", id), "%q is no id of %s%s", strict.Shortened(id), name, strict.Suggestion(id, slices.Sorted(maps.Keys(cmp.DefaultCategories()))))
		}
	}
	switch {
	case !isCMP:
	case cmp.Unreadable():
		r.warnings.Key(r.server, at, "%s cannot be read by a server: it is recognised and never grants anything; let the page send the choice, and list it under own", name)
	case cmp.DefaultCategories() == nil && len(c.Categories) == 0 && !cmp.OnlyIAB():
		r.warnings.Key(r.server, at, "%s has ids of the site's own: map them under categories, or only those count that are called like a category", name)
	}
	if c.Cookie != "" && isCMP && !cmp.Renamable() {
		r.faults.At(r.server, here("cookie"), "the cookie of %s has one name: remove the line", name)
	}
	if c.Revision != nil && (!isCMP || !cmp.Revised()) {
		r.faults.At(r.server, here("revision"), "%s has no revision: remove the line", name)
	}
}

// checkOwn looks at one choice in a banner of the site's own.
func (r *reading) checkOwn(at []any, own *Own) {
	here := func(rest ...any) []any { return append(slices.Clone(at), rest...) }
	places := 0
	for _, place := range []string{own.Cookie, own.Header, own.Query, own.Body} {
		if place != "" {
			places++
		}
	}
	if places != 1 {
		r.faults.At(r.server, at, "%d places are given: name one of cookie, header, query and body", places)
	}
	if own.Header != "" {
		r.invalid(r.server, here("header"), headerFault(own.Header))
	}
	for key, path := range map[string]string{"body": own.Body, "json": own.JSON} {
		if path != "" && !memberPath.MatchString(path) {
			r.faults.At(r.server, here(key), "%q is no path: write names with dots between them, as in consent.analytics", strict.Shortened(path))
		}
	}
	for i, value := range own.Refused {
		if slices.Contains(own.Granted, value) {
			r.faults.At(r.server, here("refused", i), "%q counts as a yes as well: a value is one or the other", strict.Shortened(value))
		}
	}
	if own.Category != "" {
		r.checkCategory(here("category"), own.Category)
	}
}

// memberPath is what of gjson's paths leads to one member and nowhere else: names, with dots between them.
var memberPath = regexp.MustCompile(`^[^.*?#@!{}\[\]()|\\"]+(\.[^.*?#@!{}\[\]()|\\"]+)*$`)

// checkCategory refuses a category that no purpose has: a refusal of it would have no effect.
func (r *reading) checkCategory(at []any, category string) {
	if r.purposes != nil {
		r.known(r.server, at, "category", category, r.categories())
	}
}

// categories lists the consent categories that purposes have, sorted.
func (r *reading) categories() []string {
	all := map[string]bool{}
	for _, purpose := range r.loaded.Purposes {
		for _, category := range purpose.Categories {
			all[category] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// invalid adds a fault where there is one, and nothing is found wrong with the value already.
func (r *reading) invalid(doc *strict.Document, at []any, fault string) {
	if fault != "" && !r.faults.Has(doc, doc.Find(at)) {
		r.faults.At(doc, at, "%s", fault)
	}
}

// known adds a fault where a name is not among those that are known. What is known nowhere because its file was not readable is let pass.
func (r *reading) known(doc *strict.Document, at []any, what, name string, names []string) bool {
	if slices.Contains(names, name) {
		return true
	}
	r.faults.At(doc, at, "%s %q is not known%s", what, strict.Shortened(name), strict.Suggestion(name, names))
	return false
}
