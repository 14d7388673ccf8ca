package cmp

import (
	"bytes"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// record is what the cookies of a platform say beside its answers, as far as they were read.
type record struct {
	st    Statement
	spoke bool // Decided has been said
}

// reset forgets it.
func (r *record) reset() { *r = record{} }

func (r *record) malformed() { r.st.State = read.Malformed }

func (r *record) mustBe(right bool) {
	if !right {
		r.malformed()
	}
}

// decided adds what one reading says of the visitor's having acted: all have to say so.
func (r *record) decided(d Decided) {
	switch {
	case !r.spoke:
		r.st.Decided, r.spoke = d, true
	case r.st.Decided == Undecided || d == Undecided:
		r.st.Decided = Undecided
	case d == Unknowable:
		r.st.Decided = Unknowable
	}
}

// at adds a time of choice: the oldest is what can be relied on.
func (r *record) at(milli int64) {
	r.st.AtMilli = read.Older(r.st.AtMilli, milli)
}

// when reads a member that holds the time of the choice, in either form; null is none.
func (r *record) when(member gjson.Result) { r.at(r.time(member)) }

// last reads one that holds when the visitor acted last.
func (r *record) last(member gjson.Result) { r.st.LastMilli = max(r.st.LastMilli, r.time(member)) }

// ends reads one that holds when the choice is over.
func (r *record) ends(member gjson.Result) { r.end(r.time(member)) }

// end adds when the choice is over: the first of several.
func (r *record) end(milli int64) { r.st.EndMilli = read.Older(r.st.EndMilli, milli) }

// time reads a member that holds a time, in either form; null is none.
func (r *record) time(member gjson.Result) (milli int64) {
	ok := member.Type == gjson.Null
	switch member.Type {
	case gjson.String:
		milli, ok = instant(read.Bytes(member.Str))
	case gjson.Number:
		milli, ok = millis(read.Bytes(member.Raw))
	default:
	}
	if !ok {
		r.malformed() // how old the choice is would not be known
		return 0
	}
	return milli
}

// string keeps an IAB string. Two that differ are none.
func (r *record) string(into *[]byte, value []byte) {
	switch {
	case len(value) == 0:
	case *into == nil:
		*into = value
	case !bytes.Equal(*into, value):
		r.malformed()
	}
}

// instant reads a time as JavaScript's toISOString writes it, RFC 3339.
func instant(text []byte) (milli int64, ok bool) {
	if len(text) > len("2006-01-02T15:04:05.000000000+00:00") {
		return 0, false
	}
	t, err := time.Parse(time.RFC3339, read.String(text)) // which takes hours of one digit as well
	return t.UnixMilli(), err == nil && text[len("2006-01-02T15")] == ':' && t.UnixMilli() > 0
}

// millis reads a time as JavaScript's Date.now gives it.
func millis(text []byte) (milli int64, ok bool) {
	if len(text) == 0 || len(text) > 15 {
		return 0, false
	}
	for _, c := range text {
		if !ascii.IsDigit(c) {
			return 0, false
		}
		milli = milli*10 + int64(c-'0')
	}
	return milli, milli > 0
}
