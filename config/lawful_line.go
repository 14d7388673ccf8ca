package config

import (
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// profileLine is a line of a profile that lets something of the visitor through, and the class that it is about.
type profileLine struct {
	class hit.Class
	spec  minimise.Spec
	at    []any
}

// lines lists what the profile of an activity does to its vendor's fields, by class. Every line counts, whether a hit of today has such a
// field or not: a line is what a profile says. What says nothing about a visitor is left out.
func (l *Loaded) lines(a *Activity) []profileLine {
	profile := l.Profiles[a.Profile]
	var list []profileLine
	add := func(class hit.Class, line Minimise, at ...any) {
		if !line.faulty && !class.KeptByDefault() {
			list = append(list, profileLine{class, line.Spec, append(strict.Path("profiles", a.Profile), at...)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(profile.Classes)) {
		if class, ok := hit.ParseClass(name); ok {
			add(class, profile.Classes[name], "classes", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(profile.Fields[a.Vendor])) {
		for _, class := range l.fields[a.Vendor].classes(name) {
			add(class, profile.Fields[a.Vendor][name], "fields", a.Vendor, name)
		}
	}
	return list
}

// passing lists what the profile of an activity lets through to its vendor.
func (l *Loaded) passing(a *Activity) []profileLine {
	return slices.DeleteFunc(l.lines(a), func(line profileLine) bool {
		return !line.spec.Kind.Passes() || line.class == hit.Unknown
	})
}

// does names what is done, as it is written in a profile.
func (l profileLine) does() string { return l.spec.Written() }

// isAmong tells whether the line is about one of the classes.
func (l profileLine) isAmong(classes ...hit.Class) bool { return slices.Contains(classes, l.class) }
