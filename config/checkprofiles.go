package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// checkProfiles looks at each line of each profile: whether there is such a vendor, and whether the minimiser fits the class.
func (r *reading) checkProfiles() {
	if r.profiles == nil {
		return
	}
	r.knowFields()
	for _, id := range r.profiles.Keys("profiles") {
		profile := r.loaded.Profiles[id]
		at := func(rest ...any) []any { return append(strict.Path("profiles", id), rest...) }
		for name, line := range profile.Classes {
			if class, ok := hit.ParseClass(name); ok {
				r.checkLine(at("classes", name), line, class)
			}
		}
		for _, section := range []string{"fields", "set"} {
			for _, vendor := range r.profiles.Keys(at(section)...) {
				if r.server != nil && !slices.Contains(r.server.Keys("vendors"), vendor) {
					r.faults.Key(r.profiles, at(section, vendor), "vendor %q is not known%s", strict.Shortened(vendor), strict.Suggestion(vendor, r.server.Keys("vendors")))
				}
			}
		}
		for vendor, lines := range profile.Fields {
			known, ok := r.loaded.fields[vendor]
			if !ok {
				continue
			}
			for name, line := range lines {
				for _, class := range known.classes(name) {
					r.checkLine(at("fields", vendor, name), line, class)
				}
			}
		}
	}
}

// checkLine compiles a line of a profile.
func (r *reading) checkLine(at []any, line Minimise, class hit.Class) {
	if line.faulty {
		return
	}
	if _, err := minimise.Compile(line.Spec, class); err != nil {
		r.faults.At(r.profiles, paramPlace(r.profiles, at, line.Spec, err), "%s", err)
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

// knowFields gathers the fields of each vendor.
func (r *reading) knowFields() {
	r.loaded.fields, r.compiled = map[string]vendorFields{}, map[string]*catalog.Vendor{}
	names := catalog.Names()
	for id, file := range r.loaded.vendors {
		vendor, err := catalog.Compile(file, r.named(id, nil), names)
		if err != nil { // the file by itself, and then each field, show whose fault it is
			if _, err := catalog.Compile(file, nil, names); err != nil {
				r.faults.Key(r.server, strict.Path("vendors", id), "%s", err)
				continue
			}
			vendor, err = catalog.Compile(file, r.named(id, func(place []any, name string) bool {
				_, err := catalog.Compile(file, []string{name}, names)
				if err != nil {
					r.faults.Key(r.profiles, place, "%s", err)
				}
				return err == nil
			}), names)
		}
		if err != nil {
			r.faults.Key(r.server, strict.Path("vendors", id), "%s", err)
			continue
		}
		r.loaded.fields[id], r.compiled[id] = vendor.Fields, vendor
	}
}

// named lists the fields of a vendor that profiles name, each once; only those that are good, where somebody says which are.
func (r *reading) named(vendor string, good func(place []any, name string) bool) []string {
	var all []string
	for _, profile := range r.profiles.Keys("profiles") {
		for _, section := range []string{"fields", "set"} {
			for _, name := range r.profiles.Keys("profiles", profile, section, vendor) {
				if good == nil || good(strict.Path("profiles", profile, section, vendor, name), name) {
					all = append(all, name)
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// checkRequired reports fields that a vendor cannot do without and a profile drops. What it asks for at some of its endpoints alone is said as
// a warning: hits that come there are denied. An activity's vendor and profile are looked at once.
func (r *reading) checkRequired(a *Activity) {
	pair := [2]string{a.Vendor, a.Profile}
	if slices.Contains(r.paired, pair) {
		return
	}
	r.paired = append(r.paired, pair)
	vendor, ok := r.compiled[a.Vendor]
	if !ok {
		return
	}
	var reported []string
	apart := map[string][]string{} // endpoints by path
	for i := range vendor.Endpoints {
		e := &vendor.Endpoints[i]
		for _, number := range e.Required {
			field := &vendor.Fields[number]
			if slices.Contains(reported, field.Path) || !r.drops(a, field) {
				continue
			}
			if slices.Contains(e.Apart, number) {
				if !slices.Contains(apart[field.Path], e.ID) {
					apart[field.Path] = append(apart[field.Path], e.ID)
				}
				continue
			}
			reported = append(reported, field.Path)
			r.refuseKey(r.profiles, strict.Path("profiles", a.Profile), "lawful/required-field", "profile %s drops %s (class %s), without which %s refuses an event (activity %s): give it a line under classes or fields, or a constant under set",
				a.Profile, field.Path, field.Class, a.Vendor, a.ID)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(apart)) {
		if !slices.Contains(reported, path) {
			r.warnings.Key(r.profiles, strict.Path("profiles", a.Profile), "profile %s drops %s, without which %s refuses an event at %s: activity %s denies what comes there (required_dropped); give it a line under classes or fields, or a constant under set, where you use that",
				a.Profile, path, a.Vendor, strings.Join(apart[path], ", "), a.ID)
		}
	}
}

// drops tells whether an activity's profile leaves nothing of a field.
func (r *reading) drops(a *Activity, field *catalog.FieldInfo) bool {
	profile := r.loaded.Profiles[a.Profile]
	line, listed := profile.Fields[a.Vendor][field.Path]
	if !listed {
		line, listed = profile.Classes[field.Class.String()]
	}
	_, set := profile.Set[a.Vendor][field.Path]
	return !set && !line.faulty && (listed || !field.Class.KeptByDefault()) && (!listed || line.Spec.Kind == minimise.Drop)
}

func draftProfile(id string, profile Profile) rules.DraftProfile {
	d := rules.DraftProfile{ID: id, Classes: map[string]minimise.Spec{}, Fields: map[string]map[string]minimise.Spec{}, Set: profile.Set}
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
