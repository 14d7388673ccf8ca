package main

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
)

func logsSearch(_ context.Context, t *terminal, args []string) int {
	f := t.flags("logs search", "[--from TIME] [--to TIME] [--number N[-M]] [--where MEMBER=VALUE]... "+
		"[--config FILE | --dir DIR] [--format text|json]")
	of := t.ledgerFlags(f)
	query := ledger.Query{Members: map[string]string{}}
	numbers := numberRange{end: ^uint64(0)}
	f.Func("from", "from this time on, RFC 3339", timeInto(&query.From))
	f.Func("to", "before this time, RFC 3339", timeInto(&query.To))
	f.Func("number", "the record of this number, or those from N to M, N-M", numbers.set)
	f.Func("where", "a member of a record and its value, vendor=ga4; may be given again", func(given string) error {
		return addWhere(&query, given)
	})
	form := format(f, "json")
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	dir, code := of.written(t)
	if dir == "" {
		return code
	}
	begin, err := numbers.begin(dir)
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	r := ledger.Read(dir, begin)
	defer func() { _ = r.Close() }()
	wanted := query.Matcher()
	out := newRecordPrinter(t, *form)
	code = out.all(r, func() bool { n, _ := r.Number(); return n < numbers.end }, func(record []byte) bool {
		n, _ := r.Number()
		return wanted(record) && n >= numbers.first
	})
	if code == fine && out.shown == 0 {
		sayGone(t, dir, &numbers)
		return findings
	}
	return code
}

// sayGone says of a record that was asked for by its number that its line is gone, and by which record, where one says so.
func sayGone(t *terminal, dir string, of *numberRange) {
	if of.end != of.first+1 {
		return
	}
	by, record, is, err := audit.GoneBy(dir, of.first)
	switch {
	case err != nil:
		t.fail("%v", err)
	case is && string(ledger.KindOf(record)) == ledger.KindSetAside:
		t.fail("record %d was damaged and set aside: record %d says so", of.first, by)
	case is:
		t.fail("record %d was erased: record %d says so; its hash is there, `logs prove %d` proves both", of.first, by, of.first)
	}
}

// timeInto reads a time.
func timeInto(to *time.Time) func(string) error {
	return func(given string) error {
		at, err := time.Parse(time.RFC3339, given)
		if err != nil {
			return errors.New("2026-05-04T12:00:00Z is")
		}
		*to = at
		return nil
	}
}

// numberRange is which records are wanted; end is not included.
type numberRange struct{ first, end uint64 }

// set reads N or N-M.
func (r *numberRange) set(given string) error {
	from, to, several := strings.Cut(strings.TrimPrefix(given, "#"), "-")
	first, err := strconv.ParseUint(from, 10, 63)
	last := first
	if several && err == nil {
		last, err = strconv.ParseUint(strings.TrimPrefix(to, "#"), 10, 63)
	}
	if err != nil || last < first {
		return errors.New("17 is, or 17-20")
	}
	r.first, r.end = first, last+1
	return nil
}

// begin is the number of the first record of the segment that holds the first one: what that names stands before it.
func (r *numberRange) begin(dir string) (first uint64, err error) {
	all, err := ledger.Segments(dir)
	for _, s := range all {
		if !s.Old && s.First <= r.first {
			first = s.First
		}
	}
	return first, err
}

func addWhere(q *ledger.Query, given string) error {
	name, value, found := strings.Cut(given, "=")
	if !found || name == "" || strings.ContainsAny(name, ".*?#@|") {
		return errWhere
	}
	q.Members[name] = value
	return nil
}

var errWhere = errors.New("MEMBER=VALUE is right, such as reason=objection")
