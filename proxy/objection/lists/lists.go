package lists

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules"
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
	name := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(column)))
	if holds(name) {
		return name
	}
	return usual[name]
}

// ID is one identifier of a row.
type ID struct{ Name, Text string }

// Row is one line of a file that names people.
type Row struct {
	Line  uint64
	Cells []string // of CSV, as they are
	IDs   []ID
	Whole string // JSON that is an objection already
	Fault string // why it cannot be taken; nothing of a value is in it

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
	Err    error    // why it cannot be read further, once Next has said that there is no more

	next func() (Row, bool)
}

// Next returns the next row, and false where there is none.
func (r *Rows) Next() (Row, bool) { return r.next() }

// Scopes is what a row says that is objected to, "" where it says nothing.
func (r *Row) Scopes() string { return r.about[0] }

// Open begins to read CSV or JSON lines.
func Open(from io.Reader, form string, columns []Column) (*Rows, error) {
	in := bufio.NewReaderSize(from, 256<<10)
	if mark, err := in.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		_, _ = in.Discard(3)
	}
	if form == "jsonl" {
		return jsonRows(in, columns), nil
	}
	return csvRows(in, columns)
}

// csvRows reads CSV, whose delimiter is the one of , ; and tab that its first line has most of.
func csvRows(in *bufio.Reader, columns []Column) (*Rows, error) {
	start, _ := in.Peek(64 << 10)
	line, _, _ := bytes.Cut(start, []byte{'\n'})
	delimiter := ','
	for _, c := range []byte{';', '\t'} {
		if bytes.Count(line, []byte{c}) > bytes.Count(line, []byte{byte(delimiter)}) {
			delimiter = rune(c)
		}
	}
	reader := csv.NewReader(in)
	reader.Comma, reader.FieldsPerRecord = delimiter, -1
	first, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty")
	}
	if err != nil {
		return nil, errors.New("the first line is no CSV")
	}
	at, header, err := places(first, columns)
	if err != nil {
		return nil, err
	}
	r := &Rows{}
	for _, p := range at {
		r.What = append(r.What, p.what)
	}
	pending := !header
	if header {
		r.Header = slices.Clone(first)
	}
	last := uint64(0)
	r.next = func() (Row, bool) {
		cells, err := first, error(nil)
		if !pending {
			cells, err = reader.Read()
		}
		pending = false
		if errors.Is(err, io.EOF) {
			return Row{}, false
		}
		if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
			last = max(last+1, uint64(max(wrong.Line, 0)))
			return Row{Line: last, Fault: "the line is no CSV: a quotation mark stands where none may"}, true
		}
		if err != nil {
			r.Err = fmt.Errorf("the file cannot be read to its end: %w", err)
			return Row{}, false
		}
		n, _ := reader.FieldPos(0)
		last = max(last+1, uint64(n))
		return csvRow(last, cells, at), true
	}
	return r, nil
}

// spot is where a row holds what.
type spot struct {
	index int
	what  string
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
					"--column %s: the first line has no column %q; it has %d columns", c.What, c.Name, len(first))
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

func csvRow(line uint64, cells []string, at []spot) Row {
	r := Row{Line: line, Cells: cells}
	for _, s := range at {
		if s.index < len(cells) {
			r.put(s.what, cells[s.index])
		}
	}
	r.finish()
	return r
}

// put takes what a column holds.
func (r *Row) put(what, text string) {
	text = strings.TrimSpace(text)
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
func (r *Row) finish() {
	if len(r.IDs) == 0 && r.Fault == "" {
		r.Fault = "there is no identifier in it"
	}
	if given := r.about[1]; given != "" && r.Fault == "" {
		at, ok := parseDate(given)
		if !ok {
			r.Fault = "time: it is none: 2026-12-01, 2026-12-01T12:00:00Z and 01.12.2026 are"
			return
		}
		r.about[1] = at.UTC().Format(time.RFC3339)
	}
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

// longestLine is how long a line of JSON may be, in bytes.
const longestLine = 1 << 20

// jsonRows reads JSON lines: objects whose members are columns, or objections as the API takes them, which have ids.
func jsonRows(in *bufio.Reader, columns []Column) *Rows {
	r := &Rows{}
	for _, c := range columns {
		r.What = append(r.What, c.What)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), longestLine)
	n := uint64(0)
	r.next = func() (Row, bool) {
		for lines.Scan() {
			n++
			if text := bytes.TrimSpace(lines.Bytes()); len(text) > 0 {
				return jsonRow(n, text, columns), true
			}
		}
		if err := lines.Err(); err != nil {
			r.Err = fmt.Errorf("line %d cannot be read: %w", n+1, err)
		}
		return Row{}, false
	}
	return r
}

func jsonRow(line uint64, text []byte, columns []Column) Row {
	r := Row{Line: line}
	if !utf8.Valid(text) || !gjson.ValidBytes(text) || text[0] != '{' {
		r.Fault = "the line is no object of JSON"
		return r
	}
	whole := false
	gjson.ParseBytes(text).ForEach(func(key, v gjson.Result) bool {
		if key.Str == "ids" && v.IsObject() {
			whole = true
			return false
		}
		what := ""
		if len(columns) == 0 {
			what = meaning(key.Str)
		}
		for _, c := range columns {
			if c.Name == key.Str {
				what = c.What
			}
		}
		if what == "" {
			return true
		}
		if v.Type == gjson.String || v.Type == gjson.Number {
			r.put(what, v.String())
		} else if v.Type != gjson.Null && r.Fault == "" {
			r.Fault = what + ": a string is wanted"
		}
		return true
	})
	if whole {
		return Row{Line: line, Whole: string(text)}
	}
	r.finish()
	return r
}
