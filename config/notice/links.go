package notice

import (
	"html"
	"strings"
)

// Link is a link on the page.
type Link struct {
	Text string `json:"text"`
	URL  string `json:"url"`
	Lang string `json:"lang,omitempty"` // of its text, where that is not the notice's
}

// contactLink is how one reaches a contact: see [link].
func contactLink(contact string) Link { return Link{Text: contact, URL: link(contact)} }

// centres are the links to the preference centres of the notice's sites. at is where the only one is, from the page;
// "" for its address as it is known outside.
func (n *Notice) centres(at string) []Link {
	var all []Link
	for _, c := range n.Centres {
		one := Link{Text: n.words.Texts["centre"], URL: c.URL}
		if len(n.Centres) > 1 {
			one.Text = fill(n.words.Texts["centre_of"], "site", c.Name)
		} else if at != "" {
			one.URL = at
		}
		all = append(all, one)
	}
	return all
}

// linked writes a text with links in the place of {names}: values are names and []Link in turn. plain writes what is no
// link, anchor what is one.
func linked(text string, plain func(string) string, anchor func(Link) string, values ...any) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		out.WriteString(plain(before))
		if !found {
			return out.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		for i := 0; i+1 < len(values); i += 2 {
			if links, ok := values[i+1].([]Link); ok && values[i] == name {
				for k, one := range links {
					if k > 0 {
						out.WriteString(", ")
					}
					out.WriteString(anchor(one))
				}
			}
		}
		text = after
	}
}

// anchor is a link in HTML.
func anchor(l Link) string {
	if l.URL == "" {
		return html.EscapeString(l.Text)
	}
	lang := ""
	if l.Lang != "" {
		lang = ` lang="` + html.EscapeString(l.Lang) + `"`
	}
	return `<a href="` + html.EscapeString(l.URL) + `"` + lang + `>` + html.EscapeString(l.Text) + `</a>`
}

// addressSigns are what would end an address in Markdown.
var addressSigns = strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E", " ", "%20", `\`, "%5C")

// markdownLink is a link in Markdown.
func markdownLink(l Link) string {
	if l.URL == "" {
		return markdown(l.Text)
	}
	return "[" + markdown(l.Text) + "](" + addressSigns.Replace(l.URL) + ")"
}
