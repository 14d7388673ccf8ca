package config

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// catalogs are the user's own catalog entries, by id; nil where one is faulty.
type catalogs map[string]*catalog.File

// find finds a catalog entry; nil where it is known but faulty.
func (own catalogs) find(id string) (*catalog.File, bool) {
	if file, ok := own[id]; ok {
		return file, true
	}
	return shippedFile(id)
}

// vendorCheck looks at the vendors of the server file.
type vendorCheck struct {
	checks
	source   *Source
	catalogs catalogs
}

// run looks at the server file's vendors and finds their catalog entries.
func (c vendorCheck) run() {
	c.loaded.vendors = map[string]*catalog.File{}
	if c.server == nil {
		return
	}
	for _, id := range c.server.Keys("vendors") {
		vendor, ok := c.loaded.Server.Vendors[id]
		if !ok {
			continue
		}
		at := func(rest ...any) []any { return append(strict.Path("vendors", id), rest...) }
		if c.server.Has(at("prefix")...) {
			c.invalid(c.server, at("prefix"), pathFault(vendor.Prefix))
		}
		if vendor.Catalog == "" {
			continue
		}
		file, ok := c.catalogs.find(vendor.Catalog)
		if !ok {
			c.known(c.server, at("catalog"), "catalog entry", vendor.Catalog,
				append(catalog.BuiltinIDs(), slices.Sorted(maps.Keys(c.catalogs))...))
			continue
		}
		if file == nil {
			continue // its own file was faulty
		}
		c.loaded.vendors[id] = file
		if nobodySaysWhere(vendor, file) && !c.server.Has(at("country")...) {
			c.refuse(c.server, at("catalog"), "lawful/transfer",
				"nothing says where the machines of %s stand, and whether data leave the EEA depends on it: add country: DE, "+
					"or private: true for a machine on your own network", id)
		}
		c.checkRecipient(at, vendor)
		c.checkVendorRegion(at, vendor, file)
		c.checkUpstreams(at, vendor, file)
		c.checkPaths(at, vendor, file)
		c.checkSenders(at, vendor)
		c.warnMixed(at, vendor, file)
	}
}

// nobodySaysWhere tells whether it is not known where a vendor's machines stand: neither the server file says so nor
// the catalog, which in the EEA knows it of its own address alone.
func nobodySaysWhere(vendor Vendor, file *catalog.File) bool {
	if vendor.Country != "" || vendor.Private {
		return false
	}
	catalogs := file.Hosts["api"]
	elsewhere := vendor.Region == "" && catalogs != "" && upstreams(vendor, file)["api"] != catalogs
	return file.Country == "" || elsewhere && InEEA(file.Country)
}

// checkVendorRegion looks at where a vendor's account is said to be.
func (c vendorCheck) checkVendorRegion(at func(...any) []any, vendor Vendor, file *catalog.File) {
	if !c.server.Has(at("region")...) {
		return
	}
	regions := slices.Sorted(maps.Keys(file.Regions))
	if len(regions) == 0 {
		c.faults.At(c.server, at("region"),
			"the catalog knows no regions of %s: remove the line, and give the address under upstream", file.ID)
		return
	}
	if _, ok := file.Regions[vendor.Region]; !ok {
		c.faults.At(c.server, at("region"), "%s has no region %q: known are %s", file.ID,
			strict.Shortened(vendor.Region), strings.Join(regions, ", "))
	}
}

// checkPaths looks at the paths that endpoints are given.
func (c vendorCheck) checkPaths(at func(...any) []any, vendor Vendor, file *catalog.File) {
	endpoints := make([]string, len(file.Endpoints))
	for i := range file.Endpoints {
		endpoints[i] = file.Endpoints[i].ID
	}
	for _, endpoint := range slices.Sorted(maps.Keys(vendor.Paths)) {
		if !slices.Contains(endpoints, endpoint) {
			c.faults.Key(c.server, at("paths", endpoint), "vendor %s has no endpoint %q%s", file.ID,
				strict.Shortened(endpoint), strict.Suggestion(endpoint, endpoints))
			continue
		}
		c.invalid(c.server, at("paths", endpoint), pathFault(vendor.Paths[endpoint]))
	}
}

// warnMixed warns where one role of a vendor is at an address of the site's choice, and another at the catalog's:
// settings asked from one region and events sent to another come to nothing.
func (c vendorCheck) warnMixed(at func(...any) []any, vendor Vendor, file *catalog.File) {
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
	c.warnings.Key(c.server, at(),
		"%s is at an address of yours, and %s still at the catalog's: %s", strings.Join(own, ", "), strings.Join(left,
			", "), advice)
}

func (c vendorCheck) checkUpstreams(at func(...any) []any, vendor Vendor, file *catalog.File) {
	if vendor.Upstream != "" && vendor.Upstreams["api"] != "" {
		c.faults.At(c.server, at("upstreams", "api"), "upstream names the address of api already: keep one")
	}
	if vendor.Upstream != "" {
		c.checkUpstream(at("upstream"), vendor.Upstream, vendor.Private)
	}
	roles := slices.Sorted(maps.Keys(file.Hosts))
	for role, address := range vendor.Upstreams {
		if _, ok := file.Hosts[role]; !ok {
			c.faults.Key(c.server, at("upstreams", role), "vendor %s has no host %q%s", file.ID, strict.Shortened(role),
				strict.Suggestion(role, roles))
			continue
		}
		c.checkUpstream(at("upstreams", role), address, vendor.Private)
	}
	for role, address := range upstreams(vendor, file) {
		if address == "" {
			key := "upstream"
			if role != "api" {
				key = "upstreams: { " + role + ": ... }"
			}
			c.faults.Key(c.server, at(), "%s has no address of its own for %s: add %s", file.ID, role, key)
		}
	}
}

func (c vendorCheck) checkUpstream(at []any, address string, private bool) {
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
	c.invalid(c.server, at, fault)
}

// upstreams returns the addresses of a vendor by role: those of the server file, else those of its region, else
// those of the catalog, which may be "".
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
