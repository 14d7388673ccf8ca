package cnil

import (
	"bytes"
	"encoding/json"
	"html/template"
	"regexp"
	"strconv"
	"strings"
	texttemplate "text/template"
)

// Formats are the forms in which a report can be written.
func Formats() []string { return []string{"text", "html", "md", "json"} }

// manyBlank are empty lines that a template leaves.
var manyBlank = regexp.MustCompile(`\n(?:[ \t]*\n){2,}`)

// markdownSigns are what has a meaning in Markdown.
var markdownSigns = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "#", `\#`,
	"|", `\|`, "~", `\~`, "!", `\!`,
)

// short is a place seen from the server file's folder, for a document that leaves the machine.
func (r *Report) short(place string) string { return strings.TrimPrefix(place, r.folder+"/") }

// Render writes the report as plain text (text), as a page of its own (html), as Markdown (md) or as JSON.
func (r *Report) Render(format string) ([]byte, error) {
	var out bytes.Buffer
	functions := map[string]any{
		"say": r.words.say, "date": r.words.date, "str": strconv.Itoa,
		"list":  r.words.list,
		"met":   func(a Assessment) string { return strconv.Itoa(len(a.Lines) - len(a.Open())) },
		"total": func(a Assessment) string { return strconv.Itoa(len(a.Lines)) },
		"pad":   func(n int, text string) string { return text + strings.Repeat(" ", max(0, n-len([]rune(text)))) },
		"in": func(n int, text string) string {
			return strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+strings.Repeat(" ", n))
		},
		"short": r.short,
		"md":    func(text string) string { return markdownSigns.Replace(strings.Join(strings.Fields(text), " ")) },
	}
	var err error
	switch format {
	case "json":
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err = e.Encode(r)
		return out.Bytes(), err
	case "html":
		t := template.Must(template.New("report.html").Funcs(functions).ParseFS(files, "words/report.html"))
		err = t.Execute(&out, r)
	default:
		name := "report." + format
		t := texttemplate.Must(texttemplate.New(name).Funcs(functions).ParseFS(files, "words/"+name))
		err = t.Execute(&out, r)
	}
	return manyBlank.ReplaceAll(out.Bytes(), []byte("\n\n")), err
}
