package config

import (
	"maps"
	"strings"
	"testing"
	"time"
)

// TestAhead: the days on which the law changes are told of the activities that it touches, and of no other.
func TestAhead(t *testing.T) {
	t.Parallel()
	files := base(t)
	delete(files, "policy/tests/first.yaml")
	maps.DeleteFunc(files, func(name string, _ []byte) bool { return strings.HasPrefix(name, "policy/assessments/") })
	files["tagwarden.yaml"] = []byte(
		"version: 1\nsites:\n  shop: { hosts: [shop.example], region: { header: CF-IPCountry, default: DE } }\n" +
			"vendors:\n  matomo: { catalog: matomo, upstream: \"http://10.0.0.7:8000\", private: true }\n")
	files["policy/purposes.yaml"] = []byte("purposes:\n" +
		"  measure: { title: Measure the audience of our pages, categories: [analytics] }\n" +
		"  ads: { title: Show people our products that they looked at, categories: [marketing], us: [sharing] }\n")
	line := func(id, rest string) string {
		return "  - { id: " + id + ", vendor: matomo, retention: 1 year, profile: small, events: [page_view], " +
			rest + " }\n"
	}
	files["policy/activities.yaml"] = []byte("activities:\n" +
		line("asked", "purposes: [ads], basis: consent") +
		line("southern", "purposes: [measure], basis: opt_out, regions: [US-LA]") +
		line("all-states", "purposes: [measure], basis: opt_out, regions: [US]") +
		line("elsewhere", "purposes: [ads], basis: opt_out, regions: [US-CA]") +
		line("counted", "purposes: [measure], basis: consent"))
	files["policy/profiles.yaml"] = []byte("profiles:\n  small: { classes: { event_name: keep } }\n")
	l, err := compiled(files)
	if err != nil {
		t.Fatal(err)
	}
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	got := func(at string) string {
		var lines []string
		for _, a := range l.Ahead(day(at)) {
			lines = append(lines, a.Day.String()+" "+strings.Join(a.Law.Regions, " ")+": "+strings.Join(a.Activities, " "))
		}
		return strings.Join(lines, "; ")
	}
	if got, want := got("2026-11-29"),
		"2027-01-01 US-LA: asked southern all-states; 2027-05-01 US-AL: asked all-states"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := got("2027-01-01"); strings.Contains(got, "US-LA") {
		t.Errorf("what begins today lies ahead: %s", got)
	}
	if text := l.Ahead(day("2026-11-29"))[0].String(); !strings.HasPrefix(text,
		"from 2027-01-01 on, for visitors in US-LA: an opt-out by Global "+
			"Privacy Control is kept (") || !strings.HasSuffix(text, "it touches asked, southern, all-states") {
		t.Error(text)
	}
}
