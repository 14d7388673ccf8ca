package api

import (
	"encoding/hex"
	"errors"
	"net/http"
	"slices"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// LogSubject is how the forwarding log names a person: by hashes, of each form that an identifier may be known in.
type LogSubject struct {
	Hashes []string `json:"hashes"` // in hexadecimal, as records have them
}

// LogSubjects are those of several persons, in the order asked for.
type LogSubjects struct {
	Subjects []LogSubject `json:"subjects"`
}

// logSubjects says how the log names persons: POST /ledger/subjects/hashes. It is asked as /objections/check is.
func logSubjects(h *handler, w http.ResponseWriter, r *http.Request, _ caller) error {
	if h.opts.Hashes == nil {
		return missing("there are no keys here")
	}
	v, err := readJSON(w, r, mostBody)
	if err != nil {
		return err
	}
	f := reader{country: h.opts.PhoneCountry}
	acts, places, batch := f.people(v)
	if err := f.problem(); err != nil {
		return err
	}
	out := LogSubjects{make([]LogSubject, len(acts))}
	for i := range acts {
		subjects, err := h.opts.Hashes(acts[i].IDs)
		if fault, ok := errors.AsType[*objection.Fault](err); ok {
			f.at(places[i].member("ids"), "%s", fault.Error())
		} else if err != nil {
			return err
		}
		all := []string{}
		for k := range subjects {
			all = append(all, hex.EncodeToString(subjects[k].Ledger[:]))
		}
		slices.Sort(all)
		out.Subjects[i].Hashes = slices.Compact(all)
	}
	if err := f.problem(); err != nil {
		return err
	}
	if !batch {
		return reply(w, out.Subjects[0])
	}
	return reply(w, out)
}
