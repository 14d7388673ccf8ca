package api

import (
	"context"
	"encoding/hex"
	"net/http"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// Subjects is what the API asks of the forwarding log about one person. What it is asked wrongly is a
// *[objection.Fault] of its identifiers or a *[problem.Document].
type Subjects interface {
	Subject(context.Context, SubjectAsk) (SubjectAnswer, error)
}

// SubjectAsk says about whom one asks, and what.
type SubjectAsk struct {
	IDs      []objection.ID    // all of one person
	Hash     *[16]byte         // in place of them: as records have it
	From, To time.Time         // To is not included; zero: not asked about
	Members  map[string]string // of records, by name: see RecordMembers
	Begin    uint64            // the number to begin with
	Limit    int               // at most so many records
}

// SubjectAnswer is what is known of a person.
type SubjectAnswer struct {
	Answer   any        // as JSON has it
	Records  int        // how many records it is made of
	Subjects [][16]byte // whom it is about, under the log's own key
	Form     uint8      // the normal form that they were hashed in
}

// subject says what was recorded about one person: POST /ledger/subject, since identifiers do not belong into addresses.
func subject(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Subjects == nil {
		return notHere("it cannot be asked here what was recorded about one person")
	}
	if err := parametersOf(r).problem(); err != nil {
		return err
	}
	v, err := readJSON(w, r)
	if err != nil {
		return err
	}
	in := subjectReader{
		reader: reader{country: h.opts.PhoneCountry}, ask: SubjectAsk{Members: map[string]string{}, Limit: usualRecords},
	}
	asked := in.read(v)
	if err := in.problem(); err != nil {
		return err
	}
	done, err := takeReader(h)
	if err != nil {
		return err
	}
	defer done()
	found, err := h.opts.Subjects.Subject(r.Context(), in.ask)
	if err != nil {
		return err
	}
	if err := h.reads(who, Reading{
		Verb: VerbSubject, Asked: asked, From: in.ask.From, To: in.ask.To, Subjects: found.Subjects, Form: found.Form,
		Records: &found.Records,
	}); err != nil {
		return err
	}
	return replyExact(w, http.StatusOK, found.Answer)
}

// subjectReader reads whom somebody asks about.
type subjectReader struct {
	reader
	ask SubjectAsk
}

// read reads the body, and returns the names of what is asked about.
func (b *subjectReader) read(v gjson.Result) (asked []string) {
	person := newAct(nil)
	members(v, nil, &b.faults, "ids, country, subject, from, to, begin, limit, and members of records",
		func(name string, v gjson.Result, at *place) bool {
			switch name {
			case "ids":
				b.ids(&person, v, at)
			case "country":
				person.country = b.countryOf(v, at)
				return true
			case "subject":
				if hash, ok := readHash(v, at, &b.faults); ok {
					b.ask.Hash = &hash
				}
			case "from":
				b.ask.From = instant(v, at, &b.faults)
				return true
			case "to":
				b.ask.To = instant(v, at, &b.faults)
				return true
			case "begin":
				b.ask.Begin = number(v, at, &b.faults)
			case "limit":
				if n := number(v, at, &b.faults); n < 1 || n > mostRecords {
					b.at(at, "a whole number from 1 to %d is right", mostRecords)
				} else {
					b.ask.Limit = int(n)
				}
				return true
			default:
				if !slices.Contains(recordMembers, name) {
					return false
				}
				b.ask.Members[name] = readText(v, at, &b.faults, longestValue)
			}
			asked = append(asked, name)
			return true
		})
	b.understand(&person)
	b.ask.IDs = person.IDs
	switch given := len(b.ask.IDs) > 0; {
	case len(b.all) > 0:
	case given == (b.ask.Hash != nil):
		b.at(nil, "one of ids and subject is wanted: about whom is it asked?")
	}
	return asked
}

// readHash reads a subject's hash.
func readHash(v gjson.Result, at *place, f *faults) (hash [16]byte, ok bool) {
	text := readText(v, at, f, 32)
	n, err := hex.Decode(hash[:], []byte(text[:min(len(text), 32)]))
	if text != "" && (err != nil || n != len(hash)) {
		f.at(at, "it is no subject's hash: 32 hexadecimal digits are, as records have it")
		return hash, false
	}
	return hash, text != ""
}

// instant reads a time.
func instant(v gjson.Result, at *place, f *faults) time.Time {
	text := readText(v, at, f, 64)
	t, err := time.Parse(time.RFC3339, text)
	if text != "" && err != nil {
		f.at(at, "it is no time: 2026-12-01T12:00:00Z is")
	}
	return t
}
