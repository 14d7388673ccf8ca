package lists

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// now is when the lists of these tests are read.
var now = time.Date(2026, 12, 24, 12, 0, 0, 0, time.UTC)

func TestRows(t *testing.T) {
	for _, test := range []struct {
		name, form, text string
		columns          []Column
		want             string // ids and fault of each line
	}{
		{"header", "csv", "Name,E-Mail,Phone Number\nx,a@example.com,1\n", nil, "2 [{email a@example.com} {phone 1}] "},
		{"no header", "csv", "a@example.com\n\nb@example.com", nil,
			"1 [{email a@example.com}] |3 [{email b@example.com}] "},
		{"numbers", "csv", "a@example.com\tx\n", []Column{{"email", "1"}}, "1 [{email a@example.com}] "},
		{"two of one", "csv", "m1,m2\na@example.com,b@example.com\n", []Column{{"email", "m1"}, {"email", "m2"}},
			"2 [{email a@example.com} {email b@example.com}] "},
		{"quotes", "csv", "email\na\"b@example.com\nc@example.com\n", nil,
			"2 [] the line is no CSV: a quotation mark stands where none may|3 [{email c@example.com}] "},
		{"no mark stands in an identifier", "csv", "name,email\nx,\"a@example.com\" y\n", nil,
			"2 [] the line is no CSV: a quotation mark stands where none may"},
		{"two cells or three", "csv", "user_id,x\nu,1,2\nv,1,,\n", nil, "2 [{user_id u}] it has 3 cells, and the first " +
			"line 2: nobody can tell which is which; a cell that holds the delimiter stands in quotation marks|3 [{user_id v}] "},
		{"no text", "csv", "email\n\xe4@example.com\n", nil, "2 [{email \xe4@example.com}] email: it is not UTF-8"},
		{"flat", "jsonl", `{"mail":"a@example.com","x":1}` + "\n\n" + `{"user_id":17}` + "\n[]\n{\"email\":[]}", nil,
			"1 [{email a@example.com}] |3 [{user_id 17}] |4 [] the line is no object of JSON|5 [] email: a string " +
				"is wanted"},
		{"mapped", "jsonl", `{"k":"1.2"}`, []Column{{"client_id:ga4", "k"}}, "1 [{client_id:ga4 1.2}] "},
	} {
		rows, err := Open(strings.NewReader(test.text), test.form, test.columns, now)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var got []string
		for {
			one, more := rows.Next()
			if !more {
				break
			}
			got = append(got, fmt.Sprintf("%d %v %s", one.Line, one.IDs, one.Fault))
		}
		if strings.Join(got, "|") != test.want || rows.Err != nil {
			t.Errorf("%s: %q, %v", test.name, got, rows.Err)
		}
	}
	for name, text := range map[string]string{"nothing": "", "no column": "a,b\n1,2\n",
		"dates alone": "date\n2026-01-01\n"} {
		if _, err := Open(strings.NewReader(text), "csv", nil, now); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	if _, err := Open(strings.NewReader("a,b\n"), "csv", []Column{{"email", "c"}}, now); err == nil ||
		!strings.Contains(err.Error(), `no column "c"; it has 2 columns`) {
		t.Error(err)
	}
}
