package config

import (
	"slices"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// profileCheck looks at the profiles.
type profileCheck struct {
	checks
	compiled map[string]*catalog.Vendor // of the server file's vendors, by the vendor's id
}

// run looks at each line of each profile: whether there is such a vendor, and whether the minimiser fits the class.
func (c *profileCheck) run() {
	if c.profiles == nil {
		return
	}
	c.knowFields()
	for _, id := range c.profiles.Keys("profiles") {
		profile := c.loaded.Profiles[id]
		at := func(rest ...any) []any { return append(strict.Path("profiles", id), rest...) }
		for name, line := range profile.Classes {
			if class, ok := hit.ParseClass(name); ok {
				c.checkLine(at("classes", name), line, class)
			}
		}
		for _, section := range []string{"fields", "set"} {
			for _, vendor := range c.profiles.Keys(at(section)...) {
				if c.server != nil && !slices.Contains(c.server.Keys("vendors"), vendor) {
					c.faults.Key(c.profiles, at(section, vendor), "vendor %q is not known%s", strict.Shortened(vendor),
						strict.Suggestion(vendor, c.server.Keys("vendors")))
				}
			}
		}
		for vendor, lines := range profile.Fields {
			known, ok := c.loaded.fields[vendor]
			if !ok {
				continue
			}
			for name, line := range lines {
				for _, class := range known.classes(name) {
					c.checkLine(at("fields", vendor, name), line, class)
				}
			}
		}
	}
}

// checkLine compiles a line of a profile.
func (c *profileCheck) checkLine(at []any, line Minimise, class hit.Class) {
	if line.faulty {
		return
	}
	if _, err := minimise.Compile(line.Spec, class); err != nil {
		c.faults.At(c.profiles, paramPlace(c.profiles, at, line.Spec, err), "%s", err)
	}
}

// vendorFields are the fields of a vendor, those that profiles add to its catalog entry included.
type vendorFields []catalog.FieldInfo

// classes lists the classes that a field of that name has at the vendor's endpoints.
func (f vendorFields) classes(name string) []hit.Class {
	var classes []hit.Class
	for i := range f {
		if f[i].Path == name && !slices.Contains(classes, f[i].Class) {
			classes = append(classes, f[i].Class)
		}
	}
	return classes
}

// said is classes, with what the name itself says in place of the class where only profiles know the field.
func (f vendorFields) said(name string) []hit.Class {
	for i := range f {
		if f[i].Path == name && f[i].Says != hit.Unknown {
			return []hit.Class{f[i].Says}
		}
	}
	return f.classes(name)
}

// knowFields gathers the fields of each vendor.
func (c *profileCheck) knowFields() {
	c.loaded.fields, c.compiled = map[string]vendorFields{}, map[string]*catalog.Vendor{}
	names := catalog.Names()
	for id, file := range c.loaded.vendors {
		vendor, err := compileVendor(file, c.named(id, nil), names)
		if err != nil { // the file by itself, and then each field, show whose fault it is
			if _, err := catalog.Compile(file, nil, names); err != nil {
				c.faults.Key(c.server, strict.Path("vendors", id), "%s", err)
				continue
			}
			vendor, err = compileVendor(file, c.named(id, func(place []any, name string) bool {
				_, err := catalog.Compile(file, []string{name}, names)
				if err != nil {
					c.faults.Key(c.profiles, place, "%s", err)
				}
				return err == nil
			}), names)
		}
		if err != nil {
			c.faults.Key(c.server, strict.Path("vendors", id), "%s", err)
			continue
		}
		c.loaded.fields[id], c.compiled[id] = vendor.Fields, vendor
	}
}

// named lists the fields of a vendor that profiles name, each once; only those that
// are good, where somebody says which are.
func (c *profileCheck) named(vendor string, good func(place []any, name string) bool) []string {
	var all []string
	for _, profile := range c.profiles.Keys("profiles") {
		for _, section := range []string{"fields", "set"} {
			for _, name := range c.profiles.Keys("profiles", profile, section, vendor) {
				if good == nil || good(strict.Path("profiles", profile, section, vendor, name), name) {
					all = append(all, name)
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func draftProfile(id string, profile Profile) rules.DraftProfile {
	d := rules.DraftProfile{ID: id, Classes: map[string]minimise.Spec{}, Fields: map[string]map[string]minimise.Spec{},
		Set: profile.Set}
	for class, line := range profile.Classes {
		d.Classes[class] = line.Spec
	}
	for vendor, lines := range profile.Fields {
		d.Fields[vendor] = map[string]minimise.Spec{}
		for name, line := range lines {
			d.Fields[vendor][name] = line.Spec
		}
	}
	return d
}
