package lists

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

// told is what a list comes to: a line for each row, and what it counts.
func told(t *testing.T, text, form string) string {
	t.Helper()
	rows, err := Open(strings.NewReader(text), form, nil, now)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for one, more := rows.Next(); more; one, more = rows.Next() {
		fmt.Fprintf(&b, "%d", one.Line)
		if one.Last > one.Line {
			fmt.Fprintf(&b, "-%d", one.Last)
		}
		for _, id := range one.IDs {
			fmt.Fprintf(&b, " %s", id.Text)
		}
		fmt.Fprintf(&b, " %s%s\n", one.Fault, one.Warning)
	}
	if rows.Err != nil {
		t.Error(rows.Err)
	}
	fmt.Fprintf(&b, "%d lines, %d empty, %d heading", rows.Lines(), rows.Empty, rows.Heading)
	return b.String()
}

const within = ": close it where its cell ends; reading goes on at line "

// TestLists: each way in which spreadsheets and mailing tools write lists, and each in which they write them wrongly.
func TestLists(t *testing.T) {
	rows := "2 a@example.com \n3 b@example.com \n"
	for name, test := range map[string]struct{ text, want string }{
		"LF":    {"email,x\na@example.com,1\nb@example.com,2\n", rows + "3 lines, 0 empty, 1 heading"},
		"CR":    {"email,x\ra@example.com,1\rb@example.com,2", rows + "3 lines, 0 empty, 1 heading"},
		"CRLF":  {"\ufeffemail,x\r\na@example.com,1\r\nb@example.com,2\r\n", rows + "3 lines, 0 empty, 1 heading"},
		"mixed": {"email,x\r\na@example.com,1\rb@example.com,2\n\r\n", rows + "4 lines, 1 empty, 1 heading"},
		"empty lines": {"\n \nemail,x\n,\n\"\",\n\na@example.com,1",
			"7 a@example.com \n7 lines, 5 empty, 1 heading"},
		"sep, any": {"SEP=|\nemail|x\na@example.com|1,2;3\n", "3 a@example.com \n3 lines, 0 empty, 2 heading"},
		"sep, quoted": {"\"sep=;\"\r\n\r\nemail;x\r\na@example.com;1,2,3\r\n",
			"4 a@example.com \n4 lines, 1 empty, 2 heading"},
		"a heading over two lines": {"\"e\nmail\",email\nx,a@example.com\n",
			"3 x a@example.com \n3 lines, 0 empty, 2 heading"},
		"an open heading": {"\"name,email\nx,a@example.com\ny,b@example.com\n",
			"the first line is no CSV: a quotation mark in it is not closed, or stands where none may"},
		"a heading that swallows": {"\"name,email\nx,a@example.com\ny\",email\nz,b@example.com\n",
			"the first line is no CSV: a quotation mark in it is not closed, or stands where none may"},
		"two lines before": {"name,email\n\"x\ny\",a@example.com\n", "2-3 a@example.com \n3 lines, 0 empty, 1 heading"},
		"two lines behind": {"email,note\na@example.com,\"x\n\ny\"\n", "2-4 a@example.com \n4 lines, 0 empty, 1 heading"},
		"around it, in one": {"n,email,m\n\"x\ny\",a@example.com,\"x\ny\"\n",
			"2-4 a@example.com \n4 lines, 0 empty, 1 heading"},
		"two people, one mark": {"name,email\n\"x,a@example.com\ny\",b@example.com\nz,c@example.com\n",
			"2 a quotation mark makes one row of lines 2 to 3, and line 2 is a row by itself" + within + "3\n" +
				"3 b@example.com \n4 c@example.com \n4 lines, 0 empty, 1 heading"},
		"closed by a stray one": {"email,note\na@example.com,\"x\nb@example.com,5\" pipe\nc@example.com,\n",
			"2 a quotation mark makes one row of lines 2 to 3, and something stands behind the one that closes it" + within +
				"3\n3 b@example.com \n4 c@example.com \n4 lines, 0 empty, 1 heading"},
		"user ids": {"name,user_id\n\"x,1\ny,2\nz\",3\n",
			"2 a quotation mark makes one row of lines 2 to 4, and line 2 is a row by itself" + within + "3\n" +
				"3 2 \n4 3 \n4 lines, 0 empty, 1 heading"},
		"other columns besides": {"name,email,x,y\n\"x,a@example.com\ny,b@example.com\nz\",c@example.com,,\n",
			"2 a quotation mark makes one row of lines 2 to 4, and line 2 is a row by itself" + within + "3\n" +
				"3 b@example.com \n4 c@example.com \n4 lines, 0 empty, 1 heading"},
		"never closed, the last line": {"name,email\nx,a@example.com\n\"y,b@example.com",
			"2 a@example.com \n3 the line is no CSV: a quotation mark opens a cell in it and is never closed\n" +
				"3 lines, 0 empty, 1 heading"},
		"blanks behind a mark": {"name,email\n\"x, y\"  ,a@example.com\n", "2 a@example.com \n2 lines, 0 empty, 1 heading"},
		"too long": {"email,x\na@example.com," + strings.Repeat("x", longestLine) + "\nb@example.com,\n",
			"2 the line is longer than 1 MiB\n3 b@example.com \n3 lines, 0 empty, 1 heading"},
		"dates": {"email,time\na@example.com,12/01/2026\nb@example.com,2027-01-01\nc@example.com,01.01.1970\n",
			"2 a@example.com time: it cannot be read, and today's is taken: 2026-12-01, 2026-12-01T12:00:00Z and " +
				"01.12.2026 can\n3 b@example.com time: it is in the future, and today's is taken\n" +
				"4 c@example.com time: it is before 1990, and today's is taken\n4 lines, 0 empty, 1 heading"},
	} {
		if got := told(t, test.text, "csv"); got != test.want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, test.want)
		}
		for _, wide := range []string{utf16Text(test.text, false), utf16Text(test.text, true)} {
			if got := told(t, wide, "csv"); got != test.want {
				t.Errorf("%s, UTF-16:\n%s\nwant:\n%s", name, got, test.want)
			}
		}
	}
}

// TestJSONLists: lines of JSON are lines as well.
func TestJSONLists(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"CR":   {"{\"email\":\"a@example.com\"}\r\r{\"user_id\":1}", "1 a@example.com \n3 1 \n3 lines, 1 empty, 0 heading"},
		"CRLF": {"\ufeff{\"email\":\"a@example.com\"}\r\n \r\n", "1 a@example.com \n2 lines, 1 empty, 0 heading"},
		"a date": {"{\"email\":\"a@example.com\",\"time\":\"soon\"}",
			"1 a@example.com time: it cannot be read, and today's " +
				"is taken: 2026-12-01, 2026-12-01T12:00:00Z and 01.12.2026 can\n1 lines, 0 empty, 0 heading"},
		"too long": {"{\"email\":\"" + strings.Repeat("x", longestLine) + "\"}\n{\"email\":\"b@example.com\"}\n",
			"1 the line is longer than 1 MiB\n2 b@example.com \n2 lines, 0 empty, 0 heading"},
		"no JSON": {"{\"email\":\"a@example.com\n{\"email\":\"b@example.com\"}\n",
			"1 the line is no object of JSON\n2 b@example.com \n2 lines, 0 empty, 0 heading"},
	} {
		for _, text := range []string{test.text, utf16Text(test.text, false), utf16Text(test.text, true)} {
			if got := told(t, text, "jsonl"); got != test.want {
				t.Errorf("%s:\n%s\nwant:\n%s", name, got, test.want)
			}
		}
	}
}

// TestTimesOfObjections: an objection that is one already is taken, whatever its date is.
func TestTimesOfObjections(t *testing.T) {
	const before, behind = `{"ids":{"email":"a@example.com"},"time":`, `,"all":true}`
	for given, want := range map[string]string{
		`"2026-12-01T12:00:00Z"`: `"2026-12-01T12:00:00Z"`, `"01.12.2026"`: `"2026-12-01T00:00:00Z"`,
		`1764547200`: `"2025-12-01T00:00:00Z"`,
		`"soon"`:     `"2026-12-24T12:00:00Z"`, `{}`: `"2026-12-24T12:00:00Z"`, `"2999-01-01"`: `"2026-12-24T12:00:00Z"`,
	} {
		rows, err := Open(strings.NewReader(before+given+behind), "jsonl", nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if one, _ := rows.Next(); one.Whole != before+want+behind || one.Fault != "" {
			t.Errorf("%s: %s %s", given, one.Whole, one.Fault)
		}
	}
}

// TestFilesOfOthers: what spreadsheets wrote.
func TestFilesOfOthers(t *testing.T) {
	for name, want := range map[string]string{
		"cr-only.csv":        "2 mary@example.com \n3 tom@example.com \n3 lines, 0 empty, 1 heading",
		"utf16le.csv":        "2 mary@example.com \n2 lines, 0 empty, 1 heading",
		"excel-sep-line.csv": "3 mary@example.com \n3 lines, 0 empty, 2 heading",
		"bare-quotes.csv": "2 john@example.com \n3 pat@example.com \n4 pipe@example.com \n5 ann@example.com \n" +
			"5 lines, 0 empty, 1 heading",
	} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if got := told(t, string(text), "csv"); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
		}
	}
	phones, err := os.ReadFile(filepath.Join("testdata", "phones.csv"))
	if err != nil {
		t.Fatal(err)
	}
	const rounded = "phone: it is a number as a spreadsheet shows a long one (4.9E+11), its last digits are lost: format " +
		"the column as text, and export it again"
	want := "2 4.91711E+11 \n3 4 " + rounded + "\n4 491713920077 \n5 +49 171 3920077 \n6 01713920077 \n7 1713920077 \n" +
		"8 00491713920077 \n9 01713920077 \n10 +491713920077 \n10 lines, 0 empty, 1 heading"
	if got := told(t, string(phones), "csv"); got != want { // what is wrong with those of one cell is said by the API
		t.Errorf("%s\nwant:\n%s", got, want)
	}
	text, err := os.ReadFile(filepath.Join("testdata", "unclosed-quote.csv"))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(told(t, string(text), "csv"), "\n")
	if got[0] != "2 a quotation mark makes one row of lines 2 to 1002, and it is never closed"+within+"3" ||
		got[1] != "3 n0@example.com " || len(got) != 1002 || got[1001] != "1002 lines, 0 empty, 1 heading" {
		t.Errorf("%q ... %q, %d", got[:2], got[len(got)-1], len(got))
	}
}

// TestBrokenOff: a file that cannot be read to its end says so.
func TestBrokenOff(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, form := range []string{"csv", "jsonl"} {
		rows, err := Open(io.MultiReader(strings.NewReader("email\na@example.com\n\"b@exam"), iotest.ErrReader(broken)),
			form, nil, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, more := rows.Next(); more; _, more = rows.Next() {
		}
		if !errors.Is(rows.Err, broken) {
			t.Errorf("%s: %v", form, rows.Err)
		}
	}
	if _, err := Open(iotest.ErrReader(broken), "csv", nil, now); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func utf16Text(text string, bigEndian bool) string {
	var b []byte
	for _, u := range append([]uint16{0xfeff}, utf16.Encode([]rune(strings.TrimPrefix(text, "\ufeff")))...) {
		if bigEndian {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

// oneEnd gives all lines of a text the same end.
func oneEnd(text string) string {
	text = strings.TrimPrefix(text, "\ufeff")
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// examine reads a list, and holds what it comes to against the number of its lines, and against another reader of CSV
// wherever that takes the whole text.
func examine(t *testing.T, text, form string) {
	t.Helper()
	rows, err := Open(strings.NewReader(text), form, nil, now)
	if err != nil {
		return
	}
	all := Act{All: true}
	common := all.Common()
	var read []Row
	sum, last := uint64(0), uint64(0)
	for one, more := rows.Next(); more; one, more = rows.Next() {
		if one.Line <= last || one.Last < one.Line {
			t.Fatalf("lines %d to %d after line %d: %q", one.Line, one.Last, last, text)
		}
		sum, last = sum+1+one.Last-one.Line, one.Last
		if one.Fault == "" {
			if written := one.Append(nil, &all, common); written[0] != ',' || !json.Valid(written[1:]) {
				t.Fatalf("no JSON: %s", written)
			}
		}
		read = append(read, one)
	}
	if rows.Err != nil {
		t.Fatal(rows.Err)
	}
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return
	}
	lines := uint64(strings.Count(oneEnd(text), "\n"))
	if whole := oneEnd(text); whole != "" && !strings.HasSuffix(whole, "\n") {
		lines++
	}
	if rows.Lines() != lines || sum+rows.Empty+rows.Heading != lines {
		t.Fatalf("%d lines; read %d, rows %d, empty %d, heading %d: %q", lines, rows.Lines(), sum,
			rows.Empty, rows.Heading, text)
	}
	if form == "csv" && !strings.Contains(strings.ToLower(text), "sep=") {
		second(t, oneEnd(text), read)
	}
}

// second holds rows against those that encoding/csv reads, where it takes all of the text: each is there as it is, or
// was refused; and none is beside them but in place of one that was refused.
func second(t *testing.T, text string, read []Row) {
	t.Helper()
	first := strings.TrimLeft(text, " \t\n")
	first, _, _ = strings.Cut(first, "\n")
	reader := csv.NewReader(strings.NewReader(text))
	reader.Comma, reader.FieldsPerRecord = rune(delimiterOf(first)), -1
	at := map[uint64][]string{}
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return
		}
		n, _ := reader.FieldPos(0)
		at[uint64(n)] = cells
	}
	refused := false
	for _, one := range read {
		cells, there := at[one.Line]
		switch {
		case one.Fault != "":
			refused = true
		case there && slices.Equal(cells, one.Cells):
			refused = false
		case !refused:
			t.Fatalf("line %d: %q, the other reader has %q: %q", one.Line, one.Cells, cells, text)
		}
	}
}

// TestEveryLineIsAccountedFor: whatever a file holds, each of its lines is that of a row, or empty, or a heading.
func TestEveryLineIsAccountedFor(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{",", ",", ";", "\n", "\n", "\r", "\r\n", `"`, `"`, `""`, "a@example.com",
		"b@example.com", "x", " ", "\t",
		"2026-12-01", "\xe4", "\x00", "sep=;", `{"email":"a@example.com"}`, `{"ids":{}}`}
	for range 5_000 {
		var b strings.Builder
		b.WriteString([]string{"email,name\n", "name,email\r\n", "a@example.com\n", "user_id;x;email\r",
			"email\n"}[random.IntN(5)])
		for range random.IntN(30) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		examine(t, b.String(), "csv")
		examine(t, b.String(), "jsonl")
	}
}

func FuzzRows(f *testing.F) {
	f.Add("email,time\na@example.com,2026-01-01\n", true)
	f.Add("\ufeffE-Mail;x\r\n\"a\nb\"@example.com;1\r\n\"", true)
	f.Add(`{"email":"a@example.com"}`+"\n"+`{"ids":{"email":"b@example.com"},"all":true}`, false)
	f.Add("a@example.com", true)
	f.Add("sep=;\nemail;x\r\"a@example.com;1\rb\";2", true)
	f.Add(utf16Text("email,x\na@example.com,1\n", false), true)
	f.Fuzz(func(t *testing.T, text string, csv bool) {
		examine(t, text, map[bool]string{true: "csv", false: "jsonl"}[csv])
	})
}
