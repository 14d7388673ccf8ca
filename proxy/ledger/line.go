package ledger

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// line is a record that is being written, as a line of JSON. Records of hits are written by it, byte for byte as zap's
// encoder writes them, which costs a third of the time.
type line struct {
	b    []byte
	from int // where the record begins

	fronts *fronts // what is written alike again and again; nil: nothing is kept
}

// begin begins the record. Whoever ends it does so by end.
func (l *line) begin(at time.Time, kind string) {
	l.from = len(l.b)
	l.b = append(l.b, `{"time":"`...)
	if l.fronts != nil {
		l.b = append(l.b, l.fronts.time(at)...)
	} else {
		l.b = at.UTC().AppendFormat(l.b, time.RFC3339Nano)
	}
	l.b = append(l.b, `","kind":"`...)
	l.b = append(l.b, kind...)
	l.b = append(l.b, '"')
}

// end ends it, with what every record has.
func (l *line) end(of *part) {
	if of.of > 0 {
		l.number("part", of.number)
		l.number("parts", of.of)
	}
	l.base64("salt", of.salt[:])
	l.b = segment.EndLine(l.b, l.from)
}

func (l *line) key(name string) {
	l.b = append(l.b, ',', '"')
	l.b = append(l.b, name...)
	l.b = append(l.b, '"', ':')
}

// text adds a text, where there is one.
func (l *line) text(name, text string) {
	switch {
	case text == "":
	case len(text) <= longestText && isPlain(text):
		b := append(l.b, ',', '"')
		b = append(b, name...)
		b = append(b, '"', ':', '"')
		b = append(b, text...)
		l.b = append(b, '"')
	default:
		l.key(name)
		l.quoted(cut(text, longestText))
	}
}

// isPlain tells whether a text stands as it is.
func isPlain(text string) bool {
	for i := range len(text) {
		if !plain[text[i]] {
			return false
		}
	}
	return true
}

// plain are the bytes that stand as they are.
var plain = func() (all [256]bool) {
	for c := byte(0x20); c < utf8.RuneSelf; c++ {
		all[c] = c != '\\' && c != '"'
	}
	return all
}()

func (l *line) number(name string, n int) {
	l.key(name)
	l.b = strconv.AppendInt(l.b, int64(n), 10)
}

// set adds a member that is true.
func (l *line) set(name string, is bool) {
	if is {
		l.key(name)
		l.b = append(l.b, "true"...)
	}
}

// base64 adds bytes in base64 (RFC 4648, section 4), without "=" at its end: how long they are is known.
func (l *line) base64(name string, b []byte) {
	l.key(name)
	l.b = append(l.b, '"')
	l.b = base64.RawStdEncoding.AppendEncode(l.b, b)
	l.b = append(l.b, '"')
}

// list adds texts, where there are some.
func (l *line) list(name string, all []string) {
	if len(all) == 0 {
		return
	}
	l.key(name)
	l.b = append(l.b, '[')
	for i, text := range all {
		if i > 0 {
			l.b = append(l.b, ',')
		}
		l.quoted(cut(text, longestText))
	}
	l.b = append(l.b, ']')
}

// instant adds a time in Unix seconds, where there is one.
func (l *line) instant(name string, at int64) {
	if at != 0 {
		l.key(name)
		l.dated(at)
	}
}

func (l *line) dated(at int64) {
	l.b = append(l.b, '"')
	l.b = appendInstant(l.b, at)
	l.b = append(l.b, '"')
}

// quoted adds a text as JSON has it. What is no UTF-8 becomes U+FFFD.
func (l *line) quoted(text string) {
	l.b = append(l.b, '"')
	last := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			if r, size := utf8.DecodeRuneInString(text[i:]); r != utf8.RuneError || size != 1 {
				i += size
				continue
			}
		} else if c >= 0x20 && c != '\\' && c != '"' {
			i++
			continue
		}
		l.b = append(l.b, text[last:i]...)
		l.escaped(c)
		i++
		last = i
	}
	l.b = append(l.b, text[last:]...)
	l.b = append(l.b, '"')
}

// escaped adds a byte that does not stand as it is.
func (l *line) escaped(c byte) {
	switch {
	case c >= utf8.RuneSelf:
		l.b = append(l.b, `\ufffd`...)
	case c == '\\' || c == '"':
		l.b = append(l.b, '\\', c)
	case c == '\n':
		l.b = append(l.b, `\n`...)
	case c == '\r':
		l.b = append(l.b, `\r`...)
	case c == '\t':
		l.b = append(l.b, `\t`...)
	default:
		l.b = append(l.b, `\u00`...)
		l.b = hexInto(l.b, []byte{c})
	}
}

// event writes the record of an event. What is empty is left out.
func (l *line) event(at time.Time, e *Event, of part) {
	l.begin(at, KindEvent)
	l.key("hit")
	l.b = strconv.AppendUint(l.b, e.Hit, 10)
	l.number("event", e.Index)
	var alike *front
	if l.fronts != nil {
		alike = l.fronts.of(e)
	}
	if alike != nil {
		l.b = append(l.b, alike.before...)
		l.text("name", e.Name)
		l.b = append(l.b, alike.behind...)
	} else {
		l.whose(e)
		l.text("name", e.Name)
		l.decided(e)
	}
	l.text("rungs", e.Rungs)
	l.choices(e)
	l.subjects(e)
	l.text("shape", e.Shape)
	if !e.rest {
		l.number("bytes_in", e.In)
		l.number("bytes_out", e.Out)
	}
	if e.Digest != [32]byte{} {
		l.base64("digest", e.Digest[:])
	}
	l.set("queued", e.Queued)
	l.set("recovered", e.Recovered)
	l.set("shared", e.Shared)
	l.text("taken", e.Taken)
	l.end(&of)
}

// whose writes where an event was to go.
func (l *line) whose(e *Event) {
	l.text("site", e.Site)
	l.text("vendor", e.Vendor)
	l.text("endpoint", e.Endpoint)
}

// decided writes what was decided of an event.
func (l *line) decided(e *Event) {
	l.text("decision", e.Decision)
	l.text("reason", e.Reason)
	l.text("activity", e.Activity)
	l.text("basis", e.Basis)
	if e.LIA != "" {
		l.text("assessment", e.LIA)
		l.number("assessment_version", e.Version)
	}
	l.text("policy", e.Policy)
	l.text("region", e.Region)
}

// choices writes what the visitor chose.
func (l *line) choices(e *Event) {
	l.instant("consent_at", e.ConsentAt)
	if len(e.Dates) > 0 {
		l.key("dates")
		for i, at := range e.Dates {
			l.b = append(l.b, "[,"[min(i, 1)])
			l.dated(at)
		}
		l.b = append(l.b, ']')
	}
	l.list("objections", e.Objected)
	l.set("restriction", e.Restrict)
	if e.Decided != 0 {
		l.key("decided")
		l.b = strconv.AppendUint(l.b, e.Decided, 10)
	}
	l.instant("kept_since", e.KeptSince)
}

// subjects writes whom an event is about, by hashes, and the form that they were hashed in.
func (l *line) subjects(e *Event) {
	if len(e.Subjects) == 0 {
		return
	}
	if e.Form > 1 {
		l.number("form", int(e.Form))
	}
	l.key("subjects")
	for i := range e.Subjects {
		l.b = append(l.b, "[,"[min(i, 1)], '"')
		l.b = hexInto(l.b, e.Subjects[i][:])
		l.b = append(l.b, '"')
	}
	l.b = append(l.b, ']')
}

// outcome writes how a delivery ended.
func (l *line) outcome(at time.Time, o *Outcome, of part) {
	l.begin(at, KindOutcome)
	if len(o.of) > 0 {
		l.exchanged(o.of)
	} else {
		l.key("hit")
		l.b = strconv.AppendUint(l.b, o.Hit, 10)
		l.key("events")
		l.b = append(l.b, '[')
		for i, event := range o.Events {
			if i > 0 {
				l.b = append(l.b, ',')
			}
			l.b = strconv.AppendInt(l.b, int64(event), 10)
		}
		l.b = append(l.b, ']')
	}
	l.text("vendor", o.Vendor)
	l.text("outcome", o.Outcome)
	l.text("why", o.Why)
	if o.Status != 0 {
		l.number("status", o.Status)
	}
	if o.InDoubt {
		l.key("in_doubt")
		l.b = append(l.b, "true"...)
	}
	l.end(&of)
}

// mostLines is how many bytes of records of one hit are kept to write the next one's in.
const mostLines = 256 << 10

// Lines are the records of a hit's events as they are put into a segment, and where each ends. One of an event whose
// facts take several lines ends where the last of them does.
type Lines struct {
	line
	at   time.Time
	ends []int
	n    int // lines
}

// Of is the record of an event, by its place among those that were written: a line, or several. It is for [ParseEvent].
func (l *Lines) Of(i int) []byte {
	from := 0
	if i > 0 {
		from = l.ends[i-1]
	}
	return l.b[from:l.ends[i]:l.ends[i]]
}

// write writes them anew. The error says why not; nothing is recorded then.
func (l *Lines) write(at time.Time, events []Event, from *salts) error {
	l.b, l.ends, l.n = l.b[:0], l.ends[:0], 0
	for i := range events {
		l.event(at, &events[i], part{salt: events[i].Salt})
		l.n++
		if len(l.b)-l.from > longestLine {
			if err := l.parts(at, &events[i], from); err != nil {
				return err
			}
		}
		l.ends = append(l.ends, len(l.b))
	}
	return nil
}

// parts writes an event's facts in several lines, in place of the one that was written and is too long.
func (l *Lines) parts(at time.Time, e *Event, from *salts) error {
	l.b = l.b[:l.from]
	var one line
	all, err := divide(e, func(d divisible) bool {
		one.b = one.b[:0]
		one.event(at, d.(*Event), *widest(nil))
		return len(one.b) > longestLine
	})
	if err != nil {
		return err
	}
	l.n += len(all) - 1
	for i := range all {
		of := part{number: i + 1, of: len(all), salt: e.Salt}
		if i > 0 {
			of.salt = from.next()
		}
		l.event(at, all[i].(*Event), of)
	}
	return nil
}
