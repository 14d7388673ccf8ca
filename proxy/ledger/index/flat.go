package index

import (
	"bytes"
	"slices"
)

// member is a member of records that is indexed.
type member struct {
	name   string
	term   string // the name that it is asked about by
	begun  uint64 // what its terms begin with
	listed int    // its place in [Listed]; -1: it is none of those
}

// members are all of them, in an open-addressed table.
var members = table()

func table() (all [256]*member) {
	for name, term := range terms {
		i := slot([]byte(name))
		for all[i] != nil {
			i++
		}
		all[i] = &member{name, term, begun(term), slices.Index(Listed, term)}
	}
	return all
}

func slot(name []byte) uint8 {
	return uint8(len(name))*61 + name[0]*31 + name[len(name)-1]*17
}

// memberOf is the member of a name; nil: it is none that is indexed.
func memberOf(name []byte) *member {
	if len(name) == 0 {
		return nil
	}
	for i := slot(name); members[i] != nil; i++ {
		if members[i].name == string(name) {
			return members[i]
		}
	}
	return nil
}

// found is a value in a record.
type found struct {
	of       *member
	from, to int
}

// flat reads records of the form that most have: an object without spaces, of texts without escapes, whole numbers,
// truth values, and lists of texts and numbers. It makes nothing of any other.
type flat struct {
	head
	found []found
	b     []byte
	at    int
	first step             // before the first member
	steps map[string]*step // by name
}

// step is a member's name as records have it, and which came behind it of late: one record after the other has the same
// members in the same order, and is read along them.
type step struct {
	text string // with quotes and colon
	of   *member
	in   place
	next [2]*step
}

// place is where a member stands in [head], if it does.
type place uint8

const (
	elsewhere place = iota
	inKind
	inRungs
	inShape
	inPart
	inParts
	inOf // nowhere: it is read by [reader.readAny]
)

var placeOf = map[string]place{
	"kind": inKind, "rungs": inRungs, "shape": inShape, "part": inPart, "parts": inParts, "of": inOf,
}

// read reads a record, or tells that it has another form.
func (f *flat) read(record []byte) bool {
	f.head, f.found, f.b, f.at = head{}, f.found[:0], record, 0
	if bytes.IndexByte(record, '\\') >= 0 || !f.is('{') {
		return false
	}
	for last := &f.first; ; {
		s := f.follow(last)
		if s == nil || !f.value(s) {
			return false
		}
		if last = s; !f.is(',') {
			return f.is('}') && f.at == len(record)
		}
	}
}

// follow reads a member's name, behind another one; nil: there is none.
func (f *flat) follow(last *step) *step {
	rest := f.b[f.at:]
	for _, s := range last.next {
		if s != nil && len(rest) > len(s.text) && string(rest[:len(s.text)]) == s.text {
			f.at += len(s.text)
			return s
		}
	}
	name, ok := f.text()
	if !ok || !f.is(':') {
		return nil
	}
	s := f.step(f.b[name.from:name.to])
	last.next[0], last.next[1] = s, last.next[0]
	return s
}

// How many names are kept, and how long ones. The ledger's own are fewer, and shorter.
const (
	mostSteps   = 256
	longestStep = 64
)

// step is that of a name.
func (f *flat) step(name []byte) *step {
	if s := f.steps[string(name)]; s != nil {
		return s
	}
	s := &step{text: `"` + string(name) + `":`, of: memberOf(name), in: placeOf[string(name)]}
	if len(f.steps) < mostSteps && len(name) <= longestStep {
		if f.steps == nil {
			f.steps = map[string]*step{}
		}
		f.steps[string(name)] = s
	}
	return s
}

// is goes on behind a byte, where it is the next one.
func (f *flat) is(c byte) bool {
	if f.at < len(f.b) && f.b[f.at] == c {
		f.at++
		return true
	}
	return false
}

// text reads a text. There is no escape in the record.
func (f *flat) text() (found, bool) {
	if !f.is('"') {
		return found{}, false
	}
	n := bytes.IndexByte(f.b[f.at:], '"')
	if n < 0 {
		return found{}, false
	}
	one := found{from: f.at, to: f.at + n}
	f.at += n + 1
	return one, true
}

// mostDigits is how many digits any number in a record has that is read as one.
const mostDigits = 15

// one reads a text, a whole number or a truth value.
func (f *flat) one() (found, bool) {
	from := f.at
	if from < len(f.b) && f.b[from] == '"' {
		return f.text()
	}
	for f.at < len(f.b) && f.b[f.at]-'0' <= 9 {
		f.at++
	}
	if f.at > from {
		return found{from: from, to: f.at}, true
	}
	for _, word := range [...]string{"true", "false"} {
		if len(f.b)-from >= len(word) && string(f.b[from:from+len(word)]) == word {
			f.at += len(word)
			return found{from: from, to: f.at}, true
		}
	}
	return found{}, false
}

// value reads the value of a member.
func (f *flat) value(of *step) bool {
	if !f.is('[') {
		one, ok := f.one()
		return ok && f.note(of, one)
	}
	if of.in != elsewhere {
		return false
	}
	if f.is(']') {
		return true
	}
	for {
		one, ok := f.one()
		if !ok {
			return false
		}
		if of.of != nil {
			one.of = of.of
			f.found = append(f.found, one)
		}
		if !f.is(',') {
			return f.is(']')
		}
	}
}

// note notes a value that is no list.
func (f *flat) note(of *step, one found) bool {
	if of.in != elsewhere && !f.noteHead(of.in, one) {
		return false
	}
	if of.of != nil {
		one.of = of.of
		f.found = append(f.found, one)
	}
	return true
}

// noteHead notes a value that the reader itself wants to know.
func (f *flat) noteHead(in place, one found) bool {
	text, quoted := f.b[one.from:one.to], f.b[one.from-1] == '"'
	switch in {
	case inKind:
		f.kind = text
	case inRungs:
		f.rungs = text
	case inShape:
		f.shape = text
	case inPart:
		return number(text, &f.part)
	case inParts:
		return number(text, &f.parts)
	default:
		return false
	}
	return quoted
}

// number reads a whole number.
func number(text []byte, n *int64) bool {
	if len(text) > mostDigits {
		return false
	}
	*n = 0
	for _, c := range text {
		if c -= '0'; c > 9 {
			return false
		}
		*n = 10**n + int64(c)
	}
	return len(text) > 0
}
