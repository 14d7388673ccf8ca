package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Ahead is a day on which the law of regions changes, and whom that touches.
type Ahead struct {
	Day        basis.Day
	Ends       bool // the law ends on that day; else it begins
	Law        rules.Law
	Activities []string // ids of those that it touches, as written
}

// String says it in a sentence.
func (a Ahead) String() string {
	what, ends := "", ""
	switch {
	case a.Law.GPC != "":
		what = "an opt-out by Global Privacy Control is kept"
	case a.Law.Sensitive != "":
		what = "sensitive data need consent"
	default:
		what = "the audience of one's own pages may be measured without consent"
	}
	if a.Ends {
		ends = " no longer"
	}
	return fmt.Sprintf("from %s on, for visitors in %s: %s%s (%s); it touches %s", a.Day,
		strings.Join(a.Law.Regions, ", "),
		what, ends, a.Law.Source, strings.Join(a.Activities, ", "))
}

// Ahead lists the days after a time on which the law of regions, as this version knows it, changes for
// activities of the policy; the next one first.
func (l *Loaded) Ahead(at time.Time) []Ahead {
	var days []Ahead
	for _, law := range rules.Laws() {
		touched := touchedBy(l, &law)
		if len(touched) == 0 {
			continue
		}
		if law.From.After(at) {
			days = append(days, Ahead{basis.DayOf(law.From), false, law, touched})
		}
		if law.Until.After(at) {
			days = append(days, Ahead{basis.DayOf(law.Until), true, law, touched})
		}
	}
	slices.SortStableFunc(days, func(a, b Ahead) int { return b.Day.DaysUntil(a.Day) })
	return days
}

// touchedBy lists the activities that a law is about.
func touchedBy(l *Loaded, law *rules.Law) []string {
	var ids []string
	for i := range l.Activities {
		a := &l.Activities[i]
		isAbout := func(of func(*Purpose) bool) bool {
			return slices.ContainsFunc(a.Purposes, func(id string) bool {
				purpose := l.Purposes[id]
				return of(&purpose)
			})
		}
		var touches bool
		switch {
		case law.GPC != "":
			touches = a.Basis == basis.OptOut.String() || isAbout(func(p *Purpose) bool { return len(p.US) > 0 })
		case law.Sensitive != "":
			touches = isAbout(func(p *Purpose) bool { return p.Sensitive })
		default:
			touches = a.Exemption == audienceMeasurement
		}
		if touches && slices.ContainsFunc(law.Regions, func(code string) bool { return l.mayBeIn(a, code) }) {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// mayBeIn tells whether visitors of an activity may be in a region, or in a part of it.
func (l *Loaded) mayBeIn(a *Activity, code string) bool {
	region, err := rules.ParseRegion(code)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return slices.ContainsFunc(visitorsOf(l, a), func(visitors string) bool {
		at, err := rules.ParseRegion(visitors)
		return err != nil || at.In(region) || region.In(at)
	})
}
