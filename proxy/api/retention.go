package api

import (
	"context"
	"net/http"
	"regexp"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// Eraser is what the API asks of how long the log's records are kept. What it is
// asked wrongly is a *[problem.Document].
type Eraser interface {
	Erase(ctx context.Context, who string, of EraseAsk) (Erased, error)
	Retention(ctx context.Context) (Retention, error)
}

// EraseAsk says about whom records of events are to go, and why.
type EraseAsk struct {
	IDs      []objection.ID
	Subjects []string // hashes as records name them, in hexadecimal
	Because  string
	Trial    bool
}

// Erased is what went, or would.
type Erased struct {
	Trial    bool   `json:"dry_run"`
	Request  string `json:"request,omitempty"` // what the records of it call it
	Ended    int    `json:"ended"`             // events that waited for their vendors, or were parked
	Records  uint64 `json:"records"`           // of events
	Segments int    `json:"segments"`          // that they stood in
	Waiting  uint64 `json:"not_ended"`         // records that stay, since their event is under way: ask again
	Left     int    `json:"segments_left"`     // of which lines go when no copy is under way any more
	Acts     int    `json:"acts"`              // records of what the person objected to, or took back: they stay
	Readings int    `json:"readings"`          // records of who asked the log about the person: they stay, too
	// of the data folder, as the log names them: these hold the records still
	Copies []string `json:"copies_made_earlier"`

	Queue *ErasedQueue `json:"queue,omitempty"` // that nodes of a cluster share; nil: there is none

	Detail string `json:"detail,omitempty"` // where there were none: why nothing is recorded by who is asked about
}

// ErasedQueue is how far an erasure has come in the queue that nodes of a cluster share. It goes on by itself.
type ErasedQueue struct {
	Unasked bool     `json:"unasked,omitempty"` // nobody serves here: ask a node that does
	Nodes   []string `json:"nodes"`             // that have not said yet that they hold nothing of the person any more
	// that were there, and are still: what is in them of the person does not leave
	Messages uint64 `json:"messages"`
}

// Retention is what is kept, and what is not to be any more.
type Retention struct {
	Kept    string     `json:"kept"`        // for how long, as the configuration says; "" for good
	Counts  *time.Time `json:"counts_from"` // from when on that counts; nil: it is not recorded yet
	Records uint64     `json:"records"`     // all, with those whose lines went
	// of the segments that are there, when the first record was written
	Oldest   *time.Time        `json:"oldest"`
	Segments int               `json:"segments"`         // that are there
	Deleted  uint64            `json:"deleted_before"`   // records before this number went with their segments
	Retain   *RetentionSpan    `json:"retain"`           // nil: no segment is deleted
	Windows  []RetentionWindow `json:"windows"`          // as the configuration has them
	Next     *time.Time        `json:"next"`             // when windows are applied next; nil: at the next start
	Overdue  []RetentionLate   `json:"overdue"`          // what should have gone, and why it has not
	Erasing  int               `json:"segments_erasing"` // of which lines are to go, and have not gone
}

// RetentionSpan is what goes with its segments.
type RetentionSpan struct {
	Before   time.Time `json:"before"`
	Segments int       `json:"segments"` // the next pass deletes
	Records  uint64    `json:"records"`
}

// RetentionWindow is what goes by a window.
type RetentionWindow struct {
	Window   string    `json:"window"`
	Retain   string    `json:"retain"`
	Before   time.Time `json:"before"`
	Records  uint64    `json:"records"` // the next pass has go
	Segments int       `json:"segments"`
	NotEnded uint64    `json:"not_ended"` // that are older, and stay until their event has ended
}

// RetentionLate is what should have gone.
type RetentionLate struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// subjectHash is how records name whom they are about.
var subjectHash = regexp.MustCompile(`^[0-9a-f]{32}$`)

// eraseRecords has records of events about a person go: POST /ledger/erase with ids or subjects,
// because, and dry_run where they are to stay.
func eraseRecords(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Eraser == nil {
		return missing("no log is kept here")
	}
	v, err := readJSON(w, r)
	if err != nil {
		return err
	}
	b := reader{country: h.opts.PhoneCountry}
	of, a := EraseAsk{}, newAct(nil)
	members(v, nil, &b.faults, "ids, subjects, country, because, dry_run",
		func(name string, v gjson.Result, at *place) bool {
			switch name {
			case "ids":
				b.ids(&a, v, at)
			case "subjects":
				list(v, at, &b.faults, 1, mostIDs, func(v gjson.Result, at *place) {
					text := readText(v, at, &b.faults, 64)
					if text != "" && !subjectHash.MatchString(text) {
						b.at(at, "it is no hash as records name one: 32 hexadecimal digits are")
					}
					of.Subjects = append(of.Subjects, text)
				})
			case "country":
				a.country = b.countryOf(v, at)
			case "because":
				of.Because = readText(v, at, &b.faults, longestWhy)
			case "dry_run":
				of.Trial = truth(v, at, &b.faults)
			default:
				return false
			}
			return true
		})
	b.understand(&a)
	of.IDs = a.IDs
	switch {
	case len(b.all) > 0:
	case len(of.IDs)+len(of.Subjects) == 0:
		b.at(nil, "ids and subjects are missing: whose records are to go?")
	case of.Because == "" && !of.Trial:
		b.at((*place)(nil).member("because"), "it is missing: why do they go, and who asked for that?")
	}
	if err := b.problem(); err != nil {
		return err
	}
	done, err := h.opts.Eraser.Erase(r.Context(), who.name, of)
	if err != nil {
		return err
	}
	if done.Records == 0 && done.Ended == 0 && done.Acts == 0 {
		done.Detail = a.unfound()
	}
	if done.Copies == nil {
		done.Copies = []string{}
	}
	return reply(w, done)
}

// retention says what is kept, since when, and what for longer than it should be: GET /ledger/retention.
func retention(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Eraser == nil {
		return notHere("it cannot be asked here what is kept")
	}
	if err := parametersOf(r).problem(); err != nil {
		return err
	}
	of, err := h.opts.Eraser.Retention(r.Context())
	if err == nil {
		err = h.reads(who, Reading{Verb: VerbRetention})
	}
	if err != nil {
		return err
	}
	return reply(w, of)
}

// Late adds what should have gone, and why it has not.
func (r *Retention) Late(what, why string) { r.Overdue = append(r.Overdue, RetentionLate{what, why}) }
