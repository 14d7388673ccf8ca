package config

import (
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// DueSoon is the state of an assessment that is valid and to be reviewed within the days in which people are told.
const DueSoon = "due"

// Standing is how an assessment stands at a time.
type Standing struct {
	ID         string   `json:"id"`
	Title      string   `json:"title"`
	Version    int      `json:"version"`
	State      string   `json:"state"` // valid, due, or why it is worth nothing
	Says       string   `json:"says"`
	Owner      string   `json:"owner"`
	ReviewBy   string   `json:"review_by"`
	DaysLeft   int      `json:"days_left"`
	Activities []string `json:"activities"` // that rest on it
	Digest     string   `json:"digest"`
	File       string   `json:"file"`
}

// Standings tells how each assessment stands at a time, by id. It is not nil.
func (l *Loaded) Standings(at time.Time) []Standing {
	all := []Standing{}
	for _, id := range l.Policy.Assessments().IDs() {
		all = append(all, standingOf(l, id, at))
	}
	return all
}

func standingOf(l *Loaded, id string, at time.Time) Standing {
	register := l.Policy.Assessments()
	a, validity := l.Assessments[id], register.Validity(id, at)
	days, _ := register.DaysLeft(id, at)
	title, _ := a.Document.Title.In("en")
	s := Standing{
		ID: id, Title: title, Version: a.Document.Version, State: validity.String(), Says: validity.Says(),
		Owner:    a.Document.Owner,
		ReviewBy: a.Document.ReviewBy.String(), DaysLeft: days, Activities: []string{},
		Digest: a.Digest.String(), File: a.File,
	}
	if validity == basis.Valid && days <= basis.WarningDays {
		s.State = DueSoon
	}
	for _, activity := range l.Resting(id) {
		s.Activities = append(s.Activities, activity.ID)
	}
	return s
}

// Resting lists the activities that rest on an assessment, in the order of the file.
func (l *Loaded) Resting(id string) []*Activity {
	var all []*Activity
	for i := range l.Activities {
		if a := &l.Activities[i]; a.Assessment == id {
			all = append(all, a)
		}
	}
	return all
}

// Stopped says why an activity does not take place at a time; "" where it does.
func (l *Loaded) Stopped(a *rules.Activity, at time.Time) string {
	switch a.Basis {
	case basis.LegitimateInterest:
		if v := l.Policy.Assessments().Validity(a.Assessment, at); v != basis.Valid {
			return fmt.Sprintf("assessment %s is %s", a.Assessment, v)
		}
	case basis.Contract, basis.LegalObligation, basis.VitalInterests, basis.PublicTask:
		if a.Reference == "" {
			return "it names no contract or law (reference:)"
		}
	case basis.Consent, basis.OptOut, basis.None:
	}
	return ""
}
