package index

import (
	"bytes"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// terms are the members of records that are indexed, each under the name that it is asked about by: whichever list of a
// shape a field stands in, it is asked about as "field".
var terms = map[string]string{
	"kind": "kind", "site": "site", "vendor": "vendor", "endpoint": "endpoint", "name": "name", "decision": "decision",
	"reason": "reason", "activity": "activity", "basis": "basis", "assessment": "assessment", "policy": "policy",
	"region": "region", "hit": "hit", "outcome": "outcome", "why": "why", "source": "source", "by": "by",
	"objections": "objections", "scopes": "scopes", "purposes": "purposes", "subjects": "subjects", "rungs": "rungs",
	"shape": "shape", "kept": "field", "changed": "field", "dropped": "field", "seq": "seq",
}

// Listed are members whose values an index lists.
var Listed = []string{"activity", "scopes", "site", "vendor"}

// Indexed tells whether a member can be asked about by [Term].
func Indexed(member string) bool { return member == "field" || terms[member] == member }

// Term is what stands in an index for a member that has a value.
func Term(member, value string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(member) {
		h = (h ^ uint64(member[i])) * 1099511628211
	}
	h *= 1099511628211
	for i := range len(value) {
		h = (h ^ uint64(value[i])) * 1099511628211
	}
	h ^= h >> 30 // the finalizer of SplitMix64: the first bits are as good as the last
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
}

// reader takes the terms of records, one after the other. What rungs and shapes say counts for the events that name them.
type reader struct {
	named map[string][]uint64 // by "rungs" or "shape", and the id
	all   []uint64            // of the record
	parts bool                // the record goes on in the next one
	value func(member, value string)
}

// read takes the terms of a record.
func (r *reader) read(record []byte) {
	r.all, r.parts = r.all[:0], false
	var kind, rungs, shape string
	var part, parts int64
	gjson.ParseBytes(record).ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "kind":
			kind = value.Str
		case "rungs":
			rungs = value.Str
		case "shape":
			shape = value.Str
		case "part":
			part = value.Int()
		case "parts":
			parts = value.Int()
		case "of":
			for _, hit := range value.Array() {
				r.add("hit", hit.Get("0"))
			}
		}
		if term := terms[key.Str]; term != "" {
			r.add(term, value)
		}
		return true
	})
	r.parts = part < parts
	switch kind {
	case "rungs":
		r.name("rungs\x00"+rungs, r.inherited(record, "policy", "site", "region", "vendor", "endpoint"))
	case "shape":
		r.name("shape\x00"+shape, r.inherited(record, "kept", "changed", "dropped"))
	case "event":
		if rungs != "" {
			r.all = append(r.all, r.named["rungs\x00"+rungs]...)
		}
		if shape != "" {
			r.all = append(r.all, r.named["shape\x00"+shape]...)
		}
	}
}

// add adds the terms of a member.
func (r *reader) add(term string, value gjson.Result) {
	if !value.IsArray() {
		r.put(term, value.String())
		return
	}
	value.ForEach(func(_, one gjson.Result) bool {
		r.put(term, one.String())
		return true
	})
}

func (r *reader) put(term, value string) {
	r.all = append(r.all, Term(term, value))
	if r.value != nil {
		r.value(term, value)
	}
}

// inherited are the terms that members give to the events that name their record.
func (r *reader) inherited(record []byte, members ...string) (all []uint64) {
	for _, member := range members {
		value := gjson.GetBytes(record, member)
		switch {
		case value.IsArray():
			for _, one := range value.Array() {
				all = append(all, Term(terms[member], one.String()))
			}
		case value.Exists():
			all = append(all, Term(terms[member], value.String()))
		}
	}
	return all
}

// name notes what a record that is named says; of the parts of one, all.
func (r *reader) name(id string, says []uint64) {
	r.named[id] = append(r.named[strings.Clone(id)], says...)
}

// clock reads the times of records, to the second.
type clock struct {
	text [19]byte
	at   int64
}

// read is when a record was written, Unix seconds; false where it does not say so.
func (c *clock) read(record []byte) (int64, bool) {
	const before, seconds = `{"time":"`, "2006-01-02T15:04:05"
	if len(record) < len(before)+len(seconds) || string(record[:len(before)]) != before {
		return 0, false
	}
	text := record[len(before):][:len(seconds)]
	if bytes.Equal(text, c.text[:]) {
		return c.at, true
	}
	at, err := time.Parse(seconds, string(text))
	if err != nil || at.Unix() < 0 || at.Unix() >= 1<<32 {
		return 0, false
	}
	copy(c.text[:], text)
	c.at = at.Unix()
	return c.at, true
}

// Values hands over what a record says that is indexed: the members as they are asked about, and each value.
func Values(record []byte, value func(member, value string)) {
	r := reader{named: map[string][]uint64{}, value: value}
	r.read(record)
}
