package config

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// checkVendors looks at the server file's vendors and finds their catalog entries.
func (r *reading) checkVendors() {
	r.vendors = map[string]*catalog.File{}
	if r.server == nil {
		return
	}
	for _, id := range r.server.keys("vendors") {
		vendor, ok := r.loaded.Server.Vendors[id]
		if !ok {
			continue
		}
		at := func(rest ...any) []any { return append(steps("vendors", id), rest...) }
		if r.server.has(at("prefix")...) {
			r.invalid(r.server, at("prefix"), pathFault(vendor.Prefix))
		}
		if vendor.Catalog == "" {
			continue
		}
		file, ok := r.catalog(vendor.Catalog)
		if !ok {
			r.known(r.server, at("catalog"), "catalog entry", vendor.Catalog, append(catalog.BuiltinIDs(), slices.Sorted(maps.Keys(r.catalogs))...))
			continue
		}
		if file == nil {
			continue // its own file was faulty
		}
		r.vendors[id] = file
		r.checkUpstreams(at, vendor, file)
	}
}

// catalog finds a catalog entry; nil where it is known but faulty.
func (r *reading) catalog(id string) (*catalog.File, bool) {
	if file, ok := r.catalogs[id]; ok {
		return file, true
	}
	return catalog.Builtin(id)
}

func (r *reading) checkUpstreams(at func(...any) []any, vendor Vendor, file *catalog.File) {
	if vendor.Upstream != "" && vendor.Upstreams["api"] != "" {
		r.faults.at(r.server, at("upstreams", "api"), "upstream names the address of api already: keep one")
	}
	if vendor.Upstream != "" {
		r.checkUpstream(at("upstream"), vendor.Upstream, vendor.Private)
	}
	roles := slices.Sorted(maps.Keys(file.Hosts))
	for role, address := range vendor.Upstreams {
		if _, ok := file.Hosts[role]; !ok {
			r.faults.key(r.server, at("upstreams", role), "vendor %s has no host %q%s", file.ID, shortened(role), suggestion(role, roles))
			continue
		}
		r.checkUpstream(at("upstreams", role), address, vendor.Private)
	}
	for role, address := range upstreams(vendor, file) {
		if address == "" {
			key := "upstream"
			if role != "api" {
				key = "upstreams: { " + role + ": ... }"
			}
			r.faults.key(r.server, at(), "%s has no address of its own for %s: add %s", file.ID, role, key)
		}
	}
}

func (r *reading) checkUpstream(at []any, address string, private bool) {
	u, fault := addressParts(address)
	switch {
	case fault != "":
	case !private && privateHost(u.Hostname()):
		fault = u.Hostname() + " is a private address: add private: true where that is meant"
	case !private && u.Scheme != "https":
		fault = "events would travel in clear: use https, or add private: true where the vendor is on a private network"
	case u.Path != "" && strings.HasSuffix(u.Path, "/"):
		fault = "leave off the slash at the end"
	case u.Path != "" && pathFault(u.Path) != "":
		fault = pathFault(u.Path)
	}
	r.invalid(r.server, at, fault)
}

// upstreams returns the addresses of a vendor by role: those of the server file, else those of the catalog, which may be "".
func upstreams(vendor Vendor, file *catalog.File) map[string]string {
	all := maps.Clone(file.Hosts)
	if all == nil {
		all = map[string]string{}
	}
	if vendor.Upstream != "" {
		all["api"] = vendor.Upstream
	}
	maps.Copy(all, vendor.Upstreams)
	return all
}

// hostsOf lists where a vendor's data go, without doubles: hosts, with the path where the address has one.
func hostsOf(vendor Vendor, file *catalog.File) []string {
	var hosts []string
	for _, address := range upstreams(vendor, file) {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			hosts = append(hosts, u.Host+u.Path)
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

func isURL(text string) bool {
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")
}
