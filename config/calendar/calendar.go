// Package calendar says days and spans of time in the words of a language, for every page and document alike.
package calendar

import (
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// words are those of a language.
type words struct {
	months [12]string
	first  string    // how the first of a month is counted
	dot    string    // behind the number of a day
	units  [4]plural // month, day, hour, minute
}

type plural struct{ one, several string }

var languages = map[string]words{
	"en": {
		months: [12]string{
			"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
			"December",
		},
		first: "1",
		units: [4]plural{{"month", "months"}, {"day", "days"}, {"hour", "hours"}, {"minute", "minutes"}},
	},
	"de": {
		months: [12]string{
			"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
			"Dezember",
		},
		first: "1", dot: ".",
		units: [4]plural{{"Monat", "Monate"}, {"Tag", "Tage"}, {"Stunde", "Stunden"}, {"Minute", "Minuten"}},
	},
	"fr": {
		months: [12]string{
			"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
			"décembre",
		},
		first: "1er",
		units: [4]plural{{"mois", "mois"}, {"jour", "jours"}, {"heure", "heures"}, {"minute", "minutes"}},
	},
}

// Languages lists those that there are words in.
func Languages() []string { return []string{"en", "de", "fr"} }

// Day writes the day of a time, in UTC: 4 May 2027. In a language without words it is 2027-05-04.
func Day(lang string, at time.Time) string {
	at = at.UTC()
	w, known := languages[lang]
	if !known {
		return at.Format(time.DateOnly)
	}
	day := strconv.Itoa(at.Day())
	if at.Day() == 1 {
		day = w.first
	}
	return day + w.dot + " " + w.months[at.Month()-1] + " " + strconv.Itoa(at.Year())
}

// Date writes a day that is written as 2027-05-04; what is no day stays as it is.
func Date(lang, day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return Day(lang, at)
}

// Period writes a span of time: 13 months; "" for none. In a language without words it is as policies write it.
func Period(lang string, p basis.Period) string {
	w, known := languages[lang]
	if !known {
		return p.String()
	}
	var parts []string
	for i, n := range [4]int{p.Months, p.Days, int(p.Clock / time.Hour), int(p.Clock % time.Hour / time.Minute)} {
		switch unit := w.units[i]; {
		case n == 1:
			parts = append(parts, "1 "+unit.one)
		case n != 0:
			parts = append(parts, strconv.Itoa(n)+" "+unit.several)
		}
	}
	return strings.Join(parts, " ")
}
