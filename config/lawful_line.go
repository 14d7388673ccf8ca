package config

import (
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// ProfileLine is a line of a profile that lets something of the visitor through, and the class that it is about.
type ProfileLine struct {
	Class hit.Class
	Spec  minimise.Spec
	At    []any // its place in the file of profiles
}

// Lines lists what the profile of an activity does to its vendor's fields, by class. Every line counts, whether a hit
// of today has such a field or not: a line is what a profile says. What says nothing about a visitor is left out.
func (l *Loaded) Lines(a *Activity) []ProfileLine {
	profile := l.Profiles[a.Profile]
	var list []ProfileLine
	add := func(class hit.Class, line Minimise, at ...any) {
		if !line.faulty && !class.KeptByDefault() {
			list = append(list, ProfileLine{class, line.Spec, append(strict.Path("profiles", a.Profile), at...)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(profile.Classes)) {
		if class, ok := hit.ParseClass(name); ok {
			add(class, profile.Classes[name], "classes", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(profile.Fields[a.Vendor])) {
		for _, class := range l.fields[a.Vendor].said(name) {
			add(class, profile.Fields[a.Vendor][name], "fields", a.Vendor, name)
		}
	}
	return list
}

// passing lists what the profile of an activity lets through to its vendor.
func (l *Loaded) passing(a *Activity) []ProfileLine {
	return slices.DeleteFunc(l.Lines(a), func(line ProfileLine) bool {
		return !line.Spec.Kind.Passes() || line.Class == hit.Unknown
	})
}

// does names what is done, as it is written in a profile.
func (l ProfileLine) does() string { return l.Spec.Written() }

// isAmong tells whether the line is about one of the classes.
func (l ProfileLine) isAmong(classes ...hit.Class) bool { return slices.Contains(classes, l.Class) }
