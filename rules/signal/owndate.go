package signal

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// Date says where a site's own record of a choice has its date: at a path of the JSON that the choice is in, in a
// cookie of its own, or at a path of JSON in that one. The zero Date is none.
type Date struct {
	Cookie string // "": in what holds the choice
	JSON   string // path in it, where that is JSON
	Format string // one of DateFormats; "": whichever it is
}

// DateFormats lists how a date may be written: ISO 8601, Unix seconds, Unix milliseconds.
func DateFormats() []string { return []string{"iso8601", "unix", "unix_ms"} }

// ownDate reads when a site's own record says that the visitor chose.
type ownDate struct {
	cookie, header, query string
	json                  []string
	format                string
}

// newOwnDate makes a reader; nil where a site names no date.
func newOwnDate(s *Source) (*ownDate, error) {
	of := &s.Date
	switch {
	case *of == Date{}:
		return nil, nil
	case of.Cookie == "" && of.JSON == "":
		return nil, errors.New("signals.own.date: cookie or json says where it is")
	case of.Cookie == "" && s.Body != "":
		return nil, errors.New("signals.own.date: where the choice is in each event, the date is in a cookie")
	case of.Format != "" && !slices.Contains(DateFormats(), of.Format):
		return nil, fmt.Errorf("signals.own.date: %q is no format: %s are", of.Format, strings.Join(DateFormats(), ", "))
	}
	d := &ownDate{cookie: of.Cookie, format: of.Format}
	if d.cookie == "" {
		d.cookie, d.header, d.query = s.Cookie, s.Header, s.Query
	}
	var err error
	d.json, err = members(of.JSON)
	return d, err
}

// dates are those that were found.
type dates struct {
	oldest, newest int64 // milliseconds; 0 where there was none
	unclear        bool  // one could not be read
}

// heed dates what was said. A yes whose date cannot be read, or lies ahead, is none.
func (d *ownDate) heed(h *hit.Hit, ask *Ask, said *SourceReading) {
	if d == nil || said.State == Absent {
		return
	}
	var found dates
	switch {
	case d.cookie != "":
		for i := range ask.jar.all {
			if c := &ask.jar.all[i]; string(c.Name) == d.cookie {
				d.inCookie(c.Value, ask, &found)
			}
		}
	case d.header != "":
		for value := range h.Request.Header(d.header) {
			d.value(value, &found)
		}
	case h.QueryRoot != hit.None:
		for c := h.Nodes[h.QueryRoot].First; c != hit.None; c = h.Nodes[c].Next {
			if string(h.Bytes(h.KeySpan(c))) == d.query {
				d.value(h.Text(c), &found)
			}
		}
	}
	said.At, said.Last = found.oldest/1000, found.newest/1000
	if found.unclear || datedAhead(said.Last, ask.Now) {
		said.disregard()
	}
}

// inCookie reads a date in a cookie's value. An empty value is none.
func (d *ownDate) inCookie(value []byte, ask *Ask, found *dates) {
	if d.json == nil || len(value) == 0 {
		d.value(unquoted(ask.jar.plain(value)), found)
		return
	}
	text, ok := ask.Scratch.JSON(value)
	if !ok {
		found.unclear = true
		return
	}
	d.find(text, d.json, found)
}

// value reads a date as it was found. An empty value is none.
func (d *ownDate) value(text []byte, found *dates) {
	switch {
	case len(text) == 0:
	case len(text) > read.MaxCookie:
		found.unclear = true
	case d.json == nil:
		d.date(text, found)
	case !read.JSON(text):
		found.unclear = true
	default:
		d.find(gjson.Parse(read.String(text)), d.json, found)
	}
}

// find reads every member at the path. One that is null, or not there, is no date.
func (d *ownDate) find(value gjson.Result, path []string, found *dates) {
	value.ForEach(func(key, member gjson.Result) bool {
		switch {
		case key.Str != path[0]:
		case len(path) > 1:
			d.find(member, path[1:], found)
		case member.Type == gjson.String:
			d.date(read.Bytes(member.Str), found)
		case member.Type != gjson.Null:
			d.date(read.Bytes(member.Raw), found)
		}
		return true
	})
}

func (d *ownDate) date(text []byte, found *dates) {
	at, ok := read.Instant(text)
	digits := 0
	for digits < len(text) && ascii.IsDigit(text[digits]) {
		digits++
	}
	switch d.format {
	case "iso8601":
		ok = ok && digits == 4
	case "unix":
		ok = ok && (digits == 9 || digits == 10)
	case "unix_ms":
		ok = ok && (digits == 12 || digits == 13)
	}
	if !ok {
		found.unclear = true
		return
	}
	found.oldest, found.newest = read.Older(found.oldest, at), max(found.newest, at)
}
