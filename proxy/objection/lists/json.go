package lists

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// jsonRows reads JSON lines: objects whose members are columns, or objections as the API takes them, which have ids.
func jsonRows(in *lines, columns []Column, now time.Time) *Rows {
	r := &Rows{lines: in}
	for _, c := range columns {
		r.What = append(r.What, c.What)
	}
	r.next = func() (Row, bool) {
		for one, more := in.next(); more; one, more = in.next() {
			if one.long {
				return Row{Line: one.n, Last: one.n, Fault: "the line is longer than 1 MiB"}, true
			}
			if text := strings.TrimSpace(one.text); text != "" {
				row := jsonRow(text, columns, now)
				row.Line, row.Last = one.n, one.n
				return row, true
			}
			r.Empty++
		}
		r.Err = in.failed()
		return Row{}, false
	}
	return r
}

func jsonRow(text string, columns []Column, now time.Time) Row {
	var r Row
	if !utf8.ValidString(text) || !gjson.Valid(text) || text[0] != '{' {
		r.Fault = "the line is no object of JSON"
		return r
	}
	whole := false
	gjson.Parse(text).ForEach(func(key, v gjson.Result) bool {
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
		return wholeRow(text, now)
	}
	r.finish(now)
	return r
}

// wholeRow is a line that is an objection already. Its time is put as the API takes it.
func wholeRow(text string, now time.Time) Row {
	r := Row{Whole: text}
	if given := gjson.Get(text, "time"); given.Exists() && given.Index > 0 {
		at := r.dated(strings.TrimSpace(given.String()), now)
		if at == "" {
			at = now.UTC().Format(time.RFC3339)
		}
		r.Whole = text[:given.Index] + `"` + at + `"` + text[given.Index+len(given.Raw):]
	}
	return r
}
