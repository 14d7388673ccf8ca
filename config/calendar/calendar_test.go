package calendar_test

import (
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/calendar"
	"github.com/tagwarden/tagwarden/rules/basis"
)

func TestDay(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string][2]string{
		"en": {"1 March 2027", "31 December 2026"}, "de": {"1. März 2027", "31. Dezember 2026"},
		"fr": {"1er mars 2027", "31 décembre 2026"}, "xx": {"2027-03-01", "2026-12-31"},
	} {
		berlin := time.FixedZone("", 3600)
		for i, at := range []time.Time{
			time.Date(2027, 3, 1, 23, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 30, 0, 0, berlin),
		} {
			if got := calendar.Day(lang, at); got != want[i] {
				t.Errorf("%s: %q, want %q", lang, got, want[i])
			}
		}
	}
}

func TestPeriod(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string][3]string{
		"en": {"13 months", "1 day 2 hours", "1 minute"}, "de": {"13 Monate", "1 Tag 2 Stunden", "1 Minute"},
		"fr": {"13 mois", "1 jour 2 heures", "1 minute"},
	} {
		for i, p := range []basis.Period{
			{Months: 13}, {Days: 1, Clock: 2 * time.Hour}, {Clock: time.Minute},
		} {
			if got := calendar.Period(lang, p); got != want[i] {
				t.Errorf("%s: %q, want %q", lang, got, want[i])
			}
		}
		if got := calendar.Period(lang, basis.Period{}); got != "" {
			t.Errorf("%s: none is %q", lang, got)
		}
	}
	if got, p := calendar.Period("xx", basis.Period{Months: 13}), (basis.Period{Months: 13}); got != p.String() {
		t.Error(got)
	}
	for _, lang := range calendar.Languages() {
		seen := map[string]bool{}
		for month := range 12 {
			seen[calendar.Day(lang, time.Date(2027, time.Month(month+1), 2, 0, 0, 0, 0, time.UTC))] = true
		}
		if len(seen) != 12 {
			t.Errorf("%s: %v", lang, seen)
		}
	}
}
