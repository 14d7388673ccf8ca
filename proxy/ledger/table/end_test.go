package table_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/ledger/table"
)

var columns = []string{"number", "kind", "text"}

const (
	one    = `{"time":"a","kind":"stop"}` + "\n"
	two    = `{"time":"b","kind":"start"}` + "\n"
	part1  = `{"time":"c","kind":"event","part":1,"parts":3,"salt":"x"}` + "\n"
	part2  = `{"time":"c","kind":"event","part":2,"parts":3,"salt":"y"}` + "\n"
	part3  = `{"time":"c","kind":"event","part":3,"parts":3,"salt":"z"}` + "\n"
	head   = "number,kind,text\r\n"
	first  = "7,stop,\r\n"
	second = "9,start,\"a \"\"b\"\", c\"\r\n"
)

// TestEndOfLines: wherever a file was cut, it is gone on with behind the last fact that is there whole.
func TestEndOfLines(t *testing.T) {
	t.Parallel()
	long := `{"kind":"stop","text":"` + strings.Repeat("x", 300<<10) + `"}` + "\n"
	for _, c := range []struct{ whole, rest, line string }{
		{"", "", ""},
		{"", one[:10], ""},
		{one, "", one},
		{one + two, one[:1], two},
		{one + part1 + part2 + part3, "", part3},
		{one, part1 + part2 + part3[:20], one},
		{one, part1, one},
		{"", part1 + part2, ""},
		{one, part1 + part1 + part2, one},
		{one + long, two[:3], long},
		{long + one, "", one},
	} {
		text := c.whole + c.rest
		end, err := table.EndOfLines(strings.NewReader(text), int64(len(text)))
		if err != nil || end.At != int64(len(c.whole)) || string(end.Line) != strings.TrimSuffix(c.line, "\n") ||
			end.Empty != (c.line == "") {
			t.Errorf("%.60q and %.60q: at %d, line %.60q, empty %v, %v", c.whole, c.rest, end.At, end.Line, end.Empty, err)
		}
	}
	for _, text := range []string{"hello\n", "\n", "{}\n", one + "{\"kind\":\"event\",\"part\":4,\"parts\":3}\n",
		one + part3[:len(part3)-1] + "}\n",
		one + part2, head + first, part1 + one + part2} {
		if end, err := table.EndOfLines(strings.NewReader(text), int64(len(text))); err == nil {
			t.Errorf("%q: it goes on at %d", text, end.At)
		}
	}
}

// TestEndOfTable: likewise, by the number in the last row.
func TestEndOfTable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		whole, rest string
		number      uint64
		empty       bool
	}{
		{"", "", 0, true}, {"", head[:8], 0, true}, {head, "", 0, true}, {head, first[:4], 0, true},
		{head + first, "", 7, false},
		{head + first, second[:9], 7, false}, {head + first + second, "", 9, false}, {head + first + second, "1", 9, false},
	} {
		text := c.whole + c.rest
		end, err := table.EndOfTable(strings.NewReader(text), int64(len(text)), columns)
		if err != nil || end.At != int64(len(c.whole)) || end.Number != c.number || end.Empty != c.empty {
			t.Errorf("%q and %q: %+v, %v", c.whole, c.rest, end, err)
		}
	}
	for _, text := range []string{"a,b\r\n", "number,kind,text,more\r\n", head + "7,stop\r\n", head + ",stop,\r\n",
		head + "x,stop,\r\n", head + "7,\"a\n",
		head + "-1,a,b\r\n", one, strings.Repeat("x", 70<<10)} {
		if end, err := table.EndOfTable(strings.NewReader(text), int64(len(text)), columns); err == nil {
			t.Errorf("%.40q: it goes on at %d", text, end.At)
		}
	}
}

// FuzzEnd: whatever lies there, what is kept of it is a beginning of it that ends with a line's end, and
// finding its end again finds the same.
func FuzzEnd(f *testing.F) {
	for _, seed := range []string{"", one + two, one + part1 + part2, part1 + part2 + part3, head + first + second,
		head + first + second[:4], "\n\n", "a"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for name, find := range map[string]func([]byte) (table.End, error){
			"lines": func(b []byte) (table.End, error) { return table.EndOfLines(bytes.NewReader(b), int64(len(b))) },
			"table": func(b []byte) (table.End, error) { return table.EndOfTable(bytes.NewReader(b), int64(len(b)), columns) },
		} {
			end, err := find(text)
			if err != nil {
				continue
			}
			if end.At < 0 || end.At > int64(len(text)) || end.At > 0 && text[end.At-1] != '\n' {
				t.Fatalf("%s: %q is kept up to %d", name, text, end.At)
			}
			again, err := find(text[:end.At])
			if err != nil || again.At != end.At || again.Number != end.Number || !bytes.Equal(again.Line, end.Line) ||
				again.Empty != end.Empty {
				t.Fatalf("%s: %q: %+v, and then %+v, %v", name, text, end, again, err)
			}
		}
	})
}
