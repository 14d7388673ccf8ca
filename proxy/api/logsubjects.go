package api

import (
	"encoding/hex"
	"net/http"
	"slices"
)

// LogSubject is how the forwarding log names a person: by hashes, of each form that an identifier may be known in.
type LogSubject struct {
	Hashes []string `json:"hashes"`           // in hexadecimal, as records have them
	Detail string   `json:"detail,omitempty"` // why nothing is recorded by an identifier, of each that there is one for
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
	all, batch, err := ofPeople(h, w, r, func(who *act) (LogSubject, error) { return logSubject(h, who) })
	switch {
	case err != nil:
		return err
	case batch:
		return reply(w, LogSubjects{all})
	}
	return reply(w, all[0])
}

// logSubject is how the log names a person.
func logSubject(h *handler, who *act) (LogSubject, error) {
	subjects, err := h.opts.Hashes(who.IDs)
	all := []string{}
	for i := range subjects {
		all = append(all, hex.EncodeToString(subjects[i].Ledger[:]))
	}
	slices.Sort(all)
	return LogSubject{slices.Compact(all), who.unfound()}, err
}
