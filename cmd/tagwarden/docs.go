package main

import (
	"context"
	"embed"
	"regexp"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
)

// pages are the documentation: a page of Markdown a topic. The first line is its title,
// the next paragraph says for whom it is.
//
//go:embed docs/*.md
var pages embed.FS

// topics are the pages in the order in which they are listed: where to begin, a page
// for each person, and what these lead to.
var topics = []string{
	"start", "tour", "install", "upgrade", "cost", "limits",
	"developer", "analyst", "privacy", "security", "operator", "requests", "auditors",
	"sites", "gtm", "signals", "choices",
	"policy", "minimisers", "vendors", "promises", "assessments", "notices",
	"objections", "decisions", "webhooks",
	"log", "records", "access", "export", "retention", "audit",
	"unknown", "formats", "keys", "delivery", "backup", "nodes", "running", "watch",
}

// page is one of them.
type page struct {
	Topic string `json:"topic"`
	Title string `json:"title"`
	For   string `json:"for"`            // whom, and about what
	Text  string `json:"text,omitempty"` // all of it, in Markdown
}

func docs(_ context.Context, t *terminal, args []string) int {
	f := t.flags("docs", "[TOPIC] [--format text|json]")
	as := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) == 1 {
		return printPage(t, rest[0], *as)
	}
	all := make([]page, 0, len(topics))
	for _, topic := range topics {
		one, err := readPage(topic)
		if err != nil {
			t.fail("%v", err)
			return usage
		}
		one.Text = ""
		all = append(all, *one)
	}
	if *as == "json" {
		printJSON(t.out, all, "  ")
		return fine
	}
	for i := range all {
		printf(t.out, "  %-12s %s\n", all[i].Topic, all[i].Title)
	}
	printf(t.out, "\n`tagwarden docs TOPIC` prints a page. Where to begin: `tagwarden docs start`\n")
	return fine
}

func printPage(t *terminal, topic, as string) int {
	one, err := readPage(strings.TrimSuffix(topic, ".md"))
	if err != nil {
		t.fail("there is no page %q%s", topic, strict.SuggestionElse(topic, topics))
		t.hint("`tagwarden docs` lists them")
		return usage
	}
	if as == "json" {
		printJSON(t.out, one, "  ")
		return fine
	}
	printf(t.out, "%s", severalLines(forTerminal(one.Text)))
	return fine
}

// readPage reads a page and what its head says of it.
func readPage(topic string) (*page, error) {
	text, err := pages.ReadFile("docs/" + topic + ".md")
	if err != nil {
		return nil, err
	}
	head := strings.SplitN(string(text), "\n\n", 3)
	one := page{Topic: topic, Title: strings.TrimPrefix(head[0], "# "), Text: string(text)}
	if len(head) > 1 {
		one.For = strings.Join(strings.Fields(head[1]), " ")
	}
	return &one, nil
}

// Links of a page: to others, to a place within it, and to files of the repository.
var (
	toPage  = regexp.MustCompile(`\[([^\]]+)\]\(([a-z]+)\.md(?:#[^)]*)?\)`)
	toPlace = regexp.MustCompile(`\[([^\]]+)\]\(#[^)]*\)`)
	toFile  = regexp.MustCompile(`\]\((?:\.\./)+`)
)

// forTerminal has a page's links to others say how to read them, outside of its examples.
func forTerminal(text string) string {
	var out strings.Builder
	fenced := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if !fenced {
			line = toPage.ReplaceAllString(line, "$1 (`tagwarden docs $2`)")
			line = toPlace.ReplaceAllString(line, "$1")
			line = toFile.ReplaceAllString(line, "](")
		}
		out.WriteString(line)
	}
	return out.String()
}
