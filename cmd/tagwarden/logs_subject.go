package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger/dossier"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/objection/lists"
)

func logsSubject(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("logs subject", "NAME=VALUE... | --subject HASH... [--since TIME] [--until TIME] [--country DE] "+
		"[--config FILE | --dir DIR | --server URL --token-file FILE] [--format text|json|html]")
	q, remote := t.question(f), addRemoteFlags(f)
	q.say(f, query.Subject)
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
	if remote.given() {
		return q.personRemote(ctx, remote, *form)
	}
	q.purposes = true
	l, loaded, code := q.open(ctx, api.VerbSubject)
	if l == nil {
		return code
	}
	shown, code := q.person(ctx, l, loaded, *form)
	return q.reading.end(ctx, shown, code)
}

// personRemote shows what the log of a server holds about whoever is asked about.
func (q *question) personRemote(ctx context.Context, of remoteFlags, form string) int {
	c, err := of.client()
	if err != nil {
		q.t.fail("%v", err)
		return usage
	}
	body := timed(q.who(), &q.of)
	if _, subjects := q.of.Asks(); subjects != nil {
		body[query.Subject] = subjects
	}
	var report dossier.Report
	if err := c.call(ctx, http.MethodPost, "/ledger/subject", body, &report); err != nil {
		return q.t.failed(err)
	}
	return q.showPerson(&report, form)
}

// person shows what the log holds about whoever is asked about, and counts the records that it is made of.
func (q *question) person(ctx context.Context, l *query.Ledger, loaded *config.Loaded, form string) (shown, code int) {
	of := dossier.Asked{At: q.t.now().UTC(), Subjects: q.of.Where[0].Values, Since: q.of.Since, Until: q.of.Until,
		Reading: q.of.Reading, Nobody: q.nobody}
	for i := range q.ids {
		for name, values := range q.ids[i].IDs {
			for _, value := range values {
				of.IDs = append(of.IDs, proxy.MaskedIDs([]objection.ID{{Name: name, Value: value}})...)
			}
		}
	}
	report, err := dossier.Gather(ctx, l, of, q.words.PersonNames(&q.of, loaded, of.At))
	if err != nil {
		return 0, q.answered(query.Tally{}, err)
	}
	if len(q.ids) > 0 {
		if report.InForce, err = q.inForce(ctx); err != nil {
			return 0, q.t.failed(err)
		}
	}
	return report.Log.About, q.showPerson(report, form)
}

// showPerson shows what a log holds about a person.
func (q *question) showPerson(report *dossier.Report, form string) int {
	text, err := report.Render(form)
	if err != nil {
		return q.t.failed(err)
	}
	if form == "text" {
		printf(q.t.out, "%s", severalLines(linesVisible(string(text))))
	} else {
		_, _ = q.t.document().Write(text)
	}
	if report.Log.Damaged > 0 {
		return usage
	}
	return fine
}

// linesVisible is a text of several lines with everything hostile in it as escapes, but their ends.
func linesVisible(text string) string {
	all := strings.Split(text, "\n")
	for i := range all {
		all[i] = visible(all[i])
	}
	return strings.Join(all, "\n")
}

// inForce are the scopes that are objected to now.
func (q *question) inForce(ctx context.Context) ([]string, error) {
	var got api.Standings
	if err := q.call(ctx, http.MethodPost, "/objections/check", &got); err != nil {
		return nil, err
	}
	all := []string{}
	for i := range got.Subjects {
		all = append(all, got.Subjects[i].InForce...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
