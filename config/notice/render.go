package notice

import (
	"bytes"
	"encoding/json"
	"html/template"
	"regexp"
	"strings"
	texttemplate "text/template"
)

// Formats are the forms in which a notice can be written.
func Formats() []string { return []string{"html", "md", "json"} }

// Render writes the notice as a page of its own (html), as Markdown (md) or as JSON. What a page and a Markdown text say stands between
// two comments, of which the first names the digest: the part between them can be put into another page, comments included.
func (n *Notice) Render(format string) ([]byte, error) {
	var out bytes.Buffer
	functions := map[string]any{
		"say":        func(key string, pairs ...string) string { return fill(n.words.Texts[key], pairs...) },
		"join":       func(list []string) string { return strings.Join(list, ", ") },
		"device":     func(key string) string { return n.words.Device[key] },
		"decision":   func(key string) string { return n.words.Decision[key] },
		"own":        func(key string) string { return n.words.OwnTexts[key] },
		"collection": func(key string) string { return n.words.Collection[key] },
		"yes":        func(is bool) string { return n.words.Collection[map[bool]string{true: "is_so", false: "is_not"}[is]] },
		"only":       func(lang string) string { return fill(n.words.Texts["only_in"], "language", n.words.tongue(lang)) },
	}
	switch format {
	case "json":
		return indented(n)
	case "md":
		functions["md"] = markdown
		functions["begin"] = func() string { return n.mark(format) }
		functions["finish"] = func() string { return endMark }
		t := texttemplate.Must(texttemplate.New("notice.md").Funcs(functions).ParseFS(files, "notice.md"))
		err := t.Execute(&out, n)
		return manyBlank.ReplaceAll(out.Bytes(), []byte("\n\n")), err
	default:
		// A template for HTML takes comments out, unless they come as HTML: neither can hold the end of a comment (see mark).
		functions["begin"] = func() template.HTML { return template.HTML(n.mark(format)) } //nolint:gosec // our own comment
		functions["finish"] = func() template.HTML { return endMark }
		t := template.Must(template.New("notice.html").Funcs(functions).ParseFS(files, "notice.html"))
		err := t.Execute(&out, n)
		return manyBlank.ReplaceAll(out.Bytes(), []byte("\n\n")), err
	}
}

func indented(value any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(value)
	return out.Bytes(), err
}

var manyBlank = regexp.MustCompile(`\n(?:[ \t]*\n){2,}`)

// markdownSigns are what has a meaning in Markdown.
var markdownSigns = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "#", `\#`, "|", `\|`, "~", `\~`, "!", `\!`,
)

// markdown writes a text so that Markdown shows it as it is.
func markdown(text string) string { return markdownSigns.Replace(joined(text)) }
