package dossier

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"strings"
	texttemplate "text/template"
)

//go:embed report.html report.txt
var files embed.FS

// Formats are the forms in which a report can be written.
func Formats() []string { return []string{"text", "json", "html"} }

var functions = map[string]any{
	"counted": Counted, "day": Day, "listed": Listed, "between": between, "inForce": inForce,
	"join": func(all []string) string { return strings.Join(all, ", ") },
}

var (
	page  = template.Must(template.New("report.html").Funcs(functions).ParseFS(files, "report.html"))
	plain = texttemplate.Must(texttemplate.New("report.txt").Funcs(functions).ParseFS(files, "report.txt"))
)

// Render writes the report: as plain text, as JSON, or as a page of its own that can be printed. In plain text nothing is
// escaped for a terminal.
func (r *Report) Render(format string) ([]byte, error) {
	var out bytes.Buffer
	var err error
	switch format {
	case "json":
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err = e.Encode(r)
	case "html":
		err = page.Execute(&out, r)
	default:
		err = plain.Execute(&out, r)
	}
	return out.Bytes(), err
}
