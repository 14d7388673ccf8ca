package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// Problem is an error as callers are told it (RFC 9457). It holds nothing of an identifier.
type Problem struct {
	Type   string  `json:"type"` // "urn:tagwarden:problem:" and a word of a closed list
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Detail string  `json:"detail"`
	Faults []Fault `json:"faults,omitempty"`

	retry int // seconds; 0: not said
}

// Fault is one thing that is wrong in a body.
type Fault struct {
	Pointer string `json:"pointer"` // where, as a JSON pointer (RFC 6901); "" is the whole
	Detail  string `json:"detail"`  // what is wrong, and what would be right
}

// Error says what is wrong.
func (p *Problem) Error() string {
	if len(p.Faults) == 0 {
		return p.Detail
	}
	var lines []string
	for _, f := range p.Faults {
		lines = append(lines, strings.TrimPrefix(f.Pointer+": ", ": ")+f.Detail)
	}
	return p.Detail + ": " + strings.Join(lines, "; ")
}

// problemType begins the type of every problem.
const problemType = "urn:tagwarden:problem:"

func problemOf(status int, kind, detail string) *Problem {
	return &Problem{Type: problemType + kind, Title: http.StatusText(status), Status: status, Detail: detail}
}

// restart is how many seconds a caller is asked to wait for a store that needs somebody to look at it.
const restart = 60

// problemFor is the problem that an error is.
func problemFor(err error) *Problem {
	var p *Problem
	var fault *objection.Fault
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &fault):
		p = problemOf(http.StatusUnprocessableEntity, "invalid", "nothing was done")
		p.Faults = []Fault{{Detail: fault.Error()}}
		return p
	case errors.Is(err, objection.ErrReused):
		return problemOf(http.StatusUnprocessableEntity, "key-reused", "the Idempotency-Key was used before, for another request: take a new one")
	case errors.Is(err, objection.ErrFull):
		p = problemOf(http.StatusServiceUnavailable, "unavailable", "the disk is full: nothing was acknowledged, try again")
		p.retry = restart
		return p
	case errors.Is(err, objection.ErrPoisoned), errors.Is(err, objection.ErrClosed), errors.Is(err, objection.ErrDamaged), errors.Is(err, objection.ErrGone):
		p = problemOf(http.StatusServiceUnavailable, "unavailable", "objections cannot be kept at the moment: nothing was acknowledged, try again")
		p.retry = restart
		return p
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p = problemOf(http.StatusServiceUnavailable, "unfinished", "the call ended before it could be begun: try again with the same Idempotency-Key")
		p.retry = 1
		return p
	default:
		return problemOf(http.StatusInternalServerError, "failed", "the call could not be carried out")
	}
}

// answer sends a problem.
func answer(w http.ResponseWriter, p *Problem) {
	if p.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.retry))
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="tagwarden"`)
	}
	send(w, p.Status, ProblemType, p.text())
}

// ProblemType is the media type of a problem document.
const ProblemType = "application/problem+json"

// ProblemText is a problem document, for an error that was found before a call could be read.
func ProblemText(status int, kind, detail string) []byte {
	return problemOf(status, kind, detail).text()
}

func (p *Problem) text() []byte {
	body, err := json.Marshal(p)
	if err != nil {
		panic("BUG: a problem is no JSON: " + err.Error())
	}
	return append(body, '\n')
}

// reply sends what a call came to.
func reply(w http.ResponseWriter, what any) error {
	body, err := json.Marshal(what)
	if err != nil {
		return err
	}
	send(w, http.StatusOK, "application/json", append(body, '\n'))
	return nil
}

func send(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // who asked may be gone
}
