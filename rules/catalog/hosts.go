package catalog

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// hosts checks the addresses, and that each endpoint is at one of them.
func (v *Vendor) hosts() error {
	if _, ok := v.File.Hosts["api"]; !ok {
		return errors.New("hosts: the role api is missing: give its default address, or \"\"")
	}
	for role, address := range v.File.Hosts {
		if address == "" {
			continue
		}
		if !isAddress(address) {
			return fmt.Errorf("hosts.%s: %q is no address: \"https://host\" is", role, address)
		}
	}
	for i := range v.Endpoints {
		if _, ok := v.File.Hosts[v.Endpoints[i].Host]; !ok {
			return fmt.Errorf("endpoints.%s: host %q is not among hosts", v.Endpoints[i].ID, v.Endpoints[i].Host)
		}
	}
	return nil
}

func isAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// regions checks the addresses by region.
func (v *Vendor) regions() error {
	for _, region := range slices.Sorted(maps.Keys(v.File.Regions)) {
		if !idPattern.MatchString(region) {
			return fmt.Errorf("regions: %q is no name of a region: eu, us and the like are", region)
		}
		for role, address := range v.File.Regions[region] {
			if _, ok := v.File.Hosts[role]; !ok {
				return fmt.Errorf("regions.%s: %q is not among hosts", region, role)
			}
			if !isAddress(address) {
				return fmt.Errorf("regions.%s.%s: %q is no address: \"https://host\" is", region, role, address)
			}
		}
	}
	return nil
}

// areas checks that each area is a folder of its own.
func (v *Vendor) areas() error {
	for _, area := range v.File.Areas {
		if len(area) < 3 || area[0] != '/' || area[len(area)-1] != '/' || strings.Contains(area, "//") ||
			strings.ContainsAny(area, "{}*") {
			return fmt.Errorf("areas: %q is no area: \"/static/\" is", area)
		}
	}
	return nil
}
