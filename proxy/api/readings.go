package api

import (
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// The ways in which the forwarding log is read.
const (
	VerbRetention = "retention" // what is kept, and what for too long, was shown
	VerbSearch    = "search"    // records that fit were shown
	VerbRecord    = "record"    // one record was
	VerbProve     = "prove"     // one record was, with a proof
	VerbWhy       = "why"       // it was judged again what one record says
	VerbSubject   = "subject"   // what was recorded about one person was shown
	VerbTail      = "tail"      // the newest records were, and perhaps what is written from then on
	VerbExport    = "export"    // the log was written to a folder or sent elsewhere
	VerbAudit     = "audit"     // the log was held against the policy
	VerbTap       = "tap"       // events were shown as they came, of which the log keeps decisions
)

// Verbs lists them.
func Verbs() []string {
	return []string{
		VerbSearch, VerbRecord, VerbProve, VerbWhy, VerbSubject, VerbTail, VerbExport, VerbAudit, VerbRetention, VerbTap,
	}
}

// What the log may be read through.
const (
	ThroughHTTP    = "http"    // the admin listener, with a token
	ThroughSocket  = "socket"  // a command, while the server runs
	ThroughCommand = "command" // a command that has the data folder to itself
)

// Reading is that somebody reads the forwarding log. It holds nothing of whom one asked about but hashes.
type Reading struct {
	By       string     // the token's name, or "operator"
	Verb     string     // one of Verbs
	Through  string     // ThroughHTTP, ThroughSocket or ThroughCommand
	Asked    []string   // the names of the members that were asked about
	From, To time.Time  // zero: not asked about
	Number   *uint64    // the one record that was asked for
	Subjects [][16]byte // whom it was about, under the log's own key
	Form     uint8      // the normal form that they were hashed in
	Records  *int       // how many records were shown; nil: that is not known yet, and End says it
}

// Readings has it recorded that the log is read. It is safe for concurrent use.
type Readings interface {
	// Begin records a reading: when it returns nil, that is on disk, and something may be shown. The id is what End names
	// it by.
	Begin(of Reading) (id string, err error)
	// End records how many records were shown of a reading of which that was not known.
	End(id, by string, records int) error
}

// reads has a reading recorded; what is asked for may be answered when it returns nil.
func (h *handler) reads(who caller, of Reading) error {
	_, err := h.begins(who, of)
	return err
}

func (h *handler) begins(who caller, of Reading) (id string, err error) {
	if h.opts.Readings == nil {
		return "", missing("it cannot be recorded here that the log is read: it is not shown")
	}
	by := by(h, who)
	of.By, of.Through = by.Name, by.Through
	slices.Sort(of.Asked)
	if id, err = h.opts.Readings.Begin(of); err != nil {
		return "", unrecorded(h, err)
	}
	return id, nil
}

// by is who calls, and by which way.
func by(h *handler, who caller) access.By {
	switch {
	case !who.operator:
		return access.By{Name: who.name, Through: ThroughHTTP}
	case h.opts.Alone:
		return access.By{Name: who.name, Through: ThroughCommand}
	default:
		return access.By{Name: who.name, Through: ThroughSocket}
	}
}

func unrecorded(h *handler, err error) *problem.Document {
	h.opts.Report("that the log is read cannot be recorded: it is not shown", err)
	return unavailable("it cannot be recorded at the moment that the log is read: nothing is shown, try again")
}

// unavailable says what cannot be done at the moment, and may be soon.
func unavailable(why string) *problem.Document {
	p := problem.New(http.StatusServiceUnavailable, "unavailable", why)
	p.Retry = restart
	return p
}

// ReadingBegun names a reading.
type ReadingBegun struct {
	Reading string `json:"reading"`
}

// readingID is how readings are named.
var readingID = regexp.MustCompile(`^[0-9a-f]{16}$`)

// beginReading has it recorded that a command reads the log's files: POST /ledger/readings with verb, asked, from, to,
// number.
func beginReading(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	var f faults
	var of Reading
	const known = "verb, asked, from, to, number, subjects, form, records"
	err := h.small(w, r, &f, known, func(member string, v gjson.Result, at *place) bool {
		switch member {
		case "verb":
			if of.Verb = readText(v, at, &f, 64); of.Verb != "" && !slices.Contains(Verbs(), of.Verb) {
				f.at(at, "it is no way of reading the log")
			}
		case "asked":
			list(v, at, &f, 1, 64, func(v gjson.Result, at *place) {
				if name := readText(v, at, &f, 64); name != "" && shown(name) == "" {
					f.at(at, "it is no member's name")
				} else if !slices.Contains(of.Asked, name) {
					of.Asked = append(of.Asked, name)
				}
			})
		case "from":
			of.From = instant(v, at, &f)
		case "to":
			of.To = instant(v, at, &f)
		case "number":
			n := number(v, at, &f)
			of.Number = &n
		case "subjects":
			list(v, at, &f, 1, mostIDs, func(v gjson.Result, at *place) {
				if hash, ok := readHash(v, at, &f); ok {
					of.Subjects = append(of.Subjects, hash)
				}
			})
		case "form":
			of.Form = uint8(min(number(v, at, &f), 255)) // it is in bounds
		case "records":
			n := int(number(v, at, &f)) // number reads 53 bits
			of.Records = &n
		default:
			return false
		}
		return true
	})
	if err != nil {
		return err
	}
	if of.Verb == "" && len(f.all) == 0 {
		f.at((*place)(nil).member("verb"), "it is missing: how is the log read?")
	}
	if err := f.problem(); err != nil {
		return err
	}
	id, err := h.begins(who, of)
	if err != nil {
		return err
	}
	return reply(w, ReadingBegun{id})
}

// endReading has it recorded how many records a command showed: POST /ledger/readings/end with reading and records.
func endReading(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Readings == nil {
		return missing("it cannot be recorded here that the log is read")
	}
	var f faults
	var id string
	var records int
	err := h.small(w, r, &f, "reading, records", func(member string, v gjson.Result, at *place) bool {
		switch member {
		case "reading":
			if id = readText(v, at, &f, 64); id != "" && !readingID.MatchString(id) {
				f.at(at, "it names no reading")
			}
		case "records":
			records = int(number(v, at, &f)) // number reads 53 bits
		default:
			return false
		}
		return true
	})
	if err == nil && id == "" && len(f.all) == 0 {
		f.at((*place)(nil).member("reading"), "it is missing: which reading ended?")
	}
	if err == nil {
		err = f.problem()
	}
	if err != nil {
		return err
	}
	if err := h.opts.Readings.End(id, who.name, records); err != nil {
		return unrecorded(h, err)
	}
	return reply(w, struct{}{})
}
