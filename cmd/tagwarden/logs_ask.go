package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/objection/lists"
	"github.com/tagwarden/tagwarden/rules"
)

// question is what the forwarding log is asked, as flags say it.
type question struct {
	t       *terminal
	ledger  ledgerFlags
	of      query.Question
	ids     []lists.Act // persons, each by one identifier
	country lists.Act
	scan    bool
	dir     string      // of the ledger, once it is open
	reading *logReading // that the log is asked is recorded, once it is open

	sinceAs, untilAs string // the times, as they were given

	gone func(through uint64) // told how far the log was gone through; nil: nobody is

	purposes bool // what for events were is to be known, under whatever policy
}

// memberFlags are flags that ask about a member of records, each under its own name or the one that it has there.
var memberFlags = []struct{ name, member, help string }{
	{"vendor", "vendor", "a vendor's id"},
	{"site", "site", "a site's id"},
	{"decision", "decision", "permit or deny"},
	{"reason", "reason", "why an event was denied, or permitted: objection"},
	{"activity", "activity", "an activity's id"},
	{"purpose", query.Purpose, "a purpose's id: events on activities with it, and acts about it"},
	{"basis", "basis", "a lawful basis: consent"},
	{"event", "name", "an event's name: purchase"},
	{"field", query.Field, "a field's name: events in whose shape it stands, kept, changed or dropped"},
	{"endpoint", "endpoint", "a vendor's endpoint"},
	{"region", "region", "a region: DE"},
	{"policy", "policy", "the digest of a policy"},
	{"kind", "kind", "a kind of record: event"},
	{"outcome", "outcome", "how a delivery ended: events, and the records that say so"},
	{"hit", "hit", "the number of a hit"},
	{"subject", query.Subject, "a subject, by the hash that records have"},
}

// question adds the flags that say which ledger is asked, about whom, and of when.
func (t *terminal) question(f *flag.FlagSet) *question {
	q := &question{t: t, ledger: t.ledgerFlags(f)}
	f.Func("id", "whose: class and value, email=jane@example.com or client_id:ga4=...; NAME=- reads the value from "+
		"standard input; may be given again", func(given string) error {
		var one lists.Act
		err := t.addID(&one, given)
		q.ids = append(q.ids, one)
		return err
	})
	countryFlag(f, &q.country)
	f.Func("since", "from this time on: 7d for a week ago, 12h, 2026-05-04, or RFC 3339", q.time(&q.of.Since, &q.sinceAs))
	f.Func("until", "before this time, given likewise", q.time(&q.of.Until, &q.untilAs))
	f.BoolVar(&q.scan, "scan", false, "read every record of that time, and go by no index")
	return q
}

// members adds the flags that ask about members of records. Each may be given again: one of the values is meant.
func (q *question) members(f *flag.FlagSet) {
	for _, one := range memberFlags {
		f.Func(one.name, one.help+"; may be given again", func(given string) error {
			q.of.And(one.member, given)
			return nil
		})
	}
	f.Func("where", "a member of a record and its value, vendor=ga4; may be given again", func(given string) error {
		name, value, found := strings.Cut(given, "=")
		if !found || name == "" {
			return errWhere
		}
		q.of.And(name, value)
		return nil
	})
	f.Func("number", "the record of this number, or those from N to M, N-M", func(given string) (err error) {
		q.of.Numbers, err = query.ParseRange(given)
		return err
	})
}

// searched adds the flags of whoever shows records: those about members, how many, and other names for the time.
func (q *question) searched(f *flag.FlagSet, limit string) {
	q.members(f)
	f.Func("from", "the same as --since", q.time(&q.of.Since, &q.sinceAs))
	f.Func("to", "the same as --until", q.time(&q.of.Until, &q.untilAs))
	f.Func("limit", limit, limitInto(&q.of.Limit))
}

var errWhere = errors.New("MEMBER=VALUE is right, such as reason=objection")

// time reads a time into a variable, and notes how it was given.
func (q *question) time(to *time.Time, as *string) func(string) error {
	return func(given string) (err error) {
		*as = given
		*to, err = query.ParseTime(given, q.t.now())
		return err
	}
}

// limit reads how many records are wanted.
func limitInto(to *int) func(string) error {
	return func(given string) error {
		if given == "all" {
			*to = 0
			return nil
		}
		n, err := strconv.Atoi(given)
		if err != nil || n < 0 {
			return errors.New("a number is, or all")
		}
		*to = n
		return nil
	}
}

// open makes ready to ask: the ledger, what the policy knows, and the hashes of whoever is asked about; that it is read is
// recorded then. Where it cannot, the ledger is nil, and the verb ends with the code.
func (q *question) open(ctx context.Context, verb string) (l *query.Ledger, loaded *config.Loaded, code int) {
	dir, code := q.ledger.written(q.t)
	if dir == "" {
		return nil, nil, code
	}
	if *q.ledger.dir == "" {
		if loaded, code = q.t.load(*q.ledger.config); loaded == nil {
			return nil, nil, code
		}
		q.knows(loaded)
	}
	if len(q.ids) > 0 {
		hashes, err := q.hashes(ctx, loaded)
		if err != nil {
			return nil, nil, q.t.failed(err)
		}
		q.of.And(query.Subject, hashes...)
	}
	if q.reading, code = beginReading(ctx, q.t, dir, q.asks(verb)); q.reading == nil {
		return nil, nil, code
	}
	q.of.Reading = q.reading.id
	o := query.Options{
		Write: true, Scan: q.scan,
		Report: func(err error) { q.t.fail("%v", err) },
		Note:   func(text string) { q.t.hint("%s", text) },
		Gone:   q.gone,
	}
	o.Indexing = q.indexing(dir)
	q.dir = dir
	return query.Open(dir, o), loaded, fine
}

// indexing shows on a terminal how far the log was gone through, as long as an index is made that was missing.
func (q *question) indexing(dir string) func(number uint64) {
	bar := newProgress(q.t, nil, recordsSigned(dir))
	shown := q.t.now()
	return func(number uint64) {
		now := q.t.now()
		switch {
		case number == 0: // lines of the answer may follow
			bar.clear()
		case now.Sub(shown) >= 200*time.Millisecond:
			shown = now
			bar.read.Store(int64(number))
			bar.show()
		}
	}
}

// asks is the question as a reading of the log: what is asked about by name, and of a person the hashes alone.
func (q *question) asks(verb string) readingAsk {
	ask := readingAsk{Verb: verb}
	for _, c := range q.of.Where {
		if c.Member == query.Subject {
			ask.Subjects = c.Values
			continue
		}
		ask.Asked = append(ask.Asked, c.Member)
	}
	if q.of.Numbers != (query.Range{}) {
		ask.Asked = append(ask.Asked, "number")
	}
	slices.Sort(ask.Asked)
	ask.Asked = slices.Compact(ask.Asked)
	if !q.of.Since.IsZero() {
		ask.From = &q.of.Since
	}
	if !q.of.Until.IsZero() {
		ask.To = &q.of.Until
	}
	return ask
}

// errNoKeys says that nobody can tell which hashes an identifier has.
var errNoKeys = errors.New("--id needs the keys of the data folder, and --dir names a ledger alone: ask by --subject, with " +
	"the hash that records have, or by --config")

// hashes are those that the log may know the persons by, of every form.
func (q *question) hashes(ctx context.Context, loaded *config.Loaded) ([]string, error) {
	if loaded == nil {
		return nil, errNoKeys
	}
	var got api.LogSubjects
	if err := q.call(ctx, loaded, http.MethodPost, "/ledger/subjects/hashes", &got); err != nil {
		return nil, err
	}
	var all []string
	for _, one := range got.Subjects {
		all = append(all, one.Hashes...)
	}
	return all, nil
}

// call asks the server about the persons, or what lies in its data folder where none runs.
func (q *question) call(ctx context.Context, loaded *config.Loaded, method, path string, into any) error {
	people := struct {
		Subjects []lists.Act `json:"subjects"`
	}{slices.Clone(q.ids)}
	for i := range people.Subjects {
		people.Subjects[i].Country = q.country.Country
	}
	c, err := q.t.openAPI(ctx, loaded, "")
	if err != nil {
		return err
	}
	return errors.Join(c.call(ctx, method, path, people, into), c.close())
}

// knows notes what a policy knows: its vendors, sites and activities, and which activities carry which purposes, under the
// policies that were as well where purposes are asked about.
func (q *question) knows(loaded *config.Loaded) {
	q.of.Known = map[string][]string{}
	q.of.Carried = map[string][]string{}
	for _, purpose := range loaded.Policy.Purposes() {
		q.of.Carried[purpose.ID] = nil
		q.of.Known[query.Purpose] = append(q.of.Known[query.Purpose], purpose.ID)
	}
	for _, site := range loaded.Policy.Sites() {
		q.of.Known["site"] = append(q.of.Known["site"], site.ID)
	}
	for _, vendor := range loaded.Policy.Recipients() {
		q.of.Known["vendor"] = append(q.of.Known["vendor"], vendor.ID)
	}
	carries(&q.of, loaded.Policy.Activities())
	asked := slices.ContainsFunc(q.of.Where, func(c query.Condition) bool { return c.Member == query.Purpose })
	if !asked && !q.purposes {
		return
	}
	folder := proxy.PoliciesDir(loaded.Server.Data)
	digests, err := config.Archived(folder)
	if err != nil {
		q.t.hint("which purposes activities had under policies before is not known: %v", err)
		return
	}
	for _, digest := range digests {
		if digest == loaded.Policy.Digest() {
			continue
		}
		policy, err := config.CompileArchived(folder, digest)
		if err != nil {
			q.t.hint("which purposes activities had under the policy %s is not known: %v", digest, err)
			continue
		}
		carries(&q.of, policy.Activities())
	}
}

// carries notes which purposes activities have.
func carries(q *query.Question, activities []*rules.Activity) {
	for _, activity := range activities {
		q.Known["activity"] = append(q.Known["activity"], activity.ID)
		for _, purpose := range activity.PurposeIDs {
			q.Carried[purpose] = append(q.Carried[purpose], activity.ID)
		}
	}
}

// answered says on the terminal what an answer was made of, and how the verb ends.
func (q *question) answered(tally query.Tally, err error) int {
	fault, wrong := errors.AsType[*query.Fault](err)
	switch {
	case wrong:
		q.t.fail("%v", fault)
		return usage
	case err != nil:
		return q.t.failed(fmt.Errorf("the log cannot be searched: %w", err))
	case tally.More:
		printf(q.t.err, "the first %s; there are more that fit: --limit N shows more of them, --since, --until and --number others\n",
			counted(tally.Found, "record"))
	default:
		if tally.Read >= tally.Records && tally.Read > muchRead {
			printf(q.t.err, "every record was read: a person, a hit or a time narrows down what is\n")
		}
		printf(q.t.err, "%d of %d records\n", tally.Found, tally.Records)
	}
	if tally.Damaged > 0 {
		return usage
	}
	return fine
}

// muchRead is from how many records on it is said that all were read.
const muchRead = 100_000
