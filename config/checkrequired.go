package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// requiredCheck looks at whether profiles leave what vendors cannot do without.
type requiredCheck struct {
	checks
	compiled map[string]*catalog.Vendor // of the server file's vendors, by the vendor's id
	paired   [][2]string                // vendors and profiles that were looked at together
}

// check looks at an activity's vendor and profile, once.
func (c *requiredCheck) check(a *Activity) {
	pair := [2]string{a.Vendor, a.Profile}
	if slices.Contains(c.paired, pair) {
		return
	}
	c.paired = append(c.paired, pair)
	c.checkRequired(a)
	c.checkTwins(a)
}

// checkRequired reports fields that a vendor cannot do without and a profile drops. What it asks for at some of its
// endpoints alone is said as a warning: hits that come there are denied.
func (c *requiredCheck) checkRequired(a *Activity) {
	vendor, ok := c.compiled[a.Vendor]
	if !ok {
		return
	}
	var reported []string
	apart := map[string][]string{} // endpoints by path
	for i := range vendor.Endpoints {
		e := &vendor.Endpoints[i]
		for _, number := range e.Required {
			field := &vendor.Fields[number]
			if slices.Contains(reported, field.Path) || !c.drops(a, field) {
				continue
			}
			if slices.Contains(e.Apart, number) {
				if !slices.Contains(apart[field.Path], e.ID) {
					apart[field.Path] = append(apart[field.Path], e.ID)
				}
				continue
			}
			reported = append(reported, field.Path)
			c.refuseKey(c.profiles, strict.Path("profiles", a.Profile), "lawful/required-field",
				"profile %s drops %s (class %s), without which %s refuses an event (activity %s): give it a line "+
					"under classes or fields, or a constant under set",
				a.Profile, field.Path, field.Class, a.Vendor, a.ID)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(apart)) {
		if !slices.Contains(reported, path) {
			c.warnings.Key(c.profiles, strict.Path("profiles", a.Profile),
				"profile %s drops %s, without which %s refuses an event at %s: activity %s denies what comes there "+
					"(required_dropped); give it a line under classes or fields, or a constant under set, where you "+
					"use that",
				a.Profile, path, a.Vendor, strings.Join(apart[path], ", "), a.ID)
		}
	}
}

// drops tells whether an activity's profile leaves nothing of a field.
func (c *requiredCheck) drops(a *Activity, field *catalog.FieldInfo) bool {
	profile := c.loaded.Profiles[a.Profile]
	line, listed := profile.Fields[a.Vendor][field.Path]
	if !listed {
		line, listed = profile.Classes[field.Class.String()]
	}
	_, set := profile.Set[a.Vendor][field.Path]
	return !set && !line.faulty && (listed || !field.Class.KeptByDefault()) &&
		(!listed || line.Spec.Kind == minimise.Drop)
}
