package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

func logs(ctx context.Context, t *terminal, args []string) int {
	const how = "tail [--follow] [--lines N] | search [--from TIME] [--to TIME] [--where MEMBER=VALUE]..."
	f := t.flags("logs", how)
	file := f.String("config", "tagwarden.yaml", "the server file")
	dir := f.String("dir", "", "the ledger's folder, in place of the server file's")
	lines := f.Int("lines", 20, "tail: how many records")
	follow := f.Bool("follow", false, "tail: go on with what is written from now on")
	from := f.String("from", "", "search: from this time on, RFC 3339")
	to := f.String("to", "", "search: before this time, RFC 3339")
	form := format(f, "json")
	query := ledger.Query{Members: map[string]string{}}
	f.Func("where", "search: a member of a record and its value, vendor=ga4; may be given again", func(given string) error {
		return addWhere(&query, given)
	})
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) != 1 || rest[0] != "tail" && rest[0] != "search" {
		printUsage(t.err, f)
		return usage
	}
	if *dir == "" {
		loaded, code := t.load(*file)
		if loaded == nil {
			return code
		}
		*dir = filepath.Join(loaded.Server.Data, "ledger")
	}
	for _, bound := range []struct {
		text string
		time *time.Time
	}{{*from, &query.From}, {*to, &query.To}} {
		if bound.text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, bound.text)
		if err != nil {
			t.fail("%q is no time: 2026-05-04T12:00:00Z is", bound.text)
			return usage
		}
		*bound.time = at
	}
	show := func(record []byte) bool {
		if *form == "json" {
			printf(t.out, "%s\n", record)
		} else {
			printRecord(t.out, record)
		}
		return true
	}
	if rest[0] == "search" {
		return searchRecords(t, *dir, query, show)
	}
	return tailRecords(ctx, t, *dir, *lines, *follow, show)
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

func searchRecords(t *terminal, dir string, q ledger.Query, show func([]byte) bool) int {
	found := false
	err := ledger.Search(dir, q, func(record []byte) bool {
		found = true
		return show(record)
	})
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	if !found {
		return findings
	}
	return fine
}

// tailRecords shows the last records and, where asked, what is written from then on, until the user ends it.
func tailRecords(ctx context.Context, t *terminal, dir string, lines int, follow bool, show func([]byte) bool) int {
	var last [][]byte
	err := ledger.Search(dir, ledger.Query{}, func(record []byte) bool {
		if last = append(last, bytes.Clone(record)); len(last) > lines {
			last = last[1:]
		}
		return true
	})
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	for _, record := range last {
		show(record)
	}
	if !follow {
		return fine
	}
	return followRecords(ctx, t, dir, show)
}

// followRecords shows whole lines as they are added to the newest segment, and goes on with the next one.
func followRecords(ctx context.Context, t *terminal, dir string, show func([]byte) bool) int {
	t.endsTidily()
	var open string
	var at int64
	var pending []byte
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		segments, err := ledger.Segments(dir)
		if err != nil {
			t.fail("%v", err)
			return usage
		}
		for _, s := range segments {
			path := s.Path
			if path < open {
				continue
			}
			size := fileSize(path)
			if open == "" && path == segments[len(segments)-1].Path {
				open, at = path, size
			}
			if path > open {
				open, at, pending = path, 0, nil
			}
			if path == open && size > at {
				added, err := readFrom(path, at, size)
				if err != nil {
					t.fail("%v", err)
					return usage
				}
				at = size
				pending = showLines(append(pending, added...), show)
			}
		}
		select {
		case <-ctx.Done():
			return fine
		case <-tick.C:
		}
	}
}

func showLines(text []byte, show func([]byte) bool) (rest []byte) {
	for {
		line, after, found := bytes.Cut(text, []byte{'\n'})
		if !found {
			return text
		}
		show(line)
		text = after
	}
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

func readFrom(path string, from, to int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.NewSectionReader(f, from, to-from))
}

// printRecord shows a record in a line.
func printRecord(w io.Writer, record []byte) {
	get := func(name string) string { return short(gjson.GetBytes(record, name).String()) }
	at := get("time")
	if parsed, err := time.Parse(time.RFC3339Nano, at); err == nil {
		at = parsed.Format("2006-01-02 15:04:05.000")
	}
	switch kind := get("kind"); kind {
	case ledger.KindEvent:
		printf(w, "%s  %-6s %-20s %s → %s  %s  %s %s  %s → %s bytes\n", at, get("decision"), get("reason"), get("site"), get("vendor"),
			get("name"), cmp.Or(get("activity"), "-"), get("basis"), get("bytes_in"), get("bytes_out"))
	case ledger.KindOutcome:
		printf(w, "%s  %s to %s: %s (%s %s)\n", at, kind, get("vendor"), get("outcome"), get("why"), get("status"))
	case ledger.KindRefused:
		printf(w, "%s  %s %s times: %s\n", at, kind, get("count"), get("reason"))
	case ledger.KindApproval, ledger.KindRevocation:
		printf(w, "%s  %s %s version %s: %s %s\n", at, kind, get("assessment"), get("assessment_version"),
			cmp.Or(get("because"), "-"), get("key"))
	case ledger.KindDue:
		printf(w, "%s  %s %s by %s: mark %s, told %s\n", at, kind, get("assessment"), get("review_by"), get("days"), get("told"))
	case ledger.KindObjection, ledger.KindWithdrawal, ledger.KindKeptOptOut, ledger.KindComplaint:
		printf(w, "%s  %s of %s: %s from %s (%s), %s times, %d subjects\n", at, kind, cmp.Or(scopesIn(record), "-"),
			cmp.Or(get("act"), "-"), cmp.Or(get("site"), "-"), get("source"), cmp.Or(get("times"), "1"),
			len(gjson.GetBytes(record, "subjects").Array()))
	default:
		printf(w, "%s  %s %s %s\n", at, kind, get("text"), get("policy"))
	}
}

// scopesIn are the scopes of a record about objections.
func scopesIn(record []byte) string {
	var all []string
	for _, scope := range gjson.GetBytes(record, "scopes").Array() {
		all = append(all, short(scope.String()))
	}
	return strings.Join(all, ", ")
}
