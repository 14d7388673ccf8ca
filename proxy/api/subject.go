package api

import (
	"context"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// Subjects is what the API asks of the forwarding log about one person. What it is asked wrongly is a
// *[objection.Fault] of its identifiers, a *[query.Fault] or a *[problem.Document].
type Subjects interface {
	Subject(context.Context, SubjectAsk) (SubjectAnswer, error)
}

// SubjectAsk says about whom one asks, and of when.
type SubjectAsk struct {
	Given        []objection.ID // all of one person, as they were given; nil: hashes alone were
	IDs          []objection.ID // what events may carry of them
	Hashes       []string       // as records have them, those of the identifiers included
	Since, Until time.Time      // Until is not included; zero: not asked about
	Nobody       string         // why nothing is recorded by an identifier that was given; "": there is no reason
}

// SubjectAnswer is what is known of a person.
type SubjectAnswer struct {
	Answer  any // as JSON has it
	Records int // how many records it is made of
}

// subjectWords are what is said of a person beside identifiers.
var subjectWords = []string{query.Subject, "since", "until", "from", "to"}

// subject says what was recorded about one person: POST /ledger/subject, since
// identifiers do not belong into addresses.
func subject(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Subjects == nil {
		return notHere("it cannot be asked here what was recorded about one person")
	}
	in := &asker{h: h, words: subjectWords}
	asked, err := askedInBody(w, r, who, in)
	if err != nil {
		return err
	}
	_, hashes := asked.Asks()
	if len(hashes) == 0 {
		in.at(nil, "ids is missing, or subject: about whom is it asked?")
		return in.problem()
	}
	done, err := takeReader(h)
	if err != nil {
		return err
	}
	defer done()
	found, err := h.opts.Subjects.Subject(r.Context(), SubjectAsk{
		in.given, in.person.IDs, hashes, asked.Since, asked.Until, in.person.unfound(),
	})
	if err != nil {
		return err
	}
	of := Reading{Verb: VerbSubject, From: asked.Since, To: asked.Until, Records: &found.Records}
	of.asks(&asked.Question)
	if err := h.reads(who, of); err != nil {
		return err
	}
	return replyExact(w, http.StatusOK, found.Answer)
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
