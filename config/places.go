package config

import (
	"path/filepath"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Places finds where a configuration says something, for whoever reports on it.
type Places struct{ server, purposes, activities, profiles, promises *strict.Document }

// Places reads the files once more, for their places.
func (l *Loaded) Places() Places {
	var none strict.Faults
	read := func(name string) *strict.Document {
		return strict.Parse(l.Source.display(name), l.Source.Text(name), &none)
	}
	return Places{
		strict.Parse(l.Source.Path, l.Source.server, &none), read(purposesFile), read(activitiesFile), read(profilesFile),
		read(PromisesFile),
	}
}

// Vendor is the place of a vendor in the server file, or of a key of it: "tagwarden.yaml:12:5".
func (p Places) Vendor(id string, keys ...any) string {
	return place(p.server, append(strict.Path("vendors", id), keys...))
}

// Purpose is the place of a purpose, or of a key of it.
func (p Places) Purpose(id string, keys ...any) string {
	return place(p.purposes, append(strict.Path("purposes", id), keys...))
}

// Activity is the place of an activity, by its number, or of a key of it.
func (p Places) Activity(i int, keys ...any) string {
	return place(p.activities, append(strict.Path("activities", i), keys...))
}

// Profile is the place of a profile.
func (p Places) Profile(id string) string { return place(p.profiles, strict.Path("profiles", id)) }

// Assessment is the place of a key of an assessment.
func (p Places) Assessment(a Assessment, keys ...any) string {
	var none strict.Faults
	return place(strict.Parse(a.File, a.Text, &none), keys)
}

// Line is the place of a line of a profile.
func (p Places) Line(line ProfileLine) string { return place(p.profiles, line.At) }

// place is that of a key, or of the nearest above it that is there; "" where there is no such file.
func place(doc *strict.Document, at []any) string {
	if doc == nil {
		return ""
	}
	var found strict.Faults
	found.Key(doc, at, "")
	found[0].File = filepath.ToSlash(found[0].File)
	return found[0].Place()
}

// OwnUse tells whether a vendor is the controller's own, or works for it and for nothing else, as far as the files say.
func (l *Loaded) OwnUse(vendor string) bool { return law{checks{loaded: l}}.worksForUsAlone(vendor) }

// Abroad is the country outside the EEA where a vendor sits, or its machines stand; "" where neither does.
func (l *Loaded) Abroad(vendor string) string { return l.abroad(vendor) }

// MayBeIn tells whether visitors of an activity may be in a country.
func (l *Loaded) MayBeIn(a *Activity, country string) bool { return l.mayBeIn(a, country) }

// ForAudience tells whether an activity claims the exemption of audience measurement.
func (a *Activity) ForAudience() bool { return a.Exemption == audienceMeasurement }
