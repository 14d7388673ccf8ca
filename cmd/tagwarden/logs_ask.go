package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/objection/lists"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// question is what the forwarding log is asked, as flags say it.
type question struct {
	t       *terminal
	ledger  ledgerFlags
	of      query.Question
	ids     []lists.Act // persons, each by one identifier
	country lists.Act
	scan    bool
	dir     string         // of the ledger, once it is open
	served  *config.Loaded // whose data folder it is in, once it is open; nil: of a ledger alone that is not known
	reading *logReading    // that the log is asked is recorded, once it is open
	nobody  string         // why nothing is recorded by whoever is asked about; "": there is no reason

	sinceAs, untilAs string // the times, as they were given

	gone func(through uint64) // told how far the log was gone through; nil: nobody is

	words    proxy.PolicyWords
	purposes bool // what for events were is to be known, under whatever policy
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
	q.say(f, "since", "until")
	f.BoolVar(&q.scan, "scan", false, "read every record of that time, and go by no index")
	return q
}

// say adds the flags that say the question by words of package query.
func (q *question) say(f *flag.FlagSet, names ...string) {
	for _, word := range query.Words() {
		if !slices.Contains(names, word.Name) {
			continue
		}
		help := word.Help
		if word.Several() {
			help += "; may be given again"
		}
		f.Func(word.Name, help, func(given string) error {
			switch word.Name {
			case "since", "from":
				q.sinceAs = given
			case "until", "to":
				q.untilAs = given
			}
			return q.of.Say(word.Name, given, q.t.now())
		})
	}
}

// searched adds the flags of whoever shows records: those about members, how many, and other names for the time.
func (q *question) searched(f *flag.FlagSet, limit string) {
	for _, word := range query.Words() {
		if word.Several() {
			q.say(f, word.Name)
		}
	}
	q.say(f, "number", "from", "to")
	f.Func("limit", limit, limitInto(&q.of.Limit))
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

// open makes ready to ask: the ledger, what the policy knows, and the hashes of whoever is asked about; that it is read
// is recorded then. Where it cannot, the ledger is nil, and the verb ends with the code.
func (q *question) open(ctx context.Context, verb string) (l *query.Ledger, loaded *config.Loaded, code int) {
	dir, code := q.ledger.written(q.t)
	if dir == "" {
		return nil, nil, code
	}
	note := func(text string) { q.t.hint("%s", text) }
	if *q.ledger.dir == "" {
		if q.served, code = loadOrServing(q.t, *q.ledger.config); q.served == nil {
			return nil, nil, code
		}
		if q.served.Policy != nil {
			loaded = q.served
			q.words.Tell(&q.of, loaded, q.purposes, note)
		}
	}
	if loaded == nil && (q.purposes || slices.ContainsFunc(q.of.Where, func(c query.Condition) bool {
		return c.Member == query.Purpose
	})) {
		q.words.TellKept(&q.of, policiesBeside("", dir), note)
	}
	if len(q.ids) > 0 {
		hashes, err := q.hashes(ctx)
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
		Note:   note,
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
	ask.Asked, ask.Subjects = q.of.Asks()
	if !q.of.Since.IsZero() {
		ask.From = &q.of.Since
	}
	if !q.of.Until.IsZero() {
		ask.To = &q.of.Until
	}
	return ask
}

// errNoKeys says that nobody can tell which hashes an identifier has.
var errNoKeys = errors.New(
	"--id needs the keys of the data folder, and --dir names a ledger alone: ask by --subject, with " +
		"the hash that records have, or by --config")

// hashes are those that the log may know the persons by, of every form.
func (q *question) hashes(ctx context.Context) ([]string, error) {
	if q.served == nil {
		return nil, errNoKeys
	}
	var got api.LogSubjects
	if err := q.call(ctx, http.MethodPost, "/ledger/subjects/hashes", &got); err != nil {
		return nil, err
	}
	var all []string
	for _, one := range got.Subjects {
		all = append(all, one.Hashes...)
		q.nobody = cmp.Or(q.nobody, one.Detail)
	}
	return all, nil
}

// call asks the server about the persons, or what lies in its data folder where none runs.
func (q *question) call(ctx context.Context, method, path string, into any) error {
	people := struct {
		Subjects []lists.Act `json:"subjects"`
	}{slices.Clone(q.ids)}
	for i := range people.Subjects {
		people.Subjects[i].Country = q.country.Country
	}
	c, err := q.t.openAPI(ctx, q.served, "")
	if err != nil {
		return err
	}
	return errors.Join(c.call(ctx, method, path, people, into), c.close())
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
		printf(q.t.err, "the first %s; there are more that fit: --limit N shows more of them, --since, --until and "+
			"--number others\n",
			plural.Of(tally.Found, "record"))
	default:
		if tally.Read >= tally.Records && tally.Read > muchRead {
			printf(q.t.err, "every record was read: a person, a hit or a time narrows down what is\n")
		}
		printf(q.t.err, "%d of %s\n", tally.Found, plural.Of(tally.Records, "record"))
	}
	if tally.Found == 0 && q.nobody != "" {
		q.t.fail("%s", q.nobody)
		return usage
	}
	if tally.Damaged > 0 {
		return usage
	}
	return fine
}

// muchRead is from how many records on it is said that all were read.
const muchRead = 100_000
