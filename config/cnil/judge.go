package cnil

import (
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/notice"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// judging is one line that is held against one activity.
type judging struct {
	loaded   *config.Loaded
	activity *config.Activity
	at       int // its number in the file
	sites    []*rules.Site
	passing  []config.ProfileLine
	places   config.Places
	words    *words
	day      time.Time

	asks    bool // somebody has to look
	failed  bool
	reasons []Reason
}

// shows adds what the policy shows for the line.
func (j *judging) shows(place, key string, pairs ...string) {
	j.reasons = append(j.reasons, Reason{Text: j.words.reason(key, pairs...), Place: place})
}

// against adds what the policy shows against it.
func (j *judging) against(place, key string, pairs ...string) {
	j.failed = true
	j.reasons = append(j.reasons, Reason{Text: j.words.reason(key, pairs...), Place: place, Against: true})
}

// open adds what the policy leaves to whoever looks.
func (j *judging) open(place, key string, pairs ...string) {
	j.asks = true
	j.reasons = append(j.reasons, Reason{Text: j.words.reason(key, pairs...), Place: place, Open: true})
}

// done says what a line of a profile does to its class.
func (j *judging) done(l config.ProfileLine) string {
	action, err := minimise.Compile(l.Spec, l.Class)
	if err != nil {
		return l.Spec.Written()
	}
	return notice.DoneWords(j.words.lang, action)
}

// of are the lines of the profile that let something of the classes through.
func (j *judging) of(classes ...hit.Class) []config.ProfileLine {
	var all []config.ProfileLine
	for _, l := range j.passing {
		if slices.Contains(classes, l.Class) {
			all = append(all, l)
		}
	}
	return all
}

// dropped holds against the line each class that is passed on at all; where none is, that is shown.
func (j *judging) dropped(key string, classes ...hit.Class) {
	passed := j.of(classes...)
	for _, l := range passed {
		j.against(j.places.Line(l), key, "class", j.label(l.Class), "done", j.done(l))
	}
	if len(passed) == 0 {
		labels := make([]string, len(classes))
		for i, class := range classes {
			labels[i] = j.label(class)
		}
		j.shows(j.places.Activity(j.at, "profile"), "dropped", "classes", j.words.list(labels))
	}
}

// each holds against the line every treatment of a class that is not well done, and shows those that are.
func (j *judging) each(class hit.Class, well func(config.ProfileLine) bool, key string) {
	passed := j.of(class)
	for _, l := range passed {
		if well(l) {
			j.shows(j.places.Line(l), "class_done", "class", j.label(class), "done", j.done(l))
		} else {
			j.against(j.places.Line(l), key, "class", j.label(class), "done", j.done(l))
		}
	}
	if len(passed) == 0 {
		j.shows(j.places.Activity(j.at, "profile"), "dropped", "classes", j.label(class))
	}
}

// longer tells whether a period lasts for longer than some months, both from the first of a January.
func (j *judging) longer(p basis.Period, months int) bool {
	start := time.Date(j.day.UTC().Year(), time.January, 1, 0, 0, 0, 0, time.UTC)
	return p.After(start).After(start.AddDate(0, months, 0))
}

// label is a class in words, with its code.
func (j *judging) label(class hit.Class) string { return j.words.class(class) }

// pages are the addresses at which the sites' visitors object.
func (j *judging) pages() []string {
	var all []string
	for _, site := range j.sites {
		of := j.loaded.Server.Sites[site.ID]
		for _, host := range of.SeenHosts() {
			all = append(all, host+of.Base+"/privacy/")
		}
	}
	return all
}

// answer is the line as it stands at a time.
func (j *judging) answer(l *line, number string) Line {
	j.asks = l.asks
	if l.judge != nil {
		l.judge(j)
	}
	said := j.words.Lines[l.id]
	out := Line{Number: number, ID: l.id, Recommended: l.recommended, Title: said.Title, Asks: said.Asks, State: Met,
		Reasons: slices.Clone(j.reasons)}
	if j.asks {
		out.Look = said.Look
		out.State, out.Attestation = j.attested(l.id)
	}
	if j.failed {
		out.State = NotMet
	}
	out.StateText = j.words.state(&out)
	return out
}

// attested finds who answers for a line: of those that count today the latest, else of those that do not.
func (j *judging) attested(id string) (string, *Attestation) {
	var latest *config.Attested
	today, number := basis.DayOf(j.day), 0
	for i := range j.activity.Attested {
		a := &j.activity.Attested[i]
		if !slices.Contains(a.Lines, id) {
			continue
		}
		better := latest == nil || a.Counts(today) && !latest.Counts(today) ||
			a.Counts(today) == latest.Counts(today) && latest.On.DaysUntil(a.On) > 0
		if better {
			latest, number = a, i
		}
	}
	if latest == nil {
		return Unattested, nil
	}
	said := &Attestation{By: strings.TrimSpace(latest.By), On: latest.On.String(), Until: latest.Last().String(),
		Evidence: latest.Evidence, Place: j.places.Activity(j.at, "attested", number)}
	switch {
	case latest.Counts(today):
		return Attested, said
	case today.DaysUntil(latest.On) > 0:
		return Postdated, said
	}
	return Expired, said
}
