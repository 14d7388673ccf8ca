package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// askedLog is a log that is asked questions: files, or a server.
type askedLog interface {
	// Ask yields the records that answer a question, as [query.Ledger] does.
	Ask(context.Context, *query.Question, func(*query.Found) bool) (query.Tally, error)
}

// remoteLog is the log of a server that is asked with a token alone.
type remoteLog struct {
	t    *terminal
	c    *client
	path string                // the call: "/ledger/records" or "/ledger/export"
	most int                   // records of a page
	who  map[string]any        // whom it is asked about: ids, country
	gone func(read, of uint64) // told how far it came; nil: nobody is

	nobody *string // what it says where it has no record of whom it is asked about
}

// How many records a server is asked for at once.
const (
	mostPage     = 1000
	mostExported = 10_000
)

// askRemote makes ready to ask a server.
func (q *question) askRemote(of remoteFlags, path string, most int) (*remoteLog, error) {
	c, err := of.client()
	if err != nil {
		return nil, err
	}
	return &remoteLog{t: q.t, c: c, path: path, most: most, who: q.who(), nobody: &q.nobody}, nil
}

// who is whom a question is about, as a body of a call says it.
func (q *question) who() map[string]any {
	body := map[string]any{}
	ids := map[string][]string{}
	for i := range q.ids {
		for name, values := range q.ids[i].IDs {
			ids[name] = append(ids[name], values...)
		}
	}
	if len(ids) > 0 {
		body["ids"] = ids
		if q.country.Country != "" {
			body["country"] = q.country.Country
		}
	}
	return body
}

// timed adds to a body of when is asked.
func timed(body map[string]any, q *query.Question) map[string]any {
	for name, at := range map[string]time.Time{"since": q.Since, "until": q.Until} {
		if !at.IsZero() {
			body[name] = at.Format(time.RFC3339Nano)
		}
	}
	return body
}

// body is a question as a server is asked it: from the record of a number on, for at most so many.
func (l *remoteLog) body(q *query.Question, begin uint64, limit int) map[string]any {
	body := timed(maps.Clone(l.who), q)
	body["limit"], body["wide"] = limit, true
	var where []string
	for _, c := range q.Where {
		for _, value := range c.Values {
			where = append(where, c.Member+"="+value)
		}
	}
	if where != nil {
		body["where"] = where
	}
	if begin > 0 {
		body["begin"] = begin
	}
	if q.Numbers.End != 0 {
		body["end"] = q.Numbers.End
	}
	return body
}

// Ask asks page after page: the server reads a part of a long log at a time, and says where it goes on.
func (l *remoteLog) Ask(ctx context.Context, q *query.Question, yield func(*query.Found) bool) (
	tally query.Tally, err error) {
	for begin := q.Numbers.First; ; {
		limit := l.most
		if q.Limit > 0 {
			limit = min(limit, q.Limit-tally.Found+1) // one more tells whether there are more
		}
		var page api.RecordsPage
		if err := l.c.call(ctx, http.MethodPost, l.path, l.body(q, begin, limit), &page); err != nil {
			return tally, err
		}
		*l.nobody = page.Detail
		tally.Records, tally.Damaged = page.Of, tally.Damaged+page.Damaged
		if page.Damaged > 0 {
			l.t.fail("%s of the log cannot be read there, and was passed over: `tagwarden logs verify` says which",
				plural.Of(page.Damaged, "place"))
		}
		for i := range page.Records {
			if tally.More = q.Limit > 0 && tally.Found == q.Limit; tally.More {
				return tally, nil
			}
			tally.Found++
			if !yield(foundIn(&page.Records[i])) {
				return tally, nil
			}
		}
		if l.gone != nil {
			l.gone(cmp.Or(page.Next, page.Of), page.Of)
		}
		if page.Whole || page.Next <= begin {
			return tally, nil
		}
		begin = page.Next
	}
}

// foundIn is a record of a page as one that was found in files.
func foundIn(one *api.NumberedRecord) *query.Found {
	f := &query.Found{Number: one.Number, Numbered: true, Record: one.Record, Rungs: one.Rungs}
	for _, part := range one.Parts {
		f.Parts = append(f.Parts, part)
	}
	if s := one.Shape; s != nil {
		f.Shape = &ledger.Shape{ID: s.ID, Kept: s.Kept, Changed: s.Changed, Dropped: s.Dropped}
	}
	return f
}

// searchRemote shows the records of a server's log that fit.
func (q *question) searchRemote(ctx context.Context, of remoteFlags, form string, wide bool) int {
	l, err := q.askRemote(of, "/ledger/records", mostPage)
	if err != nil {
		q.t.fail("%v", err)
		return usage
	}
	out := newRecordPrinter(q.t, form)
	tally, err := l.Ask(ctx, &q.of, func(found *query.Found) bool {
		out.showFound(found, wide)
		return true
	})
	out.flush()
	if err != nil {
		return q.t.failed(err)
	}
	if numbers := q.of.Numbers; tally.Found == 0 && numbers.End == numbers.First+1 { // why it is not there
		var one api.NumberedRecord
		if err := l.c.call(ctx, http.MethodGet, fmt.Sprintf("/ledger/records/%d", numbers.First), nil, &one); err != nil {
			return q.t.failed(err)
		}
	}
	return q.answered(tally, nil)
}

// proveRemote fetches a proof from a server. Where a key is given it is checked before anybody relies on it.
func proveRemote(
	ctx context.Context, t *terminal, of remoteFlags, number uint64, key string, witnesses []string,
) (proof []byte, code int) {
	c, err := of.client()
	if err != nil {
		t.fail("%v", err)
		return nil, usage
	}
	answer, err := c.send(ctx, http.MethodGet, fmt.Sprintf("/ledger/records/%d/proof", number), nil)
	if err != nil {
		return nil, t.failed(err)
	}
	defer func() { _ = answer.Close() }()
	if proof, err = io.ReadAll(io.LimitReader(answer, mostProof)); err != nil {
		return nil, t.failed(fmt.Errorf("the proof broke off: %w", err))
	}
	if key == "" {
		t.hint("whether it proves anything `tagwarden logs check-proof` says, by the log's key: --key checks it at once")
		return proof, fine
	}
	log, by, err := parseKeys(key, witnesses)
	if err != nil {
		return nil, t.failed(err)
	}
	if _, err := audit.CheckProof(proof, log, by...); err != nil {
		t.fail("the server's proof proves nothing: %v", err)
		return nil, findings
	}
	return proof, fine
}

// mostProof is how long a proof may be, in bytes.
const mostProof = 4 << 20

// parseKeys reads the keys of a log and of witnesses.
func parseKeys(key string, witnesses []string) (log note.Verifier, by []note.Verifier, err error) {
	if log, err = tree.ParseKey(key); err != nil {
		return nil, nil, err
	}
	for _, text := range witnesses {
		witness, err := logkey.ParseWitness(text)
		if err != nil {
			return nil, nil, err
		}
		by = append(by, witness)
	}
	return log, by, nil
}
