package config

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// checkVendors looks at the server file's vendors and finds their catalog entries.
func (r *reading) checkVendors() {
	r.loaded.vendors = map[string]*catalog.File{}
	if r.server == nil {
		return
	}
	for _, id := range r.server.Keys("vendors") {
		vendor, ok := r.loaded.Server.Vendors[id]
		if !ok {
			continue
		}
		at := func(rest ...any) []any { return append(strict.Path("vendors", id), rest...) }
		if r.server.Has(at("prefix")...) {
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
		r.loaded.vendors[id] = file
		r.checkVendorRegion(at, vendor, file)
		r.checkUpstreams(at, vendor, file)
		r.checkPaths(at, vendor, file)
		r.warnMixed(at, vendor, file)
	}
}

// checkVendorRegion looks at where a vendor's account is said to be.
func (r *reading) checkVendorRegion(at func(...any) []any, vendor Vendor, file *catalog.File) {
	if !r.server.Has(at("region")...) {
		return
	}
	regions := slices.Sorted(maps.Keys(file.Regions))
	if len(regions) == 0 {
		r.faults.At(r.server, at("region"), "the catalog knows no regions of %s: remove the line, and give the address under upstream", file.ID)
		return
	}
	if _, ok := file.Regions[vendor.Region]; !ok {
		r.faults.At(r.server, at("region"), "%s has no region %q: known are %s", file.ID, strict.Shortened(vendor.Region), strings.Join(regions, ", "))
	}
}

// checkPaths looks at the paths that endpoints are given.
func (r *reading) checkPaths(at func(...any) []any, vendor Vendor, file *catalog.File) {
	endpoints := make([]string, len(file.Endpoints))
	for i := range file.Endpoints {
		endpoints[i] = file.Endpoints[i].ID
	}
	for _, endpoint := range slices.Sorted(maps.Keys(vendor.Paths)) {
		if !slices.Contains(endpoints, endpoint) {
			r.faults.Key(r.server, at("paths", endpoint), "vendor %s has no endpoint %q%s", file.ID, strict.Shortened(endpoint), strict.Suggestion(endpoint, endpoints))
			continue
		}
		r.invalid(r.server, at("paths", endpoint), pathFault(vendor.Paths[endpoint]))
	}
}

// warnMixed warns where one role of a vendor is at an address of the site's choice, and another at the catalog's: settings asked from one
// region and events sent to another come to nothing.
func (r *reading) warnMixed(at func(...any) []any, vendor Vendor, file *catalog.File) {
	if vendor.Region != "" {
		return
	}
	var own, left []string
	for role, address := range upstreams(vendor, file) {
		switch {
		case address != file.Hosts[role]:
			own = append(own, role)
		case address != "":
			left = append(left, role+" ("+address+")")
		}
	}
	if len(own) == 0 || len(left) == 0 {
		return
	}
	slices.Sort(own)
	slices.Sort(left)
	advice := "give it under upstreams as well"
	if regions := slices.Sorted(maps.Keys(file.Regions)); len(regions) > 0 {
		advice = "say where your account is (region: " + strings.Join(regions, ", ") + "), or " + advice
	}
	r.warnings.Key(r.server, at(), "%s is at an address of yours, and %s still at the catalog's: %s", strings.Join(own, ", "), strings.Join(left, ", "), advice)
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
		r.faults.At(r.server, at("upstreams", "api"), "upstream names the address of api already: keep one")
	}
	if vendor.Upstream != "" {
		r.checkUpstream(at("upstream"), vendor.Upstream, vendor.Private)
	}
	roles := slices.Sorted(maps.Keys(file.Hosts))
	for role, address := range vendor.Upstreams {
		if _, ok := file.Hosts[role]; !ok {
			r.faults.Key(r.server, at("upstreams", role), "vendor %s has no host %q%s", file.ID, strict.Shortened(role), strict.Suggestion(role, roles))
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
			r.faults.Key(r.server, at(), "%s has no address of its own for %s: add %s", file.ID, role, key)
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

// upstreams returns the addresses of a vendor by role: those of the server file, else those of its region, else those of the catalog, which
// may be "".
func upstreams(vendor Vendor, file *catalog.File) map[string]string {
	all := maps.Clone(file.Hosts)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, file.Regions[vendor.Region])
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
