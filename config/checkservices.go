package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// serviceCheck looks at which services of a site's platforms are vendors. The vendors were looked at before.
type serviceCheck struct{ checks }

func (c serviceCheck) run() {
	if c.server == nil {
		return
	}
	for _, id := range c.server.Keys("sites") {
		site := c.loaded.Server.Sites[id]
		vendors := site.Vendors
		if len(vendors) == 0 {
			vendors = c.server.Keys("vendors")
		}
		at := strict.Path("sites", id, "signals")
		for _, name := range c.server.Keys(at...) {
			if platform := site.Signals.platform(name); platform != nil {
				c.platform(append(slices.Clone(at), name), name, platform, vendors)
			}
		}
	}
}

// platform looks at which services of a platform are mapped to vendors, of those that the site sends hits to, and which
// are not, as far as that can be known: a no to one that is not mapped is seen by its category alone.
func (c serviceCheck) platform(at []any, name string, platform *CMP, vendors []string) {
	here := func(rest ...any) []any { return append(slices.Clone(at), rest...) }
	cmp, isCMP := signalKind(name).CMP()
	if !isCMP || !cmp.KeepsServices() {
		if len(platform.Services) > 0 {
			c.faults.At(c.server, here("services"),
				"%s keeps no services apart from its categories: remove the line", name)
		}
		return
	}
	for service, vendor := range platform.Services {
		c.known(c.server, here("services", service), "vendor", vendor, c.server.Keys("vendors"))
	}
	if len(platform.Services) > 0 {
		mapped := slices.Collect(maps.Values(platform.Services))
		if missing := without(vendors, mapped); len(missing) > 0 {
			c.warnings.At(c.server, here("services"), "no service of %s is mapped to %s: a no there is seen by the "+
				"category alone; map what the banner asks about", name, strings.Join(missing, ", "))
		}
		return
	}
	if !cmp.OnlyServices() {
		return
	}
	for _, service := range slices.Sorted(maps.Keys(platform.Categories)) {
		if !slices.ContainsFunc(vendors, func(vendor string) bool { return c.called(vendor, service) }) {
			c.warnings.Key(c.server, here("categories", service), "no vendor is called like service %q: a no to it counts "+
				"for its category; write services: { %s: VENDOR } if it is one", strict.Shortened(service), service)
		}
	}
}

// called tells whether a service is called as banners commonly call a vendor's.
func (c serviceCheck) called(vendor, service string) bool {
	file := c.loaded.vendors[vendor]
	return file != nil && slices.ContainsFunc(file.ServiceNames(vendor), func(name string) bool {
		return signal.CommonName(service, name)
	})
}

// without lists what is in a list and not in another.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(one string) bool { return slices.Contains(other, one) })
}
