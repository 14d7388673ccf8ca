package main

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger/query"
)

// csvColumns are those of records as a table: members of theirs, and what becomes
// of fields. More may follow at the end.
var csvColumns = []string{
	"number", "time", "kind", "site", "vendor", "endpoint", "region", "name", "decision", "reason", "activity", "basis",
	"assessment", "assessment_version", "policy", "objections", "hit", "event", "bytes_in", "bytes_out", "kept", "changed",
	"dropped", "outcome", "why", "status", "scopes", "source", "by", "because", "text", "subjects",
}

// recordTable writes records as CSV (RFC 4180).
type recordTable struct {
	out   *csv.Writer
	cells []string
}

// newRecordTable writes rows that end as the standard wants it.
func newRecordTable(w io.Writer) *recordTable {
	rows := csv.NewWriter(w)
	rows.UseCRLF = true
	return &recordTable{out: rows}
}

// begin writes the names of the columns. What goes wrong, the next row says.
func (t *recordTable) begin() { _ = t.out.Write(csvColumns) }

// row writes a record, and what its names stand for.
func (t *recordTable) row(f *query.Found) error {
	row := t.cells[:0]
	for _, column := range csvColumns {
		row = append(row, defused(cellOf(f, column)))
	}
	t.cells = row
	return t.out.Write(row)
}

func (t *recordTable) flush() error {
	t.out.Flush()
	return t.out.Error()
}

// cellOf is what a record says in a column: of several values each, with a space between them.
func cellOf(f *query.Found, column string) string {
	if column == "number" {
		if !f.Numbered {
			return ""
		}
		return strconv.FormatUint(f.Number, 10)
	}
	if f.Shape != nil {
		switch column {
		case "kept":
			return strings.Join(f.Shape.Kept, " ")
		case "changed":
			return strings.Join(f.Shape.Changed, " ")
		case "dropped":
			return strings.Join(f.Shape.Dropped, " ")
		}
	}
	value := gjson.GetBytes(f.Record, column)
	if !value.Exists() && f.Rungs != nil {
		value = gjson.GetBytes(f.Rungs, column)
	}
	if !value.IsArray() {
		return value.String()
	}
	var all []string
	for _, record := range f.Lines() {
		for _, one := range gjson.GetBytes(record, column).Array() {
			all = append(all, one.String())
		}
	}
	return strings.Join(all, " ")
}
