package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// shownAssessment is what the page says of the assessment that a count without consent rests on.
type shownAssessment struct {
	ID       string `json:"id"`
	Version  int    `json:"version"`
	ReviewBy string `json:"review_by"`
	Holds    bool   `json:"holds"`
	Says     string `json:"says"`
}

// reviews are the days by which the review of the next version is due, seen from today.
var reviews = map[string]int{"overdue": -1, "done": 365}

// assessment says how the assessment stands. With ?review= it is brought into another state before:
// a version whose review was due yesterday, or one that was reviewed today. A page elsewhere cannot
// ask for that: it may not set the header.
func (s *demoSite) assessment(ctx *fasthttp.RequestCtx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.IsPost() {
		days, known := reviews[string(ctx.QueryArgs().Peek("review"))]
		if !known || len(ctx.Request.Header.Peek("X-Demo")) == 0 {
			ctx.SetStatusCode(fasthttp.StatusBadRequest)
			return
		}
		if err := s.demo.review(s.t.now(), days); err != nil {
			ctx.Error(err.Error(), fasthttp.StatusInternalServerError)
			return
		}
	}
	for _, id := range s.demo.policy.Assessments().IDs() { // there is one
		answerJSON(ctx, s.demo.stands(id, s.t.now()))
	}
}

// stands says how an assessment stands.
func (d *demonstration) stands(id string, at time.Time) shownAssessment {
	register := d.policy.Assessments()
	validity, a := register.Validity(id, at), register.Assessment(id)
	return shownAssessment{id, a.Version, a.ReviewBy.String(), validity == basis.Valid, validity.Says()}
}

// The lines of an assessment that a review changes.
var (
	versionLine  = regexp.MustCompile(`(?m)^version: .*$`)
	reviewByLine = regexp.MustCompile(`(?m)^review_by: .*$`)
)

// review writes the next version of each assessment, to be reviewed within so many days of today, signs it as the
// demonstration, and has the server read it: what anybody does, but for having read it.
func (d *demonstration) review(at time.Time, days int) error {
	loaded, err := config.Load(d.file)
	if err != nil {
		return err
	}
	due := basis.DayOf(at.AddDate(0, 0, days)).String()
	for _, a := range loaded.Assessments {
		text, err := readNamed(a.File, mostNamed)
		if err != nil {
			return err
		}
		if !versionLine.Match(text) || !reviewByLine.Match(text) {
			return errors.New("the assessment has no version or review_by of its own line")
		}
		text = versionLine.ReplaceAll(text, fmt.Appendf(nil, "version: %d", a.Document.Version+1))
		text = reviewByLine.ReplaceAll(text, []byte("review_by: "+due))
		if err := os.WriteFile(a.File, text, 0o600); err != nil {
			return err
		}
	}
	if loaded, err = approvedByDemo(d.file, d.private); err != nil {
		return err
	}
	if err := d.server.Reload(); err != nil {
		return err
	}
	d.judgeBy(loaded.Policy, at)
	return nil
}
