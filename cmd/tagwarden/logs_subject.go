package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger/dossier"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/objection/lists"
)

func logsSubject(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("logs subject", "NAME=VALUE... | --subject HASH... [--since TIME] [--until TIME] [--country DE] "+
		"[--config FILE | --dir DIR] [--format text|json|html]")
	q := t.question(f)
	f.Func("subject", "the hash that records have of the person; may be given again", func(given string) error {
		q.of.And(query.Subject, given)
		return nil
	})
	form := choice(f, "format", "text, json or html", dossier.Formats())
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	for _, given := range rest {
		var one lists.Act
		if err := t.addID(&one, given); err != nil {
			t.fail("%v", err)
			return usage
		}
		q.ids = append(q.ids, one)
	}
	if len(q.ids) == 0 && len(q.of.Where) == 0 {
		t.fail("who is asked about? email=jane@example.com, say, or --subject with the hash that records have")
		return usage
	}
	if err := q.of.Check(); err != nil {
		t.fail("%v", err)
		return usage
	}
	q.purposes = true
	l, loaded, code := q.open(ctx, api.VerbSubject)
	if l == nil {
		return code
	}
	shown, code := q.person(ctx, l, loaded, *form)
	return q.reading.end(ctx, shown, code)
}

// person shows what the log holds about whoever is asked about, and counts the records that it is made of.
func (q *question) person(ctx context.Context, l *query.Ledger, loaded *config.Loaded, form string) (shown, code int) {
	asked := dossier.Asked{At: q.t.now().UTC(), Subjects: q.of.Where[0].Values, Since: q.of.Since, Until: q.of.Until, Reading: q.of.Reading}
	for i := range q.ids {
		for name, values := range q.ids[i].IDs {
			for _, value := range values {
				masked := objection.Mask(objection.ID{Name: name, Value: value})
				asked.IDs = append(asked.IDs, masked.Name+" "+masked.Is)
			}
		}
	}
	report, err := dossier.Gather(ctx, l, asked, q.titles(loaded))
	if err != nil {
		return 0, q.answered(query.Tally{}, err)
	}
	if len(q.ids) > 0 {
		if report.InForce, err = q.inForce(ctx, loaded); err != nil {
			return 0, q.t.failed(err)
		}
	}
	text, err := report.Render(form)
	if err != nil {
		return 0, q.t.failed(err)
	}
	if form == "text" {
		printf(q.t.out, "%s", severalLines(linesVisible(string(text))))
	} else {
		_, _ = q.t.document().Write(text)
	}
	if report.Log.Damaged > 0 {
		return report.Log.About, usage
	}
	return report.Log.About, fine
}

// linesVisible is a text of several lines with everything hostile in it as escapes, but their ends.
func linesVisible(text string) string {
	all := strings.Split(text, "\n")
	for i := range all {
		all[i] = visible(all[i])
	}
	return strings.Join(all, "\n")
}

// titles are what purposes are called in the policy in force, and which activities carry them.
func (q *question) titles(loaded *config.Loaded) dossier.Names {
	names := dossier.Names{Carried: q.of.Carried, Titles: map[string]string{}}
	if loaded != nil {
		for id := range loaded.Purposes {
			names.Titles[id], _ = loaded.Purposes[id].Title.In("en")
		}
	}
	return names
}

// inForce are the scopes that are objected to now.
func (q *question) inForce(ctx context.Context, loaded *config.Loaded) ([]string, error) {
	var got api.Standings
	if err := q.call(ctx, loaded, http.MethodPost, "/objections/check", &got); err != nil {
		return nil, err
	}
	all := []string{}
	for i := range got.Subjects {
		all = append(all, got.Subjects[i].InForce...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
