package main

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/observe"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// summary adds up recorded hits by vendor, reason and class, and what is not covered by where it went.
type summary struct {
	hits, forwarded, in, out int
	broken                   int               // promises
	vendors                  map[string][2]int // hits, forwarded
	reasons                  map[string]int
	classes                  map[string][3]int // dropped, changed, kept
	uncovered                map[uncovered]int // hits
	unspoken                 map[unspoken]int  // events
}

// uncovered is where hits went that nobody here takes.
type uncovered struct {
	observe.Where
	reason string
}

// unspoken is a kind of event that no activity speaks of.
type unspoken struct{ vendor, event string }

func (s *summary) add(h *replayed) {
	if s.vendors == nil {
		s.vendors, s.reasons, s.classes = map[string][2]int{}, map[string]int{}, map[string][3]int{}
		s.uncovered, s.unspoken = map[uncovered]int{}, map[unspoken]int{}
	}
	x := h.Explanation
	s.hits++
	s.broken += len(h.Broken)
	s.in, s.out = s.in+x.Bytes.In, s.out+x.Bytes.Out
	v := s.vendors[cmp.Or(x.Vendor, "-")]
	v[0]++
	if x.Forward != nil {
		s.forwarded++
		v[1]++
	}
	s.vendors[cmp.Or(x.Vendor, "-")] = v
	if x.Reason != "" {
		s.reasons[x.Reason]++
	}
	if h.Uncovered != nil {
		s.uncovered[uncovered{*h.Uncovered, x.Reason}]++
	}
	for _, e := range x.Events {
		s.reasons[e.Reason]++
		s.count(e.Fields)
		if isUnspoken(e) {
			s.unspoken[unspoken{x.Vendor, e.Name}]++
		}
	}
	s.count(x.Shared)
}

// count adds up what became of fields by their classes.
func (s *summary) count(fields []rules.ExplainedField) {
	for _, f := range fields {
		c := s.classes[f.Class]
		switch {
		case !f.Sent:
			c[0]++
		case f.Before != f.After:
			c[1]++
		default:
			c[2]++
		}
		s.classes[f.Class] = c
	}
}

func (s *summary) print(w io.Writer, by *config.Loaded) {
	printf(w, "%s, %d forwarded; %s in, %d out\n\n", plural.Of(s.hits, "hit"), s.forwarded, plural.Of(s.in, "byte"), s.out)
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	printf(table, "vendor\thits\tforwarded\n")
	for _, name := range slices.Sorted(maps.Keys(s.vendors)) {
		printf(table, "%s\t%d\t%d\n", name, s.vendors[name][0], s.vendors[name][1])
	}
	printf(table, "\nreason\tevents\n")
	for _, name := range slices.Sorted(maps.Keys(s.reasons)) {
		printf(table, "%s\t%d\n", name, s.reasons[name])
	}
	if len(s.classes) > 0 {
		printf(table, "\nclass\tdropped\tchanged\tkept\n")
	}
	for _, name := range slices.Sorted(maps.Keys(s.classes)) {
		c := s.classes[name]
		printf(table, "%s\t%d\t%d\t%d\n", name, c[0], c[1], c[2])
	}
	_ = table.Flush()
	s.printUncovered(w, by)
}

// printUncovered lists what is not covered: first what came most often.
func (s *summary) printUncovered(w io.Writer, by *config.Loaded) {
	if len(s.uncovered) > 0 {
		total := 0
		for _, n := range s.uncovered {
			total += n
		}
		printf(w, "\nNot covered: %s that no vendor here takes\n", plural.Of(total, "hit"))
		table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		printf(table, "  host\tpath\thits\treason\twhat fits\n")
		for _, at := range byNumber(s.uncovered, func(a, b uncovered) int {
			return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Path, b.Path), cmp.Compare(a.reason, b.reason))
		}) {
			printf(table, "  %s\t%s\t%d\t%s\t%s\n", cmp.Or(visible(at.Host), "-"), short(at.Path), s.uncovered[at],
				at.reason, fits(&at, by))
		}
		_ = table.Flush()
	}
	if len(s.unspoken) == 0 {
		return
	}
	printf(w, "\nNot covered: events that no activity speaks of\n")
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	printf(table, "  vendor\tevent\tevents\n")
	for _, of := range byNumber(s.unspoken, func(a, b unspoken) int {
		return cmp.Or(cmp.Compare(a.vendor, b.vendor), cmp.Compare(a.event, b.event))
	}) {
		printf(table, "  %s\t%s\t%d\n", of.vendor, cmp.Or(short(by.Policy.ScrubName(of.event)), "-"), s.unspoken[of])
	}
	_ = table.Flush()
}

// byNumber are the keys of a count, the greatest first; of equal ones in an order of their own.
func byNumber[K comparable](count map[K]int, order func(a, b K) int) []K {
	return slices.SortedFunc(maps.Keys(count), func(a, b K) int { return cmp.Or(count[b]-count[a], order(a, b)) })
}

// fits says who would take a hit that nobody here takes, and what to do for it.
func fits(at *uncovered, by *config.Loaded) string {
	if at.Fits == "" {
		return "no vendor of the catalog"
	}
	for _, r := range by.Policy.Recipients() {
		if r.Catalog.File.ID != at.Fits {
			continue
		}
		switch {
		case at.reason == rules.UnknownHost.String():
			return sprintf("%s, which is here: --host judges hits as if they were sent to a site", r.ID)
		case r.Prefix != "":
			return sprintf("%s, which is here, below %s", r.ID, r.Prefix)
		}
		return sprintf("%s, which is here", r.ID)
	}
	return sprintf("%s of the catalog: name it under vendors", at.Fits)
}
