package words

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// event is what was decided of an event, with what became of its fields where its shape is known.
func event(r *record) string {
	said := fmt.Sprintf("%-6s %-20s %s → %s  %s  %s %s  %s → %s %s  hit %s event %s", r.get("decision"), r.get("reason"),
		r.get("site"), r.get("vendor"), r.get("name"), cmp.Or(r.get("activity"), "-"), r.get("basis"), r.get("bytes_in"),
		r.get("bytes_out"), plural.Verb(r.all.Get("bytes_out").Int(), "byte", "bytes"), r.get("hit"), r.get("event"))
	said += before("  taken of node and hit ", r.get("taken"))
	return said + before("  objected to ", r.list("objections")) + r.fields() + r.judgedBy()
}

// fields says what became of an event's fields.
func (r *record) fields() string {
	s := r.names.Shape
	if s == nil {
		return ""
	}
	if !r.names.Wide {
		return fmt.Sprintf("  fields: %d kept, %d changed, %d dropped", len(s.Kept), len(s.Changed), len(s.Dropped))
	}
	return "  fields: " + fields("kept", s.Kept) + "; " + fields("changed", s.Changed) + "; " +
		fields("dropped", s.Dropped)
}

func fields(became string, names []string) string {
	return became + " " + cmp.Or(strings.Join(names, ", "), "none")
}

// judgedBy says by what an event was judged.
func (r *record) judgedBy() string {
	if r.names.Rungs == nil {
		return ""
	}
	of := gjson.ParseBytes(r.names.Rungs)
	said := before("  region ", cut(of.Get("region").Str, mostShort))
	if r.names.Wide {
		said += "  rungs: " + cmp.Or(ladderIn(of), "none") + "  signals: " + cmp.Or(signalsIn(of), "none")
	}
	return said
}

func rungs(r *record) string {
	return fmt.Sprintf("rungs %s: %s → %s %s, region %s: %s; signals: %s", r.get("rungs"), r.get("site"), r.get("vendor"),
		r.get("endpoint"), cmp.Or(r.get("region"), "-"), cmp.Or(ladderIn(r.all), "no rung"), cmp.Or(signalsIn(r.all), "none"))
}

func shape(r *record) string {
	return fmt.Sprintf("shape %s: kept %s; changed %s; dropped %s", r.get("shape"), cmp.Or(r.list("kept"), "none"),
		cmp.Or(r.list("changed"), "none"), cmp.Or(r.list("dropped"), "none"))
}

// ladderIn are the rungs of a ladder, with why each carries the event or does not.
func ladderIn(r gjson.Result) string {
	var all []string
	for _, rung := range r.Get("ladder").Array() {
		all = append(all, cut(rung.Get("activity").String(), mostShort)+" "+cut(rung.Get("reason").String(), mostShort))
	}
	return strings.Join(all, ", ")
}

// signalsIn are the signals of rungs, with what each says.
func signalsIn(r gjson.Result) string {
	var all []string
	for _, signal := range r.Get("signals").Array() {
		all = append(all, cut(signal.Get("source").String(), mostShort)+" "+
			cut(cmp.Or(signal.Get("says").Str, signal.Get("state").Str), mostShort))
	}
	return strings.Join(all, ", ")
}

// outcome is how a delivery ended, and why where the vendor did not take it.
func outcome(r *record) string {
	said := r.get("outcome") + before(" to ", r.get("vendor"))
	if why := strings.TrimSpace(r.all.Get("why").String() + " " + r.all.Get("status").String()); why != "" {
		said += " (" + cut(why, mostShort) + ")"
	}
	if r.all.Get("in_doubt").Bool() {
		said += ", and it may have arrived"
	}
	if of := r.all.Get("of"); of.IsArray() {
		events, hits := exchanged(of)
		hit := " of hit "
		if len(of.Array()) > 1 {
			hit = " of hits "
		}
		return "outcome of " + events + hit + hits + ": " + said
	}
	return "outcome of hit " + r.get("hit") + ", " + eventsIn(r.all.Get("events")) + ": " + said
}

// attempt is that events are about to be sent.
func attempt(r *record) string {
	of := r.all.Get("of")
	events, hits := exchanged(of)
	hit := "hit"
	if len(of.Array()) > 1 {
		hit = "hits"
	}
	return fmt.Sprintf("attempt to send %s of %s %s to %s, which may not be made twice", events,
		hit, hits, r.get("vendor"))
}

// exchanged says how many events travel together, and of which hits.
func exchanged(of gjson.Result) (events, hits string) {
	var all []string
	n := 0
	for _, one := range of.Array() {
		if list := one.Array(); len(list) > 0 {
			n += len(list) - 1
			all = append(all, list[0].Raw)
		}
	}
	return plural.Of(n, "event"), cut(strings.Join(all, ", "), 100)
}

// eventsIn are the events that an outcome is of: those of the version before say how many.
func eventsIn(events gjson.Result) string {
	if !events.IsArray() {
		return plural.Of(int(events.Int()), "event")
	}
	var all []string
	for _, event := range events.Array() {
		all = append(all, cut(event.Raw, mostShort))
	}
	if len(all) == 1 {
		return "event " + all[0]
	}
	return cut("events "+strings.Join(all, ", "), 100)
}
