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

// Render writes the notice as a page of its own (html), as Markdown (md) or as JSON. What a page and a Markdown text
// say stands between two comments, of which the first names the digest: the part between them can be put into another
// page, comments included. What lacks a fact is not written: the error is a [strict.Faults].
func (n *Notice) Render(format string) ([]byte, error) { return n.Publish(format, Around{}) }

// Publish writes the notice as [Notice.Render] does, with what stands around it where it is published.
func (n *Notice) Publish(format string, around Around) ([]byte, error) {
	if len(n.missing) > 0 && !around.Incomplete {
		return nil, n.missing
	}
	switch format {
	case "json":
		return indented(n)
	case "md":
		return n.markdown()
	default:
		return n.page(&around)
	}
}

// functions are what both templates call.
func (n *Notice) functions() map[string]any {
	say := func(key string, pairs ...string) string { return fill(n.words.Texts[key], pairs...) }
	return map[string]any{
		"say":      say,
		"who":      func(key string) string { return n.words.Recipients[key] },
		"device":   func(key string) string { return n.words.Device[key] },
		"decision": func(key string) string { return n.words.Decision[key] },
		"own":      func(key string) string { return n.words.OwnTexts[key] },
		"us":       func(key string) string { return n.words.Collection[key] },
		"yes":      func(is bool) string { return n.words.Collection[map[bool]string{true: "is_so", false: "is_not"}[is]] },
		"list":     n.words.semicolons,
		"colon":    func(text string) string { return text + say("colon") },
		"label":    func(key string) string { return say(key) + say("colon") },
		"join":     joinList,
		"only":     func(lang string) string { return say("only_in", "language", n.words.tongue(lang)) },
		"quoted":   func(text string) string { return say("quoted", "text", text) },
		"contact":  func(contact string) []Link { return []Link{contactLink(contact)} },
		"to":       func(address string) []Link { return []Link{{Text: address, URL: address}} },
		"updated": func() string {
			return say("updated", "date", n.words.day(n.At), "reference", n.Reference())
		},
	}
}

// Reference is how people may name the notice: the beginning of its digest.
func (n *Notice) Reference() string {
	const long = 12
	_, hex, _ := strings.Cut(n.Digest, ":")
	return hex[:min(long, len(hex))]
}

func (n *Notice) markdown() ([]byte, error) {
	var out bytes.Buffer
	functions := n.functions()
	functions["md"] = markdown
	functions["begin"] = func() string { return n.mark("md") }
	functions["finish"] = func() string { return endMark }
	functions["centres"] = func() []Link { return n.centres("") }
	functions["linked"] = func(key string, values ...any) string {
		return linked(n.words.Texts[key], markdown, markdownLink, values...)
	}
	t := texttemplate.Must(texttemplate.New("notice.md").Funcs(functions).ParseFS(files, "notice.md"))
	err := t.Execute(&out, n)
	return manyBlank.ReplaceAll(out.Bytes(), []byte("\n\n")), err
}

func (n *Notice) page(around *Around) ([]byte, error) {
	var out bytes.Buffer
	functions := n.functions()
	// A template for HTML takes comments out, unless they come as HTML: neither can hold the end of a comment (see mark).
	functions["begin"] = func() template.HTML { return template.HTML(n.mark("html")) } //nolint:gosec // our own comment
	functions["finish"] = func() template.HTML { return endMark }
	functions["centres"] = func() []Link { return n.centres(around.Centre) }
	functions["linked"] = func(key string, values ...any) template.HTML {
		text := linked(n.words.Texts[key], template.HTMLEscapeString, anchor, values...)
		return template.HTML(text) //nolint:gosec // every part is escaped
	}
	functions["anchor"] = func(l Link) template.HTML { return template.HTML(anchor(l)) } //nolint:gosec // likewise
	t := template.Must(template.New("notice.html").Funcs(functions).ParseFS(files, "notice.html"))
	err := t.Execute(&out, struct {
		*Notice
		Around surroundings
	}{n, n.surroundings(around)})
	return manyBlank.ReplaceAll(out.Bytes(), []byte("\n\n")), err
}

// surroundings are a page's head, header and foot.
type surroundings struct {
	Style     template.CSS
	Site      string
	Logo      template.URL
	Languages []tongue
	Links     []Link
}

// tongue is a language that the page is to be had in.
type tongue struct {
	Tag, Name, Address string
	Here               bool
}

func (n *Notice) surroundings(around *Around) surroundings {
	ours, err := files.ReadFile("notice.css")
	if err != nil {
		panic("BUG: " + err.Error())
	}
	// "</" ends no style element when it is written "<\/", and is the same in CSS.
	own := strings.ReplaceAll(string(n.brand.style), "</", `<\/`)
	s := surroundings{
		Style: template.CSS("\n" + string(ours) + own), //nolint:gosec // ours, and the site's own
		Site:  n.brand.name, Links: n.brand.links,
	}
	if n.brand.name == "" {
		s.Site = n.Controller.Name
	}
	if logo := n.brand.logo; logo != nil && around.Logo != "" {
		s.Logo = template.URL(around.Logo) //nolint:gosec // the caller's own page
	} else if logo != nil {
		s.Logo = template.URL(inPage(logo)) //nolint:gosec // told by its content
	}
	if len(around.Languages) < 2 || around.Address == nil {
		return s
	}
	for _, lang := range around.Languages {
		if w, ok := wordsIn(lang); ok {
			s.Languages = append(s.Languages, tongue{lang, w.Name, around.Address(lang), lang == n.Lang})
		}
	}
	return s
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
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "#", `\#`,
	"|", `\|`, "~", `\~`, "!", `\!`,
)

// markdown writes a text so that Markdown shows it as it is, in one line. White space at its ends stays.
func markdown(text string) string {
	line := joined(text)
	if line == "" {
		return text[:min(1, len(text))]
	}
	if isBlank(rune(text[0])) {
		line = " " + line
	}
	if isBlank(rune(text[len(text)-1])) {
		line += " "
	}
	return markdownSigns.Replace(line)
}
