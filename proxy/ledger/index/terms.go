package index

import (
	"bytes"
	"time"
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
func Term(member, value string) uint64 { return valueOf(begun(member), value) }

// FNV-1a.
const (
	fnvBasis = 14695981039346656037
	fnvPrime = 1099511628211
)

// begun is what the terms of a member begin with.
func begun(member string) uint64 {
	h := uint64(fnvBasis)
	for i := range len(member) {
		h = (h ^ uint64(member[i])) * fnvPrime
	}
	return h * fnvPrime
}

// valueOf is the term of a value, with the finalizer of SplitMix64: the first bits are as good as the last.
func valueOf[T string | []byte](h uint64, value T) uint64 {
	for i := range len(value) {
		h = (h ^ uint64(value[i])) * fnvPrime
	}
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
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
