package index

import "bytes"

// member is a member of records that is indexed.
type member struct {
	name  string
	term  string // the name that it is asked about by
	begun uint64 // what its terms begin with
}

// members are all of them, in an open-addressed table.
var members = table()

func table() (all [256]*member) {
	for name, term := range terms {
		i := slot([]byte(name))
		for all[i] != nil {
			i++
		}
		all[i] = &member{name, term, begun(term)}
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

// flat reads records of the form that most have: an object without spaces, of texts without escapes, whole numbers, truth
// values, and lists of texts and numbers. It makes nothing of any other.
type flat struct {
	head
	found []found
	b     []byte
	at    int
}

// read reads a record, or tells that it has another form.
func (f *flat) read(record []byte) bool {
	*f = flat{found: f.found[:0], b: record}
	if bytes.IndexByte(record, '\\') >= 0 || !f.is('{') {
		return false
	}
	for {
		name, ok := f.text()
		if !ok || !f.is(':') || !f.value(record[name.from:name.to]) {
			return false
		}
		if !f.is(',') {
			return f.is('}') && f.at == len(record)
		}
	}
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
func (f *flat) value(name []byte) bool {
	of := memberOf(name)
	if !f.is('[') {
		one, ok := f.one()
		return ok && f.note(name, of, one)
	}
	switch string(name) {
	case "kind", "rungs", "shape", "part", "parts", "of":
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
		if of != nil {
			one.of = of
			f.found = append(f.found, one)
		}
		if !f.is(',') {
			return f.is(']')
		}
	}
}

// note notes a value that is no list.
func (f *flat) note(name []byte, of *member, one found) bool {
	text, ok := f.b[one.from:one.to], true
	switch quoted := f.b[one.from-1] == '"'; string(name) {
	case "kind":
		f.kind, ok = text, quoted
	case "rungs":
		f.rungs, ok = text, quoted
	case "shape":
		f.shape, ok = text, quoted
	case "part":
		ok = number(text, &f.part)
	case "parts":
		ok = number(text, &f.parts)
	case "of":
		ok = false
	}
	if !ok {
		return false
	}
	if of != nil {
		one.of = of
		f.found = append(f.found, one)
	}
	return true
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
