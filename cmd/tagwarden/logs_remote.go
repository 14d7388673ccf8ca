package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"golang.org/x/mod/sumdb/note"
)

// mostPage is how many records a server is asked for at once.
const mostPage = 1000

// searchRemote shows the records of a server's log that fit, page after page: the server reads a part of a long log at a
// time, and says where it goes on.
func searchRemote(
	ctx context.Context, t *terminal, of remoteFlags, query ledger.Query, numbers numberRange, form string,
) int {
	for name := range query.Members {
		if !slices.Contains(api.RecordMembers, name) {
			t.fail("--where: %q is no member that a server is asked about%s", name, strict.Suggestion(name, api.RecordMembers))
			return usage
		}
	}
	c, err := of.client()
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	out := newRecordPrinter(t, form)
	defer func() { _ = out.out.Flush() }()
	if numbers.end == numbers.first+1 && len(query.Members) == 0 && query.From.IsZero() && query.To.IsZero() {
		var one api.NumberedRecord
		if err := c.call(ctx, http.MethodGet, fmt.Sprintf("/ledger/records/%d", numbers.first), nil, &one); err != nil {
			return t.failed(err)
		}
		out.showNumbered(one.Number, true, one.Record)
		return fine
	}
	asked := url.Values{"limit": {strconv.Itoa(mostPage)}}
	for name, value := range query.Members {
		asked.Set(name, value)
	}
	for name, at := range map[string]time.Time{"from": query.From, "to": query.To} {
		if !at.IsZero() {
			asked.Set(name, at.Format(time.RFC3339Nano))
		}
	}
	if numbers.end != ^uint64(0) {
		asked.Set("end", strconv.FormatUint(numbers.end, 10))
	}
	code := fine
	for begin := numbers.first; ; {
		if begin > 0 {
			asked.Set("begin", strconv.FormatUint(begin, 10))
		}
		var page api.RecordsPage
		if err := c.call(ctx, http.MethodGet, "/ledger/records?"+asked.Encode(), nil, &page); err != nil {
			_ = out.out.Flush()
			return t.failed(err)
		}
		for _, one := range page.Records {
			out.showNumbered(one.Number, true, one.Record)
		}
		if page.Damaged > 0 {
			_ = out.out.Flush()
			t.fail("%s of the log cannot be read there, and was passed over: `tagwarden logs verify` says which",
				counted(page.Damaged, "place"))
			code = usage
		}
		if page.Whole || page.Next <= begin {
			break
		}
		begin = page.Next
	}
	if code == fine && out.shown == 0 {
		return findings
	}
	return code
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
