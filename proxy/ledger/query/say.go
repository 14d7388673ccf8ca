package query

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Word is a word by which people say what they ask: a flag of a command has it as its name, and a parameter of a call.
type Word struct {
	Name   string
	Member string // of records, that it asks about; "": it says of when, or which
	Help   string // what its value is
}

// vocabulary are all words.
var vocabulary = []Word{
	{"vendor", "vendor", "a vendor's id"},
	{"site", "site", "a site's id"},
	{"decision", "decision", "permit or deny"},
	{"reason", "reason", "why an event was denied, or permitted: objection"},
	{"activity", "activity", "an activity's id"},
	{"purpose", Purpose, "a purpose's id: events on activities with it, and acts about it"},
	{"basis", "basis", "a lawful basis: consent"},
	{"event", "name", "an event's name: purchase"},
	{"field", Field, "a field's name: events in whose shape it stands, kept, changed or dropped"},
	{"endpoint", "endpoint", "a vendor's endpoint"},
	{"region", "region", "a region: DE"},
	{"policy", "policy", "the digest of a policy"},
	{"kind", "kind", "a kind of record: event"},
	{"outcome", "outcome", "how a delivery ended: events, and the records that say so"},
	{"hit", "hit", "the number of a hit"},
	{Subject, Subject, "a subject, by the hash that records have"},
	{"where", "", "a member of a record and its value, vendor=ga4"},
	{"number", "", "the record of this number, or those from N to M, N-M"},
	{"since", "", "from this time on: 7d for a week ago, 12h, 2026-05-04, or RFC 3339"},
	{"until", "", "before this time, given likewise"},
	{"from", "", "the same as since"},
	{"to", "", "the same as until"},
}

// Words are all by which a question is said. Whoever takes them hands what was given to [Question.Say].
func Words() []Word { return slices.Clone(vocabulary) }

// Several tells whether a word may be said several times: then one of the values is meant, or, of where, all conditions
// hold together.
func (w *Word) Several() bool { return w.Member != "" || w.Name == "where" }

// errWhere says how a condition is given.
var errWhere = errors.New("MEMBER=VALUE is right, such as reason=objection")

// Say adds to a question what somebody says by a word, or by the name of a member of records. The error says what would
// be right; whether a record can answer it tells [Question.Check].
func (q *Question) Say(word, value string, now time.Time) (err error) {
	at := slices.IndexFunc(vocabulary, func(w Word) bool { return w.Name == word })
	if at >= 0 && vocabulary[at].Member != "" {
		q.And(vocabulary[at].Member, value)
		return nil
	}
	switch word {
	case "where":
		name, value, found := strings.Cut(value, "=")
		if !found || name == "" {
			return errWhere
		}
		q.And(name, value)
	case "number":
		q.Numbers, err = ParseRange(value)
	case "since", "from":
		q.Since, err = ParseTime(value, now)
	case "until", "to":
		q.Until, err = ParseTime(value, now)
	default:
		q.And(word, value)
	}
	return err
}
