package main

import (
	"bufio"
	"cmp"
	"io"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// recordPrinter shows records.
type recordPrinter struct {
	t     *terminal
	json  bool
	out   *bufio.Writer
	shown int
}

// newRecordPrinter shows them as text, or as they are stored.
func newRecordPrinter(t *terminal, form string) *recordPrinter {
	p := &recordPrinter{t: t, json: form == "json"}
	if p.json {
		p.out = bufio.NewWriter(t.document()) // who hashes a line needs each byte of it
	} else {
		p.out = bufio.NewWriter(t.out)
	}
	return p
}

// all shows the records that a reader comes by, as long as more says so of the one that it is at, and that fit; nil:
// all. What is damaged is named and passed over, and makes the exit code.
func (p *recordPrinter) all(r *ledger.Reader, more func() bool, fits func(record []byte) bool) (code int) {
	defer func() { _ = p.out.Flush() }()
	for {
		for r.Next() {
			if more != nil && !more() {
				return code
			}
			if fits == nil || fits(r.Record()) {
				p.show(r)
			}
		}
		if r.Err() == nil {
			return code
		}
		_ = p.out.Flush()
		p.t.fail("%v", r.Err())
		if code = usage; !r.Skip() {
			return code
		}
	}
}

// show shows the record that a reader is at.
func (p *recordPrinter) show(r *ledger.Reader) {
	p.shown++
	if p.json {
		_, _ = p.out.Write(r.Record())
		_ = p.out.WriteByte('\n')
		return
	}
	if number, known := r.Number(); known {
		printf(p.out, "#%d  ", number)
	}
	printRecord(p.out, r.Record())
}

// printRecord shows a record in a line.
func printRecord(w io.Writer, record []byte) {
	get := func(name string) string { return short(gjson.GetBytes(record, name).String()) }
	at := get("time")
	if parsed, err := time.Parse(time.RFC3339Nano, at); err == nil {
		at = parsed.Format("2006-01-02 15:04:05.000")
	}
	switch kind := get("kind"); kind {
	case ledger.KindEvent:
		printf(w, "%s  %-6s %-20s %s → %s  %s  %s %s  %s → %s bytes  hit %s event %s\n", at, get("decision"), get("reason"),
			get("site"), get("vendor"), get("name"), cmp.Or(get("activity"), "-"), get("basis"), get("bytes_in"),
			get("bytes_out"), get("hit"), get("event"))
	case ledger.KindOutcome:
		printf(w, "%s  %s of hit %s, %s: %s\n", at, kind, get("hit"), eventsIn(record), outcomeIn(record))
	case ledger.KindRungs:
		printf(w, "%s  %s %s: %s → %s %s, region %s: %s; signals: %s\n", at, kind, get("rungs"), get("site"), get("vendor"),
			get("endpoint"), cmp.Or(get("region"), "-"), cmp.Or(ladderIn(record), "no rung"), cmp.Or(signalsIn(record), "none"))
	case ledger.KindShape:
		printf(w, "%s  %s %s: kept %s; changed %s; dropped %s\n", at, kind, get("shape"), fieldsIn(record, "kept"),
			fieldsIn(record, "changed"), fieldsIn(record, "dropped"))
	case ledger.KindRefused:
		printf(w, "%s  %s %s×: %s\n", at, kind, get("count"), get("reason"))
	case ledger.KindApproval, ledger.KindRevocation:
		printf(w, "%s  %s %s version %s: %s %s\n", at, kind, get("assessment"), get("assessment_version"),
			cmp.Or(get("because"), "-"), get("key"))
	case ledger.KindDue:
		printf(w, "%s  %s %s by %s: mark %s, told %s\n", at, kind, get("assessment"), get("review_by"), get("days"),
			get("told"))
	case ledger.KindObjection, ledger.KindWithdrawal, ledger.KindKeptOptOut, ledger.KindComplaint:
		printf(w, "%s  %s of %s: %s from %s (%s), %s times, %d subjects\n", at, kind, cmp.Or(scopesIn(record), "-"),
			cmp.Or(get("act"), "-"), cmp.Or(get("site"), "-"), get("source"), cmp.Or(get("times"), "1"),
			len(gjson.GetBytes(record, "subjects").Array()))
	case ledger.KindStart, ledger.KindSegment, ledger.KindStop, ledger.KindReload, ledger.KindKey:
		printf(w, "%s\n", strings.TrimRight(at+"  "+kind+" "+get("text")+" "+get("policy"), " "))
	case ledger.KindErasure:
		printf(w, "%s  %s of %s among records %s to %s: %s %s\n", at, kind, counted(int(gjson.GetBytes(record, "records").Int()), "record"),
			get("first"), sprintf("%d", gjson.GetBytes(record, "end").Int()-1), cmp.Or(get("window"), "request "+get("request")), get("because"))
	case ledger.KindErased:
		printf(w, "%s  %s: %s of the segment that begins with %s are gone\n", at, kind,
			counted(int(gjson.GetBytes(record, "records").Int()), "line"), get("segment"))
	case ledger.KindPeriods:
		printf(w, "%s  records are kept: %s; that counts a day later\n", at, cmp.Or(get("text"), "for good"))
	case ledger.KindSealed:
		printf(w, "%s  %s %s\n", at, kind, numbersIn(record))
	default:
		printf(w, "%s  %s%s\n", at, kind, membersIn(record))
	}
}

// ladderIn are the rungs of a ladder, with why each carries the event or does not.
func ladderIn(record []byte) string {
	var all []string
	for _, rung := range gjson.GetBytes(record, "ladder").Array() {
		all = append(all, short(rung.Get("activity").String())+" "+short(rung.Get("reason").String()))
	}
	return strings.Join(all, ", ")
}

// signalsIn are the signals of rungs, with what each says.
func signalsIn(record []byte) string {
	var all []string
	for _, signal := range gjson.GetBytes(record, "signals").Array() {
		all = append(all, short(signal.Get("source").String())+" "+short(cmp.Or(signal.Get("says").Str, signal.Get("state").Str)))
	}
	return strings.Join(all, ", ")
}

// fieldsIn are the fields of a shape that something became of.
func fieldsIn(record []byte, became string) string {
	var all []string
	for _, field := range gjson.GetBytes(record, became).Array() {
		all = append(all, short(field.String()))
	}
	return cmp.Or(cut(strings.Join(all, ", "), 200), "none")
}

// eventsIn are the events that an outcome is of: those of the version before say how many.
func eventsIn(record []byte) string {
	events := gjson.GetBytes(record, "events")
	if !events.IsArray() {
		return counted(int(events.Int()), "event")
	}
	var all []string
	for _, event := range events.Array() {
		all = append(all, event.Raw)
	}
	if len(all) == 1 {
		return "event " + all[0]
	}
	return cut("events "+strings.Join(all, ", "), 100)
}

// outcomeIn is how a delivery ended, and why where the vendor did not take it.
func outcomeIn(record []byte) string {
	all := gjson.ParseBytes(record)
	said := short(all.Get("outcome").String())
	if vendor := all.Get("vendor"); vendor.Exists() {
		said += " to " + short(vendor.String())
	}
	if why := strings.TrimSpace(all.Get("why").String() + " " + all.Get("status").String()); why != "" {
		said += " (" + short(why) + ")"
	}
	return said
}

// scopesIn are the scopes of a record about objections.
func scopesIn(record []byte) string {
	var all []string
	for _, scope := range gjson.GetBytes(record, "scopes").Array() {
		all = append(all, short(scope.String()))
	}
	return strings.Join(all, ", ")
}

// everyRecord are members that records of every kind have, or that stand for themselves.
var everyRecord = map[string]bool{
	"time": true, "kind": true, "node": true, "salt": true, "crc": true, "first": true, "end": true, "text": true,
}

// membersIn is what a record of a kind without words of its own says: of which records, the text, and whatever else it
// has, by name.
func membersIn(record []byte) string {
	var b strings.Builder
	all := gjson.ParseBytes(record)
	if numbers := numbersIn(record); numbers != "" {
		b.WriteString(" " + numbers)
	}
	if text := all.Get("text"); text.Exists() {
		b.WriteString(" " + cut(text.String(), 200))
	}
	all.ForEach(func(name, value gjson.Result) bool {
		switch {
		case everyRecord[name.Str]:
		case value.IsArray():
			b.WriteString(sprintf(" %s=[%d]", short(name.Str), len(value.Array())))
		default:
			b.WriteString(" " + short(name.Str) + "=" + cut(value.String(), 100))
		}
		return true
	})
	return b.String()
}

// numbersIn is of which records a record says something; "" where it is of none.
func numbersIn(record []byte) string {
	first, end := gjson.GetBytes(record, "first").Uint(), gjson.GetBytes(record, "end").Uint()
	if end <= first {
		return ""
	}
	return sprintf("records %d to %d", first, end-1)
}
