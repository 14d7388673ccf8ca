package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"golang.org/x/mod/sumdb/note"
)

// mostPage is how many records a server is asked for at once.
const mostPage = 1000

// searchRemote shows the records of a server's log that fit, page after page: the server reads a part of a long log at a
// time, and says where it goes on.
func (q *question) searchRemote(ctx context.Context, of remoteFlags, form string) int {
	asked, err := q.address()
	if err != nil {
		q.t.fail("%v", err)
		return usage
	}
	c, err := of.client()
	if err != nil {
		q.t.fail("%v", err)
		return usage
	}
	out := newRecordPrinter(q.t, form)
	defer out.flush()
	show := func(one *api.NumberedRecord) {
		out.showFound(&query.Found{Number: one.Number, Numbered: true, Record: one.Record}, false)
	}
	var tally query.Tally
	numbers := q.of.Numbers
	if numbers.End == numbers.First+1 && len(q.of.Where) == 0 && q.of.Since.IsZero() && q.of.Until.IsZero() {
		var one api.NumberedRecord
		if err := c.call(ctx, http.MethodGet, fmt.Sprintf("/ledger/records/%d", numbers.First), nil, &one); err != nil {
			return q.t.failed(err)
		}
		show(&one)
		return fine
	}
	for begin := numbers.First; ; {
		if begin > 0 {
			asked.Set("begin", strconv.FormatUint(begin, 10))
		}
		var page api.RecordsPage
		if err := c.call(ctx, http.MethodGet, "/ledger/records?"+asked.Encode(), nil, &page); err != nil {
			out.flush()
			return q.t.failed(err)
		}
		for i := range page.Records {
			if tally.More = q.of.Limit > 0 && tally.Found == q.of.Limit; tally.More {
				break
			}
			show(&page.Records[i])
			tally.Found++
		}
		tally.Records, tally.Damaged = page.Of, tally.Damaged+page.Damaged
		if page.Damaged > 0 {
			out.flush()
			q.t.fail("%s of the log cannot be read there, and was passed over: `tagwarden logs verify` says which",
				counted(page.Damaged, "place"))
		}
		if tally.More || page.Whole || page.Next <= begin {
			break
		}
		begin = page.Next
	}
	out.flush()
	return q.answered(tally, nil)
}

// address is a question as a server is asked it. What a server is not asked in an address is the error.
func (q *question) address() (url.Values, error) {
	limit := mostPage
	if q.of.Limit > 0 {
		limit = min(mostPage, q.of.Limit+1)
	}
	asked := url.Values{"limit": {strconv.Itoa(limit)}}
	if len(q.ids) > 0 {
		return nil, errors.New("--id: a server is not asked about a person by `logs search`")
	}
	for _, c := range q.of.Where {
		if !slices.Contains(api.RecordMembers(), c.Member) {
			return nil, fmt.Errorf("%s is no member that a server is asked about: it is asked about %s", c.Member,
				strings.Join(api.RecordMembers(), ", "))
		}
		if len(c.Values) > 1 {
			return nil, fmt.Errorf("%s: a server is asked about one value of a member", c.Member)
		}
		asked.Set(c.Member, c.Values[0])
	}
	for name, at := range map[string]time.Time{"from": q.of.Since, "to": q.of.Until} {
		if !at.IsZero() {
			asked.Set(name, at.Format(time.RFC3339Nano))
		}
	}
	if q.of.Numbers.End != 0 {
		asked.Set("end", strconv.FormatUint(q.of.Numbers.End, 10))
	}
	return asked, nil
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
