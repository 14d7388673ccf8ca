package main

import (
	"io"
	"strings"

	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// saysChoice is what visitors chose, in words.
var saysChoice = map[string]string{
	signal.AsRecorded.String(): "as the hits say what visitors chose",
	signal.AllGranted.String(): "had every visitor said yes to all",
	signal.NoneMade.String():   "had no visitor chosen anything",
	signal.AllRefused.String(): "had every visitor said no to all",
}

func (m *impacts) print(w io.Writer) {
	printf(w, "\n")
	for _, one := range m.all() {
		one.print(w, saysChoice[one.choice])
	}
	printf(w, "\n")
}

func (m *impact) print(w io.Writer, when string) {
	printf(w, "traffic, %s: %s, %s, ", when, plural.Of(m.Hits, "hit"), plural.Of(m.Events, "event"))
	if m.Nothing {
		printf(w, "nothing is compared: both policies deny every event (%s)\n", reasonsOf(m.denied))
	} else {
		printf(w, "%d %s as before\n", m.Same, plural.Verb(m.Same, "fares", "fare"))
	}
	for _, name := range differences {
		of := m.Different[name]
		if of == nil {
			continue
		}
		mark := ""
		if name == nowPermitted || name == moreSent {
			mark = ": WIDER"
		}
		printf(w, "%s: %s%s\n", plural.Of(of.Events, "event"), name, mark)
		for _, e := range of.Examples {
			printf(w, "    %s %s: %s\n", e.Vendor, short(e.Event), e.says())
		}
	}
}

// says is what became of an event in place of what did: another activity or reason, where there is one, and fields.
func (e *example) says() string {
	says := e.New + " instead of " + e.Old
	if e.New == e.Old {
		says = "by " + e.New
	}
	if len(e.How) > 0 {
		says += ": " + strings.Join(e.How, ", ")
	}
	return says
}

// reasonsOf lists reasons with how often each was given, the most frequent first.
func reasonsOf(count map[string]int) string {
	var all []string
	for _, reason := range byNumber(count, strings.Compare) {
		all = append(all, sprintf("%s %d", reason, count[reason]))
	}
	if len(all) == 0 {
		return "there is none"
	}
	return strings.Join(all, ", ")
}
