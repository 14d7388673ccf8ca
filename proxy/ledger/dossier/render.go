package dossier

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
	texttemplate "text/template"
	"unicode"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/plural"
)

//go:embed report.html report.txt
var files embed.FS

// Formats are the forms in which a report can be written.
func Formats() []string { return []string{"text", "json", "html"} }

var functions = map[string]any{
	"counted": plural.Of[int], "verb": plural.Verb[int], "records": func(n uint64) string {
		return plural.Of(n, "record")
	},
	"day": Day, "listed": Listed, "between": between, "inForce": inForce,
	"join": func(all []string) string { return strings.Join(all, ", ") },
}

var (
	page  = template.Must(template.New("report.html").Funcs(functions).ParseFS(files, "report.html"))
	plain = texttemplate.Must(texttemplate.New("report.txt").Funcs(functions).ParseFS(files, "report.txt"))
)

// Render writes the report: as plain text, as JSON, or as a page of its own that can be printed. In plain
// text nothing is escaped for a terminal.
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
		return unturned(out.Bytes()), err
	default:
		err = plain.Execute(&out, r)
	}
	return out.Bytes(), err
}

// unturned is a page with what would turn the text around it, or move about in it, as escapes: names are whoever's who
// sends hits, and a page that is printed reads as it is written. Marks that join letters or say their direction stay.
func unturned(page []byte) []byte {
	turns := func(r rune) bool {
		return r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) ||
			r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
	}
	if bytes.IndexFunc(page, turns) < 0 {
		return page
	}
	var out []byte
	for _, r := range string(page) {
		if turns(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}
