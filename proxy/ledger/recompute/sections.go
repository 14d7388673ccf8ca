package recompute

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// Section is a part of a report as people read it: rows of what and how much.
type Section struct {
	Title string
	Rows  [][2]string
	Notes []string // sentences behind them
}

// Verdict is what a report comes to, in a sentence.
func (r *Report) Verdict() string {
	n := uint64(len(r.Findings)) + r.More
	switch n {
	case 0:
		return "Nothing was found."
	case 1:
		return "One thing was found."
	default:
		return plural.Of(n, "thing") + " were found."
	}
}

// Sections are the figures of a report.
func (r *Report) Sections() []Section {
	return []Section{
		r.about(), r.records(), r.events(), r.suppression(), r.rates(), r.channels(), r.rejudged(), r.promises(),
		r.retention(), r.exceptions(), r.readings(),
		{Title: "Taken as it was found then", Notes: r.Assumed}, {Title: "What this report cannot say", Notes: r.Unsaid},
	}
}

func row(name string, n uint64) [2]string { return [2]string{name, strconv.FormatUint(n, 10)} }

// about is of which log the report is, when it was made, and with what.
func (r *Report) about() Section {
	s := Section{Title: "This report", Rows: [][2]string{{"log", cmp.Or(r.Log.Origin, "its folder does not name it")}}}
	if r.Log.Root == "" {
		s.Rows = append(s.Rows, [2]string{"newest checkpoint", "there is none"})
	} else {
		s.Rows = append(s.Rows, [2]string{"newest checkpoint", fmt.Sprintf("of %s, root %s",
			plural.Of(r.Log.Signed, "record"), r.Log.Root)})
	}
	if !r.Made.IsZero() {
		s.Rows = append(s.Rows, [2]string{"made", stamp(r.Made)})
	}
	if r.Version != "" {
		s.Rows = append(s.Rows, [2]string{"with", "tagwarden " + r.Version})
	}
	return s
}

func (r *Report) records() Section {
	s := Section{Title: "Records", Rows: [][2]string{row("read", r.Records)}}
	if r.Records > 0 {
		s.Rows = append(s.Rows, [2]string{"numbers", fmt.Sprintf("%d to %d", r.First, r.End-1)},
			[2]string{"written", fmt.Sprintf("%s to %s", stamp(r.From), stamp(r.To))})
	}
	if !r.Since.IsZero() || !r.Until.IsZero() {
		until := "the end"
		if !r.Until.IsZero() {
			until = stamp(r.Until)
		}
		s.Rows = append(s.Rows,
			[2]string{"reported on", fmt.Sprintf("%s to %s", cmp.Or(stamp(r.Since), "the beginning"), until)})
	}
	s.Rows = append(s.Rows, row("not there", r.Gone))
	return s
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// events are what became of events: what is accepted is the sum of the rest.
func (r *Report) events() Section {
	o := &r.Outcomes
	s := Section{Title: "Events", Rows: [][2]string{
		row("accepted", r.Accepted()), row("denied", r.Events.Denied), row("delivered", o.Delivered),
		row("dropped", o.Dropped),
		row("unknown", o.Unknown), row("waiting", o.Pending), row("not said, since their server ended", o.Unsaid),
		row("lost", o.Lost),
	}}
	if o.Over > 0 {
		s.Rows = append(s.Rows, row("handed over to the nodes of the cluster", o.Over))
	}
	for _, why := range ordered(r.Events.Reasons) {
		s.Rows = append(s.Rows, row("denied: "+why, r.Events.Reasons[why]))
	}
	for _, why := range ordered(o.Why) {
		s.Rows = append(s.Rows, row("dropped: "+why, o.Why[why]))
	}
	return s
}

// ordered are the keys of counts, the most frequent first.
func ordered(counts map[string]uint64) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

func (r *Report) suppression() Section {
	of := &r.Suppression
	return Section{Title: "Suppression of who objected", Rows: [][2]string{
		row("subjects that somebody objected for, at the end", of.Subjects), row("their events denied", of.Denied),
		row("their events that this did not touch", of.Untouched), row("held back at the last moment", of.HeldBack),
		row("on their way when the act was recorded", of.InFlight), row("events that left, held against what stood", of.Left),
		row("violations", of.Violations),
	}}
}

func (r *Report) rates() Section {
	s := Section{Title: "Objection rate by purpose"}
	for _, p := range r.Purposes {
		s.Rows = append(s.Rows, [2]string{p.ID, fmt.Sprintf("%.2f %% (%d of %s)", 100*p.Rate, p.Objected,
			plural.Of(p.Events, "event"))})
	}
	if len(s.Rows) == 0 {
		s.Notes = []string{"No event was judged for a purpose that is known."}
	}
	return s
}

func (r *Report) channels() Section {
	s := Section{Title: "Acts by channel"}
	for _, a := range r.Acts {
		name := a.Kind + " from " + cmp.Or(a.Source, "nowhere named")
		if a.Site != "" {
			name += ", " + a.Site
		}
		s.Rows = append(s.Rows, row(name+": "+cmp.Or(a.Scopes, "-"), a.Count))
	}
	if len(s.Rows) == 0 {
		s.Notes = []string{"Nobody objected, or took anything back."}
	}
	return s
}

func (r *Report) rejudged() Section {
	of := &r.Rejudged
	s := Section{Title: "Judged again", Rows: [][2]string{
		row("the same", of.Same), row("otherwise", of.Otherwise), row("not judged again", of.Not),
		row("fields held against their profile, of events", r.Fields.Checked), row("likewise, not known", r.Fields.Unknown),
	}}
	for _, why := range ordered(of.Why) {
		s.Rows = append(s.Rows, row("not judged again: "+why, of.Why[why]))
	}
	return s
}

func (r *Report) retention() Section {
	s := Section{Title: "Retention", Rows: [][2]string{row("records kept too long", r.Retention.Overdue)}}
	if !r.Retention.Known {
		s.Rows = nil
		s.Notes = []string{"No configuration says how long records are to be kept."}
	}
	return s
}

func (r *Report) exceptions() Section {
	return Section{Title: "Exceptions", Rows: [][2]string{
		row("permitted on compelling grounds, by a person's decision (Art. 21(1))", r.Exceptions.ByDecision),
		row("permitted after a category was refused (after_refusal)", r.Exceptions.AfterRefusal),
	}}
}

func (r *Report) readings() Section {
	s := Section{Title: "Access to the log"}
	for _, a := range r.Access {
		s.Rows = append(s.Rows, row(a.Kind+" by "+cmp.Or(a.By, "nobody named"), a.Count))
	}
	if len(s.Rows) == 0 {
		s.Notes = []string{"No record says that anybody read the log, or was refused."}
	}
	return s
}
