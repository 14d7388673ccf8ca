package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"net/http"
	"os"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/objection/lists"
	"github.com/tagwarden/tagwarden/proxy/problem"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// linksAtOnce is how many links are asked for in one call.
const linksAtOnce = 1000

func objectionsLink(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("objections link", "--id NAME=VALUE... | --file FILE.csv [--column NAME=COLUMN]... --purpose "+
		"ID|--vendor ID|--all [--site ID] --config FILE")
	file := f.String("config", "tagwarden.yaml", "the server file")
	var a lists.Act
	t.idFlags(f, &a)
	countryFlag(f, &a)
	scopeFlags(f, &a)
	f.StringVar(&a.Site, "site", "", "the site whose pages the link leads to; needed where there are several")
	contacts := f.String("file", "", "contacts, CSV: it is written out with the columns unsubscribe_url and fault added")
	var columns []lists.Column
	columnFlag(f, &columns)
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	if (*contacts == "") == (len(a.IDs) == 0) {
		t.fail("--id or --file is needed: whose link is it?")
		return usage
	}
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int {
		if *contacts != "" {
			return linkAll(ctx, t, c, &a, *contacts, columns)
		}
		var got api.Links
		if err := c.call(ctx, http.MethodPost, "/objections/links", a, &got); err != nil {
			return t.failed(err)
		}
		if *form == "json" {
			printJSON(t.out, got.Links[0], "  ")
			return fine
		}
		printf(t.out, "%s\n\nList-Unsubscribe: <%s>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n",
			got.Links[0].URL, got.Links[0].URL)
		return fine
	})
}

// linkAll writes a file of contacts with a link added to each.
func linkAll(ctx context.Context, t *terminal, c *client, a *lists.Act, file string, columns []lists.Column) int {
	f, err := os.Open(file)
	if err != nil {
		return t.failed(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := lists.Open(f, "csv", columns, t.now())
	if err != nil {
		return t.failed(err)
	}
	buffered := bufio.NewWriter(t.document())
	out := csv.NewWriter(buffered)
	if rows.Header != nil {
		err = out.Write(append(append([]string{}, rows.Header...), "unsubscribe_url", "fault"))
	}
	faults := 0
	var some []lists.Row
	flush := func() {
		if err != nil || len(some) == 0 {
			return
		}
		var n int
		n, err = linkSome(ctx, c, a, some, len(rows.Header), out)
		faults += n
		some = some[:0]
	}
	for err == nil {
		one, more := rows.Next()
		if !more {
			break
		}
		if some = append(some, one); len(some) == linksAtOnce {
			flush()
		}
	}
	flush()
	out.Flush()
	if err = errors.Join(err, rows.Err, out.Error(), buffered.Flush()); err != nil {
		return t.failed(err)
	}
	if faults > 0 {
		t.fail("%s without a link: the column fault says why", plural.Of(faults, "contact"))
		return findings
	}
	return fine
}

// linkSome writes rows of so many columns with their links, and counts those that have none. A list is refused as
// a whole: then each is asked for alone.
func linkSome(ctx context.Context, c *client, a *lists.Act, some []lists.Row, columns int,
	out *csv.Writer) (faults int, err error) {
	type list struct {
		Objections []lists.Act `json:"objections"`
	}
	links := make([]string, len(some))
	whys := make([]string, len(some))
	var to []int
	var all list
	for i := range some {
		one := *a
		if whys[i] = some[i].Fault; whys[i] == "" {
			one.IDs = some[i].ByName()
			all.Objections, to = append(all.Objections, one), append(to, i)
		}
	}
	var got api.Links
	if len(to) > 0 {
		err = c.call(ctx, http.MethodPost, "/objections/links", all, &got)
	}
	if err == nil {
		for k, i := range to[:len(got.Links)] {
			links[i] = got.Links[k].URL
		}
	} else if p, ok := errors.AsType[*problem.Document](err); ok && p.Status == http.StatusUnprocessableEntity {
		err = nil
		for k, i := range to {
			var one api.Links
			alone := c.call(ctx, http.MethodPost, "/objections/links", list{all.Objections[k : k+1]}, &one)
			switch p, ok := errors.AsType[*problem.Document](alone); {
			case alone == nil:
				links[i] = one.Links[0].URL
			case ok && len(p.Faults) > 0:
				whys[i] = p.Faults[0].Detail
			default:
				return faults, alone
			}
		}
	}
	for i := range some {
		if whys[i] != "" {
			faults++
		}
		cells := append(make([]string, 0, columns+2), some[i].Cells...)
		for len(cells) < columns {
			cells = append(cells, "")
		}
		err = errors.Join(err, out.Write(append(cells, links[i], strings.ReplaceAll(whys[i], "\n", " "))))
	}
	return faults, err
}
