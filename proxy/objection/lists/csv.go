package lists

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// table reads the rows of CSV. A quotation mark where none may stand is read as it is where the row says one thing only
// all the same: nobody is lost by 5" in a cell, or by one mark that is never closed.
type table struct {
	lines     *lines
	delimiter byte
	at        []spot // where identifiers and the rest are; nil until the first row has said so
	columns   int    // of the first row
	now       time.Time
}

// record is one row as it is written.
type record struct {
	from, to uint64   // its first and last line
	cells    []string // what is in them, unquoted
	places   []place  // where each begins
	bare     bool     // a quotation mark stands within a cell that is not quoted
	long     bool     // a line of it is too long
	open     bool     // a quoted cell is not closed
	behind   bool     // something stands behind the mark that closes a cell
}

// place is where a cell begins.
type place struct {
	line   uint64
	offset int
}

// next reads a record, and false where there is none. The lines that it is of are returned too.
func (t *table) next() (record, []line, bool) {
	first, more := t.lines.next()
	if !more {
		return record{}, nil, false
	}
	r := record{from: first.n, to: first.n, long: first.long}
	of := []line{first}
	text, offset, size := first.text, 0, len(first.text)
	for !r.long {
		r.places = append(r.places, place{r.to, offset})
		if offset == len(text) || text[offset] != '"' {
			end := len(text)
			if i := strings.IndexByte(text[offset:], t.delimiter); i >= 0 {
				end = offset + i
			}
			cell := text[offset:end]
			r.bare = r.bare || strings.Contains(formula(cell), `"`)
			r.cells = append(r.cells, cell)
			if end == len(text) {
				return r, of, true
			}
			offset = end + 1
			continue
		}
		offset++
		var cell strings.Builder
		for {
			i := strings.IndexByte(text[offset:], '"')
			if i < 0 {
				cell.WriteString(text[offset:])
				following, more := t.lines.next()
				if !more {
					r.open = true
					return r, of, true
				}
				of, r.to, size = append(of, following), following.n, size+1+len(following.text)
				if following.long || size > longestLine {
					r.long = true
					return r, of, true
				}
				cell.WriteByte('\n')
				text, offset = following.text, 0
				continue
			}
			cell.WriteString(text[offset : offset+i])
			offset += i + 1
			if offset < len(text) && text[offset] == '"' {
				cell.WriteByte('"')
				offset++
				continue
			}
			break
		}
		r.cells = append(r.cells, cell.String())
		behind := strings.TrimLeft(text[offset:], " ")
		switch {
		case behind == "":
			return r, of, true
		case behind[0] != t.delimiter:
			r.behind = true
			return r, of, true
		}
		offset = len(text) - len(behind) + 1
	}
	return r, of, true
}

// literal reads a line with its quotation marks as they are.
func (t *table) literal(one line) record {
	r := record{from: one.n, to: one.n, cells: strings.Split(one.text, string(t.delimiter)), bare: true}
	offset := 0
	for _, cell := range r.cells {
		r.places = append(r.places, place{one.n, offset})
		offset += len(cell) + 1
	}
	return r
}

// row reads the next row that holds anything, and counts the empty lines before it.
func (t *table) row(empty *uint64) (Row, bool) {
	for {
		r, of, more := t.next()
		if !more {
			return Row{}, false
		}
		if len(of) == 1 && !r.long && !r.open && !slices.ContainsFunc(r.cells, filled) {
			*empty++
			continue
		}
		return t.settle(r, of), true
	}
}

// filled tells whether anything is in a cell.
func filled(cell string) bool { return strings.TrimSpace(cell) != "" }

// settle makes a row of what was read, or says why it is none. Where a row over several lines is refused, reading goes
// on at the line after its first: whoever stands there is not lost with it.
func (t *table) settle(r record, of []line) Row {
	if len(of) == 1 {
		return t.single(r, of[0])
	}
	fault := ""
	inside := t.swallowed(&r, of)
	switch {
	case r.open:
		fault = "it is never closed"
	case r.long:
		fault = "they hold more than 1 MiB"
	case r.behind:
		fault = "something stands behind the one that closes it"
	case inside > 0:
		fault = fmt.Sprintf("line %d is a row by itself", inside)
	case r.bare && !t.whole(&r):
		fault = "another one stands where none may"
	default:
		return t.made(&r)
	}
	t.lines.unread(of[1:])
	return Row{Line: r.from, Last: r.from, Fault: fmt.Sprintf(
		"a quotation mark makes one row of lines %d to %d, and %s: close it where its cell ends; reading goes on at line %d",
		r.from, r.to, fault, r.from+1)}
}

// single is the row of a record of one line.
func (t *table) single(r record, of line) Row {
	fault := ""
	if r.behind {
		r = t.literal(of)
	}
	switch {
	case r.long:
		fault = "the line is longer than 1 MiB"
	case r.open:
		fault = "the line is no CSV: a quotation mark opens a cell in it and is never closed"
	case r.bare && !t.whole(&r):
		fault = "the line is no CSV: a quotation mark stands where none may"
	default:
		return t.made(&r)
	}
	return Row{Line: r.from, Last: r.from, Cells: r.cells, Fault: fault}
}

// made is the row of a record whose cells are known.
func (t *table) made(r *record) Row {
	row := Row{Line: r.from, Last: r.to, Cells: r.cells}
	for _, s := range t.at {
		if s.index < len(r.cells) {
			row.put(s.what, r.cells[s.index])
		}
	}
	for _, s := range t.at {
		if s.index+1 < len(r.cells) && objection.Rounded(r.cells[s.index]+","+r.cells[s.index+1]) && row.Fault == "" {
			row.Fault = s.what + ": " + objection.Unmatchable("phone", "4.9E+11").Error()
		}
	}
	row.finish(t.now)
	t.addresses(r, &row)
	if row.Fault == "" && len(r.cells) > t.columns && !slices.ContainsFunc(t.at, spot.evident) &&
		slices.ContainsFunc(r.cells[t.columns:], filled) {
		row.Fault = fmt.Sprintf("it has %s, and the first line %d: nobody can tell which is which; a cell that "+
			"holds the delimiter stands in quotation marks", plural.Of(len(r.cells), "cell"), t.columns)
	}
	return row
}

// addresses looks at cells with an address as they were written, and says where the first one stands that is none.
func (t *table) addresses(r *record, row *Row) {
	for _, s := range t.at {
		if s.what != "email" || s.index >= len(r.cells) || row.Fault != "" {
			continue
		}
		if err := objection.Slip(strings.TrimSpace(formula(r.cells[s.index]))); err != nil {
			row.Fault = s.what + ": " + err.Error()
			if at := r.places[s.index]; at.line == r.from {
				row.Column = at.offset + 1
			}
		}
	}
}

// formula is what a spreadsheet shows where it was told to take a number for text, ="0049301234567".
func formula(cell string) string {
	if text := strings.TrimSpace(cell); len(text) > 3 && text[:2] == `="` && text[len(text)-1] == '"' {
		return text[2 : len(text)-1]
	}
	return cell
}

// whole tells whether a row that holds stray quotation marks says one thing only: it has as many cells as the first
// one, and no mark stands in what is read of it.
func (t *table) whole(r *record) bool {
	return len(r.cells) == t.columns && !slices.ContainsFunc(t.at, func(s spot) bool {
		return strings.Contains(formula(r.cells[s.index]), `"`)
	})
}

// swallowed is a line of a row over several that is itself a row: it has as many cells as the first row, and where an
// identifier stands in them is one, which is not that of the whole row. 0 means that there is none.
func (t *table) swallowed(r *record, of []line) uint64 {
	for _, one := range of {
		alone := t.literal(one)
		for _, s := range t.at {
			if s.about() || s.index >= len(alone.cells) ||
				s.index < len(r.places) && r.places[s.index] == alone.places[s.index] {
				continue
			}
			cell := strings.Trim(alone.cells[s.index], "\" \t")
			address := s.what == "email" && strings.Contains(cell, "@") && !strings.ContainsAny(cell, " \t")
			if len(alone.cells) == t.columns && looksLike(s.what, cell) || len(alone.cells) > 1 && address {
				return one.n
			}
		}
	}
	return 0
}

// looksLike tells whether a text may be an identifier of that kind.
func looksLike(what, text string) bool {
	switch what {
	case "email":
		return strings.Contains(text, "@")
	case "phone":
		return strings.ContainsAny(text, "0123456789")
	}
	return text != ""
}

// separator is what a spreadsheet says in a line of its own before the first one: sep=; and nothing else.
func separator(text string) (byte, bool) {
	text = strings.Trim(text, `"`)
	if len(text) == 5 && strings.EqualFold(text[:4], "sep=") {
		return text[4], true
	}
	return 0, false
}

// delimiterOf is the one of , ; and tab that a line has most of, outside of quoted cells.
func delimiterOf(text string) byte {
	var n [256]int
	quoted := false
	for i := range len(text) {
		if text[i] == '"' {
			quoted = !quoted
		}
		if !quoted {
			n[text[i]]++
		}
	}
	best := byte(',')
	for _, c := range []byte{';', '\t'} {
		if n[c] > n[best] {
			best = c
		}
	}
	return best
}

// csvRows reads CSV, whose delimiter is what a line sep= says, or what its first line has most of.
func csvRows(in *lines, columns []Column, now time.Time) (*Rows, error) {
	r := &Rows{lines: in}
	first, more := in.next()
	t := &table{lines: in, now: now}
	for ; more; first, more = in.next() {
		if c, is := separator(first.text); is && t.delimiter == 0 {
			r.Heading++
			t.delimiter = c
		} else if filled(first.text) || first.long {
			break
		} else {
			r.Empty++
		}
	}
	switch {
	case !more && in.failed() != nil:
		return nil, in.failed()
	case !more:
		return nil, errors.New("the file is empty")
	case t.delimiter == 0:
		t.delimiter = delimiterOf(first.text)
	}
	in.unread([]line{first})
	head, of, _ := t.next()
	if head.long || head.open || head.behind || len(of) > 1 && slices.ContainsFunc(of, func(one line) bool {
		return strings.Contains(one.text, "@") // a person, not a heading
	}) {
		return nil, errors.New("the first line is no CSV: a quotation mark in it is not closed, or stands where none may")
	}
	at, header, err := places(head.cells, columns)
	if err != nil {
		return nil, err
	}
	t.at, t.columns = at, len(head.cells)
	for _, p := range at {
		r.What = append(r.What, p.what)
	}
	if header {
		r.Header, r.Unread = head.cells, unread(head.cells, at)
		r.Heading += head.to - head.from + 1
	} else {
		in.unread(of)
	}
	r.next = func() (Row, bool) {
		row, more := t.row(&r.Empty)
		if !more {
			r.Err = in.failed()
		}
		return row, more
	}
	return r, nil
}
