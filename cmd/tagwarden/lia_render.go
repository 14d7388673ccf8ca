package main

import (
	"context"
	"errors"
	"slices"

	"github.com/tagwarden/tagwarden/config/assess"
)

func liaRender(_ context.Context, t *terminal, args []string) int {
	f := t.flags("lia render", "ID --config FILE [--format html|md] [--lang en|de|fr] [--version N] [--at TIME]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	version := f.Int("version", 0, "a version that was approved once; as it stands in the policy, where none is given")
	when := f.String("at", "", "as it is at this time, RFC 3339; now, where it is not given")
	lang := f.String("lang", "en",
		"the language: en, de or fr; texts that the assessment lacks in it are shown in another, and marked")
	form := "html"
	f.Func("format", "html or md (html)", func(given string) error {
		if !slices.Contains([]string{"html", "md"}, given) {
			return errors.New("one of html, md is")
		}
		form = given
		return nil
	})
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	now, ok := t.at(*when)
	if !ok {
		return usage
	}
	loaded, code := t.knowing(*file)
	if loaded == nil {
		return code
	}
	var dossier *assess.Dossier
	var err error
	switch {
	case *version > 0 && len(rest) == 1: // also of an assessment that the policy has no more
		v, ok := versionOf(t, loaded, rest[0], *version)
		if !ok {
			return usage
		}
		if dossier, err = assess.DossierOf(loaded, v, assess.Of{Lang: *lang, At: now}); err == nil && !v.Verified {
			code = findings
		}
	default:
		a, ok := assessmentNamed(t, loaded, rest)
		if !ok {
			return usage
		}
		dossier, err = assess.NewDossier(loaded, a.Document.ID, assess.Of{Lang: *lang, At: now})
	}
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	render := dossier.HTML
	if form == "md" {
		render = dossier.Markdown
	}
	text, err := render()
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	_, _ = t.document().Write(text)
	return code
}
