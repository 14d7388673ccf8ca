package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/assess"
	"github.com/tagwarden/tagwarden/config/cnil"
	"github.com/tagwarden/tagwarden/config/notice"
)

// kindOfReport is what `report` can write.
type kindOfReport struct {
	name, about string
	forms       []string // the first where none is asked for
	write       func(t *terminal, l *config.Loaded, of reportOf) int
}

var reports = []kindOfReport{
	{"art30", "the record of processing", notice.RecordFormats(), writeRecord},
	{"cnil", "the self-assessment of measuring an audience without consent", cnil.Formats(), writeSelfAssessment},
}

// reportOf says which report is wanted.
type reportOf struct {
	lang, form string
	at         time.Time
}

func report(_ context.Context, t *terminal, args []string) int {
	f := t.flags("report", "art30|cnil --config FILE [--lang en|de|fr] [--format FORM] [--at TIME]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	lang := choice(f, "lang", strings.Join(notice.Languages(), ", "), notice.Languages())
	var forms, known []string
	for _, r := range reports {
		forms = append(forms, "of "+r.name+": "+strings.Join(r.forms, ", "))
		known = append(known, r.name+" ("+r.about+")")
	}
	form := f.String("format", "", strings.Join(forms, "; ")+"; the first, where it is not given")
	moment := f.String("at", "", "the time that it is for, RFC 3339; now, where it is not given")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	which := -1
	if len(rest) == 1 {
		which = slices.IndexFunc(reports, func(r kindOfReport) bool { return r.name == rest[0] })
	}
	if which < 0 {
		t.fail("which report? There is %s", strings.Join(known, ", and "))
		return usage
	}
	r := &reports[which]
	if *form == "" {
		*form = r.forms[0]
	}
	if !slices.Contains(r.forms, *form) {
		t.fail("--format: %s is written as one of %s", r.name, strings.Join(r.forms, ", "))
		return usage
	}
	at, ok := t.at(*moment)
	if !ok {
		return usage
	}
	loaded, code := t.knowing(*file)
	if loaded == nil {
		return code
	}
	t.warnOfInvented(&loaded.Server.Controller)
	return r.write(t, loaded, reportOf{*lang, *form, at})
}

// writeRecord writes the record of processing, and says what is missing from it.
func writeRecord(t *terminal, l *config.Loaded, of reportOf) int {
	wanted := notice.RecordOf{Lang: of.lang, At: of.at, Changed: l.Source.Changed(), Approved: map[string]time.Time{}}
	for id, a := range l.Assessments {
		if v, err := assess.ReadVersion(l, id, a.Document.Version); err == nil && v.Verified && v.Digest == a.Digest {
			wanted.Approved[id] = v.At.Time
		}
	}
	record, err := notice.Art30(l, wanted)
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	text, err := record.Render(of.form)
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	_, _ = t.document().Write(text)
	for _, missing := range record.Unstated {
		printf(t.err, "%s\n", missing)
	}
	if !record.Complete() {
		return findings
	}
	return fine
}

// writeSelfAssessment writes how measuring an audience stands to the French authority's lines. It finds something where
// one does not hold.
func writeSelfAssessment(t *terminal, l *config.Loaded, of reportOf) int {
	r, err := cnil.New(l, of.lang, of.at)
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	text, err := r.Render(of.form)
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	_, _ = t.document().Write(text)
	if !r.Holds() {
		return findings
	}
	return fine
}
