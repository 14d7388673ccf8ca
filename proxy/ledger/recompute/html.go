package recompute

import (
	"bytes"
	_ "embed"
	"html/template"
	"strings"
)

//go:embed report.html
var pageText string

var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"words": func(k Kind) string { return strings.ReplaceAll(string(k), "_", " ") },
	"stamp": stamp,
}).Parse(pageText))

// HTML is a report as a page of its own, to be read or printed.
func (r *Report) HTML() ([]byte, error) {
	var b bytes.Buffer
	err := page.Execute(&b, r)
	return b.Bytes(), err
}
