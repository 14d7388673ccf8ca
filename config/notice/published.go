package notice

import (
	"encoding/json"
	"errors"
	"html"
	"slices"
	"strings"
	"unicode"
)

// What stands around a notice in HTML and Markdown.
const (
	beginMark = "<!-- tagwarden-notice "
	endMark   = "<!-- /tagwarden-notice -->"
)

// markOf is what the first comment holds.
type markOf struct {
	Form   int      `json:"form,omitempty"` // none: the first
	Digest string   `json:"digest"`
	At     string   `json:"at,omitempty"`
	Lang   string   `json:"lang"`
	Site   string   `json:"site,omitempty"`
	Format string   `json:"format"`
	Facts  []string `json:"facts"`
}

// mark is the comment in front of the notice. Two dashes, which might end it, are
// written otherwise; so are "<" and ">".
func (n *Notice) mark(format string) string {
	text, err := json.Marshal(markOf{n.Form, n.Digest, n.At, n.Lang, n.Site, format, n.facts()})
	if err != nil {
		panic("BUG: a mark is no JSON: " + err.Error())
	}
	return beginMark + strings.ReplaceAll(string(text), "--", `-\u002d`) + " -->"
}

// Published is a notice as it was found in a file.
type Published struct {
	Digest, Lang, Site, Format string

	form   int    // 0 is the first
	at     string // the day as of which it was written
	facts  []string
	text   string // what it says; "" for JSON
	edited bool   // JSON that is no longer what its digest names
}

// ReadPublished finds a notice in a file: one that Render wrote, or a page that holds one with the comments around it.
func ReadPublished(text []byte) (*Published, error) {
	if trimmed := strings.TrimSpace(string(text)); strings.HasPrefix(trimmed, "{") {
		var n Notice
		if err := json.Unmarshal([]byte(trimmed), &n); err != nil || !strings.HasPrefix(n.Digest, "sha256:") {
			return nil, errors.New("this is JSON, but no notice: `tagwarden notice --format json` writes one")
		}
		return &Published{
			Digest: n.Digest, Lang: n.Lang, Site: n.Site, Format: "json",
			form: n.Form, at: n.At, facts: n.facts(), edited: n.digest() != n.Digest,
		}, nil
	}
	_, after, found := strings.Cut(string(text), beginMark)
	comment, after, closed := strings.Cut(after, "-->")
	body, _, ended := strings.Cut(after, endMark)
	var m markOf
	switch {
	case !found:
		return nil, errors.New("no notice is in it: `tagwarden notice` writes one, and the comments around it have to stay")
	case !closed || !ended:
		return nil, errors.New("the notice in it has no end: the comment " + endMark + " has to stay")
	case strings.Contains(after, beginMark):
		return nil, errors.New("more than one notice is in it: check them in files of their own")
	}
	if err := json.Unmarshal([]byte(comment), &m); err != nil || !slices.Contains(Formats(), m.Format) {
		return nil, errors.New("the comment in front of the notice cannot be read: write it anew with `tagwarden notice`")
	}
	return &Published{
		Digest: m.Digest, Lang: m.Lang, Site: m.Site, Format: m.Format, form: m.Form, at: m.At, facts: m.Facts, text: body,
	}, nil
}

// Differences says in words what a published notice says otherwise than today's; none where it is still true.
func (p *Published) Differences(today *Notice) []string {
	if p.form < Form {
		return p.older(today)
	}
	all := p.factsOtherThan(today, func(string) bool { return true })
	switch {
	case len(all) > 0:
		return all
	case p.Digest != today.Digest:
		return append(all, "it says the same facts in other words or another order: its digest is "+p.Digest+
			", today's is "+today.Digest)
	case p.form > Form:
		return append(all, "a newer version of tagwarden wrote it")
	case p.edited || p.Format != "json" && !p.saysWhat(today):
		return append(all, "its text was changed after it was written, or another version of tagwarden wrote it: write it "+
			"anew")
	}
	return nil
}

// older says in words what a notice of an older form says otherwise than today's, as far as both say it in the same
// words, and that it says less than is to be said now.
func (p *Published) older(today *Notice) []string {
	all := p.factsOtherThan(today, saidSinceFirst)
	return append(all, "it is of an older form, which said less, and in other words: write it anew, whether or not the "+
		"policy is the same")
}

// factsOtherThan says which of the facts asked for one of the two states and the other does not.
func (p *Published) factsOtherThan(today *Notice, asked func(fact string) bool) (all []string) {
	facts := today.facts()
	for _, fact := range p.facts {
		if asked(fact) && !slices.Contains(facts, fact) {
			all = append(all, "no longer true: "+fact)
		}
	}
	for _, fact := range facts {
		if asked(fact) && !slices.Contains(p.facts, fact) {
			all = append(all, "missing in it:  "+fact)
		}
	}
	return all
}

// factsOfFirst are what facts that all forms state alike begin with, and behind "activity <id>: ".
var factsOfFirst = []string{"controller: ", "purpose ", "basis ", "interest ", "benefit ", "regions ",
	"consent counts for "}

func saidSinceFirst(fact string) bool {
	if of, said, found := strings.Cut(fact, ": "); found && strings.HasPrefix(of, "activity ") {
		fact = said
	}
	return slices.ContainsFunc(factsOfFirst, func(begin string) bool { return strings.HasPrefix(fact, begin) })
}

// saysWhat tells whether the letters and digits between the comments are those that would be there
// today. How the text is laid out, and what tags stand around it, is left to the page. A page may have
// been served while facts were missing.
func (p *Published) saysWhat(today *Notice) bool {
	then := *today
	then.At = p.at
	text, err := then.Publish(p.Format, Around{Incomplete: true})
	if err != nil {
		return false
	}
	of, err := ReadPublished(text)
	return err == nil && letters(of.text) == letters(p.text)
}

// letters leaves of a text, HTML or Markdown, its letters and digits.
func letters(text string) string {
	var plain strings.Builder
	for {
		before, after, found := strings.Cut(text, "<")
		plain.WriteString(before)
		if !found {
			break
		}
		plain.WriteByte(' ')
		end := ">"
		if strings.HasPrefix(after, "!--") {
			end = "-->"
		}
		if _, text, found = strings.Cut(after, end); !found {
			break
		}
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, html.UnescapeString(plain.String()))
}
