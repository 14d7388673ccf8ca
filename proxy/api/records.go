package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// Records is what the API asks of the forwarding log's records. What it is asked wrongly, and what is not there, is a
// *[problem.Document]. It is safe for concurrent use.
type Records interface {
	// Search finds the records that fit, oldest first. It reads no more than it can in a few seconds, and says how far it
	// came.
	Search(context.Context, RecordsAsk) (RecordsPage, error)
	// Record is one record's line. Of one that is gone the problem says so, and which record tells it.
	Record(ctx context.Context, number uint64) ([]byte, error)
	// Proof is a file that proves that a record is in the log, as `tagwarden logs check-proof` reads it.
	Proof(ctx context.Context, number uint64) ([]byte, error)
}

// RecordsAsk says which records are wanted. Its limit is that of a page.
type RecordsAsk struct {
	query.Question
	Wide bool // what records name is wanted beside them

	unfound string // what is said where there are none
}

// RecordsPage are records that fit.
type RecordsPage struct {
	Records  []NumberedRecord `json:"records"`
	Examined uint64           `json:"examined"`       // how many were looked at
	Of       uint64           `json:"of"`             // how many the log has
	Damaged  int              `json:"damaged"`        // places that cannot be read, and were passed over
	Whole    bool             `json:"whole"`          // all were looked at that were asked about
	Next     uint64           `json:"next,omitempty"` // where it goes on, as begin, where not

	Detail string `json:"detail,omitempty"` // where there are none: why nothing is recorded by who is asked about
}

// NumberedRecord is a record as it stands in the log, and its number.
type NumberedRecord struct {
	Number uint64            `json:"number"`
	Record json.RawMessage   `json:"record"`
	Parts  []json.RawMessage `json:"parts,omitempty"` // the records that go on with it, where its fact takes several
	Shape  *RecordShape      `json:"shape,omitempty"` // that it names, where that was asked for
	Rungs  json.RawMessage   `json:"rungs,omitempty"` // likewise: the record of the rungs
}

// RecordShape is which fields of an event were kept, changed and dropped.
type RecordShape struct {
	ID      string   `json:"id"`
	Kept    []string `json:"kept"`
	Changed []string `json:"changed"`
	Dropped []string `json:"dropped"`
}

// mostSearches is how many calls read the log's records at once.
const mostSearches = 4

// takeReader takes a place among the calls that read the log, which done gives back.
func takeReader(h *handler) (done func(), err error) {
	select {
	case h.readers <- struct{}{}:
		return func() { <-h.readers }, nil
	default:
		p := problem.New(http.StatusTooManyRequests, "busy", "too many calls read the log: try again in a moment")
		p.Retry = 1
		return nil, p
	}
}

// mostNumber is the highest number that a record may have: a JSON number is exact up to it.
const mostNumber = 1<<53 - 1

// recordNumber is how the number of a record is written in an address.
var recordNumber = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,15})$`)

// numberOf is the number of a record that a call names.
func numberOf(r *http.Request) (uint64, error) {
	_, text := pathOf(strings.TrimPrefix(r.URL.Path, Base))
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n > mostNumber || !recordNumber.MatchString(text) {
		return 0, problem.New(http.StatusBadRequest, "parameter", "that is no number of a record: 17 is right")
	}
	return n, nil
}

// shows answers with what is to be said of one record, once it is recorded that somebody asked.
func shows(
	h *handler, w http.ResponseWriter, r *http.Request, who caller, verb string,
	of func(context.Context, uint64) (any, error),
) error {
	number, err := numberOf(r)
	if err == nil {
		err = parametersOf(r).problem()
	}
	if err != nil {
		return err
	}
	done, err := takeReader(h)
	if err != nil {
		return err
	}
	defer done()
	found, err := of(r.Context(), number)
	if p, is := errors.AsType[*problem.Document](err); err != nil && (!is || p.Status != http.StatusNotFound) {
		return err // nothing is told of any record
	}
	n := 0
	if err == nil {
		n = 1
	}
	if failed := h.reads(who, Reading{Verb: verb, Number: &number, Records: &n}); failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	if text, is := found.([]byte); is {
		send(w, "application/json", text)
		return nil
	}
	return replyExact(w, http.StatusOK, found)
}

// oneRecord shows a record: GET /ledger/records/{n}.
func oneRecord(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Records == nil {
		return notHere("the log's records are not read here")
	}
	return shows(h, w, r, who, VerbRecord, func(ctx context.Context, number uint64) (any, error) {
		line, err := h.opts.Records.Record(ctx, number)
		return NumberedRecord{Number: number, Record: line}, err
	})
}

// proof makes a proof of a record: GET /ledger/records/{n}/proof.
func proof(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Records == nil {
		return notHere("the log's records are not read here")
	}
	return shows(h, w, r, who, VerbProve, func(ctx context.Context, number uint64) (any, error) {
		return h.opts.Records.Proof(ctx, number)
	})
}

// why judges again what a record says: GET /ledger/records/{n}/why.
func why(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Why == nil {
		return notHere("records are not judged again here")
	}
	return shows(h, w, r, who, VerbWhy, h.opts.Why)
}

// notHere says that a part is not there at which a call looks.
func notHere(detail string) *problem.Document {
	return problem.New(http.StatusNotFound, "missing", detail)
}

// Gone says that the line of a record is not there any more, and which record tells why, where one does.
func Gone(number uint64, by *uint64) *problem.Document {
	detail := fmt.Sprintf("the line of record %d is gone, and no record says that it was erased", number)
	if by != nil {
		detail = fmt.Sprintf("record %d was erased, which record %d says: its hash stays, and /ledger/records/%d/proof "+
			"proves both", number, *by, number)
	}
	return problem.New(http.StatusNotFound, "erased", detail)
}

// Unknown says that there is no record of a number.
func Unknown(number, next uint64) *problem.Document {
	return problem.New(http.StatusNotFound, "unknown",
		fmt.Sprintf("there is no record %d: the newest is %d", number, max(next, 1)-1))
}

// pathOf is a path with {n} in place of the number of a record, and what stands there.
func pathOf(path string) (pattern, number string) {
	steps := strings.Split(path, "/")
	if len(steps) < 4 || len(steps) > 5 || !slices.Equal(steps[:3], []string{"", "ledger", "records"}) {
		return path, ""
	}
	number = steps[3]
	steps[3] = "{n}"
	return strings.Join(steps, "/"), number
}
