package main

import (
	"cmp"
	"io"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/tap"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// printTapped says what became of an event: a line, and below it what became of its fields.
func printTapped(w io.Writer, l *tap.Line) {
	at := l.Time.Format("15:04:05.000")
	if l.Kind == tap.OfOutcome {
		printf(w, "%s  hit %d event %d: %s\n", at, l.Hit, l.Event, tappedAnswer(l))
		return
	}
	printf(w, "%s  %s → %s/%s  %s  %s", at, cmp.Or(l.Site, "-"), cmp.Or(l.Vendor, "-"), cmp.Or(l.Endpoint, "-"),
		cmp.Or(l.Name, "-"), l.Decision)
	if l.Activity != "" {
		printf(w, " on %s (%s)", l.Activity, cmp.Or(l.Basis, "-"))
	}
	printf(w, ": %s", l.Reason)
	if l.Hit != 0 {
		printf(w, "  hit %d event %d", l.Hit, l.Event)
	}
	printf(w, "\n")
	if l.Kind == tap.OfHit {
		return
	}
	printTappedFields(w, l)
	if l.Outcome != "" {
		printf(w, "    vendor   %s\n", tappedAnswer(l))
	}
}

// tappedAnswer is what a vendor answered, in words.
func tappedAnswer(l *tap.Line) string {
	switch {
	case l.Outcome == "waits":
		return "waits: it is asked later"
	case l.Status != 0 && l.Why != "" && l.Why != "ok":
		return sprintf("%s, %s: it answered %d", strings.ReplaceAll(l.Outcome, "_", " "), l.Why, l.Status)
	case l.Status != 0:
		return sprintf("%s: it answered %d", l.Outcome, l.Status)
	case l.Why != "" && l.Why != "ok":
		return strings.ReplaceAll(l.Outcome, "_", " ") + ", " + l.Why
	default:
		return strings.ReplaceAll(l.Outcome, "_", " ")
	}
}

// printTappedFields says what became of fields: what was sent, and what was removed by its class.
func printTappedFields(w io.Writer, l *tap.Line) {
	of := map[string][]string{}
	var removed []string // classes, in the order in which they come
	for i := range l.Fields {
		f := &l.Fields[i]
		switch {
		case f.Sent && f.Action == "keep":
			of["kept"] = append(of["kept"], tappedField(l, f))
		case f.Sent:
			of["changed"] = append(of["changed"], tappedField(l, f))
		default:
			if class := "removed " + f.Class; of[class] == nil {
				removed = append(removed, class)
			}
			of["removed "+f.Class] = append(of["removed "+f.Class], tappedField(l, f))
		}
	}
	for _, what := range []string{"kept", "changed"} {
		if of[what] != nil {
			printf(w, "    %-8s %s\n", what, strings.Join(of[what], "; "))
		}
	}
	slices.Sort(removed)
	for _, class := range removed {
		printf(w, "    removed  %s: %s\n", strings.TrimPrefix(class, "removed "), strings.Join(of[class], "; "))
	}
	if l.Unshown > 0 {
		printf(w, "    and %s more\n", plural.Of(l.Unshown, "field"))
	}
}

// tappedField is a field in words: with its values where they are one's own.
func tappedField(l *tap.Line, f *tap.Field) string {
	said := f.Name
	if f.Times > 1 {
		said = sprintf("%s %d×", said, f.Times)
	}
	changed := f.Sent && f.Action != "keep"
	switch {
	case l.Own && changed:
		return sprintf("%s (%s, %s) %q → %q", said, f.Class, f.Action, f.Before, f.After)
	case l.Own:
		return sprintf("%s %q", said, f.Before)
	case changed:
		return sprintf("%s (%s, %s; %s)", said, f.Class, f.Action, f.Is)
	case f.Sent:
		return sprintf("%s (%s; %s)", said, f.Class, f.Is)
	default:
		return sprintf("%s (%s)", said, f.Is)
	}
}
