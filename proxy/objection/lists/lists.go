package lists

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// Column says that a column holds something.
type Column struct{ What, Name string }

// about is what a column may hold besides identifiers.
var about = []string{"scopes", "time", "source", "channel", "campaign", "site"}

// ParseColumn reads what people write: email=E-Mail, time=Opt-out date, or by number, email=1.
func ParseColumn(given string) (Column, error) {
	what, column, found := strings.Cut(given, "=")
	if !found || column == "" || !holds(what) {
		return Column{}, fmt.Errorf(
			"NAME=COLUMN is right, with one of %s, %s", strings.Join(rules.IdentityNames(), ", "), strings.Join(about,
				", "))
	}
	return Column{what, column}, nil
}

// holds tells whether a column can hold that.
func holds(what string) bool {
	class, _, _ := strings.Cut(what, ":")
	return slices.Contains(about, what) || slices.Contains(rules.IdentityNames(), class)
}

// usual are names of columns that say what they hold, besides the names themselves.
var usual = map[string]string{
	"e_mail": "email", "mail": "email", "email_address": "email", "e_mail_address": "email", "e_mail_adresse": "email",
	"phone_number": "phone", "telephone": "phone", "telefon": "phone", "mobile": "phone", "userid": "user_id",
	"customer_id": "user_id",
	"sha256":      "email_sha256", "email_hash": "email_sha256", "md5": "email_md5", "date": "time",
	"timestamp": "time",
	"scope":     "scopes",
}

// meaning is what a column of that name holds, "" where the name does not say it.
func meaning(column string) string {
	name := strings.NewReplacer(" ", "_", "-", "_", "\n", "_").Replace(strings.ToLower(strings.TrimSpace(column)))
	if holds(name) {
		return name
	}
	return usual[name]
}

// scopeLike are names of columns that may say what is objected to, and that no
// importer knows: whoever wrote one is told.
var scopeLike = []string{"purpose", "purposes", "vendor", "vendors", "objection", "objections", "category",
	"categories", "zweck", "zwecke", "all"}

// unread are the columns that may say what is objected to, and of which nothing is read.
func unread(header []string, at []spot) (names []string) {
	for i, column := range header {
		read := slices.ContainsFunc(at, func(s spot) bool { return s.index == i })
		if name := strings.ToLower(strings.TrimSpace(column)); !read && slices.Contains(scopeLike, name) {
			names = append(names, name)
		}
	}
	return names
}

// ID is one identifier of a row.
type ID struct{ Name, Text string }

// Row is one row of a file that names people: a line, or several by quotation marks.
type Row struct {
	Line  uint64   // the first one, counted from 1
	Last  uint64   // the last one, more than the first one where a quoted cell spans lines
	Cells []string // of CSV, as they are
	IDs   []ID
	Whole string // JSON that is an objection already
	Fault string // why it cannot be taken; nothing of a value is in it
	// of CSV: where in its first line the cell begins that Fault is about, in bytes from 1 on; 0: it is about no cell
	Column  int
	Warning string // what of it cannot be taken, though it is; nothing of a value is in it

	about [6]string // in the order of about
}

// ByName gathers the identifiers of a row.
func (r *Row) ByName() map[string][]string {
	all := map[string][]string{}
	for _, id := range r.IDs {
		all[id.Name] = append(all[id.Name], id.Text)
	}
	return all
}

// Rows reads a file line by line.
type Rows struct {
	Header []string // of CSV that has one
	What   []string // what columns hold, as far as it is known before the first row
	Unread []string // names of columns that look as if they said what is objected to, and are not read
	Err    error    // why it cannot be read further, once Next has said that there is no more

	Empty   uint64 // lines so far that hold nothing
	Heading uint64 // lines that say what columns hold, or how they are kept apart

	lines *lines
	next  func() (Row, bool)
}

// Lines is how many lines of the file were read so far.
func (r *Rows) Lines() uint64 { return r.lines.n }

// Next returns the next row, and false where there is none.
func (r *Rows) Next() (Row, bool) { return r.next() }

// Scopes is what a row says that is objected to, "" where it says nothing.
func (r *Row) Scopes() string { return r.about[0] }

// Open begins to read CSV or JSON lines, at a time after which nobody can have objected.
func Open(from io.Reader, form string, columns []Column, now time.Time) (*Rows, error) {
	in := newLines(from)
	if form == "jsonl" {
		return jsonRows(in, columns, now), nil
	}
	return csvRows(in, columns, now)
}

// spot is where a row holds what.
type spot struct {
	index int
	what  string
}

// about tells whether it holds something else than an identifier.
func (s spot) about() bool { return slices.Contains(about, s.what) }

// evident tells whether an identifier shows by its looks that it is one, so that nothing else is taken for it.
func (s spot) evident() bool {
	return s.what == "email" || strings.HasSuffix(s.what, "_sha256") || strings.HasSuffix(s.what, "_md5")
}

// places finds out which column holds what, and whether the first line says so.
func places(first []string, columns []Column) (at []spot, header bool, err error) {
	if len(columns) == 0 {
		for i, name := range first {
			if what := meaning(name); what != "" {
				at = append(at, spot{i, what})
			}
		}
		switch {
		case slices.ContainsFunc(at, func(s spot) bool { return !slices.Contains(about, s.what) }):
			return at, true, nil
		case len(first) == 1 && strings.Contains(first[0], "@"):
			return []spot{{0, "email"}}, false, nil
		default:
			return nil, false, errors.New(
				"no column says what it holds: --column email=NAME says so, or --column email=1 for the first one")
		}
	}
	for _, c := range columns {
		i := slices.IndexFunc(first, func(name string) bool {
			return strings.EqualFold(strings.TrimSpace(name),
				strings.TrimSpace(c.Name))
		})
		header = header || i >= 0
		if i < 0 {
			n, err := strconv.Atoi(c.Name)
			if err != nil || n < 1 || n > len(first) {
				return nil, false, fmt.Errorf(
					"--column %s: the first line has no column %q; it has %s", c.What, c.Name, plural.Of(len(first), "column"))
			}
			i = n - 1
		}
		at = append(at, spot{i, c.What})
	}
	if !slices.ContainsFunc(at, func(s spot) bool { return !slices.Contains(about, s.what) }) {
		return nil, false, errors.New("no column is said to hold an identifier: --column email=NAME says so")
	}
	return at, header || slices.ContainsFunc(first, func(name string) bool { return meaning(name) != "" }), nil
}

// put takes what a column holds.
func (r *Row) put(what, text string) {
	text = strings.TrimSpace(formula(text))
	if what == "phone" {
		text = strings.TrimPrefix(text, "'") // a spreadsheet's mark of text
	}
	if text == "" {
		return
	}
	if !utf8.ValidString(text) && r.Fault == "" {
		r.Fault = what + ": it is not UTF-8"
	}
	if i := slices.Index(about, what); i >= 0 {
		r.about[i] = text
		return
	}
	r.IDs = append(r.IDs, ID{what, text})
}

// finish looks at a row as a whole.
func (r *Row) finish(now time.Time) {
	if len(r.IDs) == 0 && r.Fault == "" {
		r.Fault = "there is no identifier in it"
	}
	if r.about[1] != "" {
		r.about[1] = r.dated(r.about[1], now)
	}
}

// dated is a time as the API takes it, "" where it cannot be one: the objection counts all the same, as of today.
func (r *Row) dated(given string, now time.Time) string {
	at, ok := parseDate(given)
	switch {
	case !ok:
		r.Warning = "time: it cannot be read, and today's is taken: 2026-12-01, 2026-12-01T12:00:00Z and 01.12.2026 can"
	case at.After(now):
		r.Warning = "time: it is in the future, and today's is taken"
	case at.Year() < 1990:
		r.Warning = "time: it is before 1990, and today's is taken"
	default:
		return at.UTC().Format(time.RFC3339)
	}
	return ""
}

// layouts are the forms of times that lists hold. 12/01/2026 is none: nobody can tell which day that is.
var layouts = []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05",
	"2006-01-02 15:04", time.DateOnly, "02.01.2006 15:04:05", "02.01.2006 15:04", "02.01.2006"}

func parseDate(text string) (time.Time, bool) {
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds > 1e8 && seconds < 1e10 {
		return time.Unix(seconds, 0), true
	}
	return time.Time{}, false
}
