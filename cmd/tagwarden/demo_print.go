package main

import (
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// choices say in words what a visitor had chosen.
var choices = map[string]string{"": "no choice yet", "yes": "said yes", "no": "said no", "objected": "objected",
	"cookie": "as the cookie says"}

// printDemoHit prints what came in, what was decided and why, and what the vendor received, before beside after.
func printDemoHit(w io.Writer, number int, h *demoHit, x *rules.Explanation, got []received) {
	path, query, _ := strings.Cut(h.Target, "?")
	printf(w, "\n%s\n%d. %s\n", strings.Repeat("─", 100), number, h.Title)
	printf(w, "   in       %s %s, %s; the visitor: %s\n", h.Method, path, plural.Of(x.Bytes.In, "byte"), choices[h.Choice])
	for _, sent := range []string{query, h.text} {
		if sent != "" {
			printf(w, "            %s\n", cut(sent, 150))
		}
	}
	for _, e := range x.Events {
		for _, r := range e.Ladder {
			if r.Decision != "skip" {
				printf(w, "   %s%-24s %s\n", map[string]string{"permit": "✓ ", "deny": "✗ "}[r.Decision], r.Activity, r.Reason)
			}
		}
		if e.Decision == "permit" {
			printf(w, "   decided  %s travels: basis %s\n", short(e.Name),
				strings.TrimSpace(strings.ReplaceAll(e.Basis, "_", " ")+" "+e.Assessment))
		} else {
			printf(w, "   decided  %s is denied: %s\n", short(e.Name), e.Reason)
		}
	}
	if len(got) == 0 {
		if x.Reason != "" {
			printf(w, "   decided  the hit is refused as a whole: %s\n", x.Reason)
		}
		printf(w, "   out      nothing: the vendor received no request; the SDK got %d\n", x.Respond.Status)
		return
	}
	for _, r := range got {
		printf(w, "   out      %s %s, %s\n", r.Vendor, r.Method, plural.Of(x.Bytes.Out, "byte"))
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	kept, dropped := 0, []string{}
	row := func(fields []rules.ExplainedField) {
		for _, f := range fields {
			switch {
			case f.Sent && f.Before == f.After:
				kept++
			case f.Sent:
				printPair(table, f.Path, f.Before, f.After)
			default:
				dropped = append(dropped, f.Path)
				if identifying[f.Class] && f.Before != "" {
					printPair(table, f.Path, f.Before, "dropped")
				}
			}
		}
	}
	for _, e := range x.Events {
		row(e.Fields)
	}
	row(x.Shared)
	_ = table.Flush()
	printf(w, "            %s as %s", plural.Of(kept, "field"), plural.Verb(kept, "it was", "they were"))
	if len(dropped) > 0 {
		printf(w, ", %d dropped: %s", len(dropped), cut(strings.Join(dropped, ", "), 110))
	}
	printf(w, "\n")
}

// demoTally is what was shown, in short.
type demoTally struct {
	hits, travelled int
	reasons         []string // of what did not travel, as they came
}

// add counts a hit, and why it did not travel.
func (s *demoTally) add(x *rules.Explanation, travelled bool) {
	if s.hits++; travelled {
		s.travelled++
		return
	}
	reasons := []string{x.Reason}
	for i := range x.Events {
		reasons = append(reasons, x.Events[i].Reason)
	}
	for _, reason := range reasons {
		if reason != "" && !slices.Contains(s.reasons, reason) {
			s.reasons = append(s.reasons, reason)
		}
	}
}

// printNext says in short what was seen, and what to do next.
func (s *demoTally) printNext(w io.Writer) {
	printf(w, `
%s
You saw %s. %d travelled, each cut down to what its basis permits; %d went nowhere (%s).

Next:
  tagwarden demo         the same with a page to click: send a hit, object to it, let the assessment of hit 3 expire, and
                         see what the log says of it, with the proof
  tagwarden init shop    writes the policy that decided here; nobody has signed it then, so that hit 3 is denied as well
  tagwarden docs tour    goes on from there: your own hit, a recording, and the search for both in the log
`, strings.Repeat("─", 100), plural.Of(s.hits, "hit"), s.travelled, s.hits-s.travelled, strings.Join(s.reasons, ", "))
}

// printPair prints a field before beside after, or, where that does not fit a line, before above after.
func printPair(w io.Writer, path, before, after string) {
	if before == "" {
		printf(w, "            %s\t→ %s\n", path, cut(after, 150))
		return
	}
	if len(before)+len(after) <= 90 {
		printf(w, "            %s\t%s  →  %s\n", path, cut(before, 90), cut(after, 90))
		return
	}
	printf(w, "            %s\t%s\n            \t→  %s\n", path, cut(before, 150), cut(after, 150))
}

// identifying are the classes whose dropping a newcomer wants to see.
var identifying = map[string]bool{
	"email": true, "phone": true, "person_name": true, "postal_address": true, "birth_date": true,
	"user_id": true, "client_id": true,
	"ip": true, "click_id": true, "user_trait": true, "page_title": true, "search_term": true, "device_id": true,
}
