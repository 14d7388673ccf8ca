package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// inForce is what is in force for a hash, as export writes it.
type inForce struct {
	Space   string    `json:"space"`
	Hash    string    `json:"hash"` // as in the suppression feed
	InForce []string  `json:"in_force"`
	First   time.Time `json:"first"` // when its first change was said
	Last    time.Time `json:"last"`
	Source  string    `json:"source"` // of the last change
}

func objectionsExport(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("objections export", "[--log] [--since SEQ] [--format csv|jsonl] --config FILE")
	file := f.String("config", "tagwarden.yaml", "the server file")
	log := f.Bool("log", false, "write every change, in place of what is in force: that needs no memory")
	since := f.Uint64("since", 0, "log: only changes after this number")
	form := "csv"
	f.Func("format", "csv or jsonl (csv)", func(given string) error {
		form = given
		if given != "csv" && given != "jsonl" {
			return errors.New("one of csv, jsonl is")
		}
		return nil
	})
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int {
		out := bufio.NewWriterSize(t.document(), 64<<10)
		write := writeState
		if *log {
			write = writeLog
		}
		if err := errors.Join(write(ctx, c, out, *since, form), out.Flush()); err != nil {
			return t.failed(err)
		}
		return fine
	})
}

// entries calls with every entry of the feed after a number.
func (c *client) entries(ctx context.Context, since uint64, each func(*api.Entry) error) error {
	for {
		var page api.Feed
		path := fmt.Sprintf("/objections?since=%d&limit=10000", since)
		if err := c.call(ctx, http.MethodGet, path, nil, &page); err != nil {
			return err
		}
		for i := range page.Entries {
			if err := each(&page.Entries[i]); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		since = page.Last
	}
}

// writeLog writes every change.
func writeLog(ctx context.Context, c *client, w io.Writer, since uint64, form string) error {
	if form == "jsonl" {
		out := json.NewEncoder(w)
		return c.entries(ctx, since, func(e *api.Entry) error { return out.Encode(e) })
	}
	out := csv.NewWriter(w)
	err := out.Write([]string{"seq", "time", "op", "space", "hash", "scopes", "in_force", "source"})
	if err == nil {
		err = c.entries(ctx, since, func(e *api.Entry) error {
			return out.Write([]string{
				strconv.FormatUint(e.Seq, 10), e.Time.Format(time.RFC3339), e.Op, e.Space, e.Hash, strings.Join(e.Scopes, " "),
				strings.Join(e.InForce, " "), e.Source,
			})
		})
	}
	out.Flush()
	return errors.Join(err, out.Error())
}

// writeState writes what is in force, a line a hash.
func writeState(ctx context.Context, c *client, w io.Writer, _ uint64, form string) error {
	all := map[string]*inForce{}
	err := c.entries(ctx, 0, func(e *api.Entry) error {
		key := e.Space + " " + e.Hash
		one := all[key]
		if one == nil {
			one = &inForce{Space: e.Space, Hash: e.Hash, First: e.Time}
			all[key] = one
		}
		one.InForce, one.Last, one.Source = e.InForce, e.Time, e.Source
		return nil
	})
	if err != nil {
		return err
	}
	list := make([]*inForce, 0, len(all))
	for _, one := range all {
		if len(one.InForce) > 0 {
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b *inForce) int {
		return cmp.Or(cmp.Compare(a.Space, b.Space), cmp.Compare(a.Hash, b.Hash))
	})
	if form == "jsonl" {
		out := json.NewEncoder(w)
		for _, one := range list {
			if err := out.Encode(one); err != nil {
				return err
			}
		}
		return nil
	}
	out := csv.NewWriter(w)
	err = out.Write([]string{"space", "hash", "in_force", "first", "last", "source"})
	for _, one := range list {
		err = errors.Join(err, out.Write([]string{
			one.Space, one.Hash, strings.Join(one.InForce, " "), one.First.Format(time.RFC3339),
			one.Last.Format(time.RFC3339), one.Source,
		}))
	}
	out.Flush()
	return errors.Join(err, out.Error())
}

func objectionsStats(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("objections stats", "[--days N] [--format text|json] --config FILE")
	file := f.String("config", "tagwarden.yaml", "the server file")
	days := f.Int("days", 30, "of how many days, today included")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int {
		var got api.Stats
		if err := c.call(ctx, http.MethodGet, fmt.Sprintf("/objections/stats?days=%d", *days), nil, &got); err != nil {
			return t.failed(err)
		}
		if *form == "json" {
			printJSON(t.out, got, "  ")
			return fine
		}
		printStats(t, &got)
		return fine
	})
}

func printStats(t *terminal, s *api.Stats) {
	printf(t.out, "%s to %s\n\n", s.From, s.To)
	table := tabwriter.NewWriter(t.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	printf(table, "\tobjections\ta day\trestrictions\twithdrawals\tcomplaints\t\n")
	row := func(name string, c api.Count) {
		printf(table, "%s\t%d\t%.2f\t%d\t%d\t%d\t\n", name, c.Objections, c.Rate, c.Restrictions, c.Withdrawals, c.Complaints)
	}
	row("all", s.Total)
	for _, part := range []struct {
		what string
		list []api.Named
	}{{"of", s.Scopes}, {"source", s.Sources}, {"site", s.Sites}, {"channel", s.Channels}, {"campaign", s.Campaigns}} {
		for _, one := range part.list {
			row(part.what+" "+one.Name, one.Count)
		}
	}
	_ = table.Flush()
	printf(t.out, "\nin force now for %s, each in every form that it is known in", plural.Of(s.Subjects, "identifier"))
	for i, one := range s.InForce {
		printf(t.out, "%s%s %d", map[bool]string{true: ": ", false: ", "}[i == 0], one.Scope, one.Subjects)
	}
	printf(t.out, "\nof an older form: %d", s.Older)
	if s.Older > 0 {
		printf(t.out, "; hits are looked up in that, too")
	}
	printf(t.out, "\nwaiting to be told to other systems: %s\n", plural.Of(s.Waiting, "message"))
}
