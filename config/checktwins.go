package config

import (
	"slices"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// checkTwins says where a vendor counts an event twice that browser and server both send: times are cut, so that ids
// which hold one travel as pseudonyms, and what the server sends does not come by here.
func (c *requiredCheck) checkTwins(a *Activity) {
	vendor, ok := c.compiled[a.Vendor]
	if !ok || !c.cutsTimes(a, vendor) {
		return
	}
	for i := range vendor.Fields {
		field := &vendor.Fields[i]
		if field.Twin == "" || c.treats(a, field) != minimise.Keep || c.served(field.Twin) {
			continue
		}
		c.notes.Key(c.profiles, strict.Path("profiles", a.Profile),
			"profile %s cuts times and keeps %s: an id that holds a time (a UUID of version 7, milliseconds) travels as a "+
				"pseudonym, and %s does not know the same event again when your server sends it past tagwarden (activity %s): "+
				"let the server's events come by here, too (catalog: %s), or use ids that hold no time",
			a.Profile, field.Path, vendor.File.Name, a.ID, field.Twin)
		return
	}
}

// cutsTimes tells whether an activity's profile cuts a time that its vendor is sent.
func (c *requiredCheck) cutsTimes(a *Activity, vendor *catalog.Vendor) bool {
	return slices.ContainsFunc(vendor.Fields, func(field catalog.FieldInfo) bool {
		return field.Class == hit.Timestamp && c.treats(a, &field) == minimise.Truncate
	})
}

// treats is what an activity's profile does to a field.
func (c *requiredCheck) treats(a *Activity, field *catalog.FieldInfo) minimise.Kind {
	profile := c.loaded.Profiles[a.Profile]
	line, listed := profile.Fields[a.Vendor][field.Path]
	if !listed {
		line, listed = profile.Classes[field.Class.String()]
	}
	switch {
	case listed && !line.faulty:
		return line.Spec.Kind
	case !listed && field.Class.KeptByDefault():
		return minimise.Keep
	}
	return minimise.Drop
}

// served tells whether one of the server file's vendors is of a catalog entry.
func (c *requiredCheck) served(entry string) bool {
	for _, vendor := range c.compiled {
		if vendor.File.ID == entry {
			return true
		}
	}
	return false
}
