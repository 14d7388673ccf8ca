package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// restart is how many seconds a caller is asked to wait for a store that needs somebody to look at it.
const restart = 60

// problemFor is the problem that an error is.
func problemFor(err error) *problem.Document {
	var p *problem.Document
	var fault *objection.Fault
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &fault):
		p = problem.New(http.StatusUnprocessableEntity, "invalid", "nothing was done")
		p.Faults = []problem.Fault{{Detail: fault.Error()}}
		return p
	case errors.Is(err, objection.ErrReused):
		return problem.New(http.StatusUnprocessableEntity, "key-reused",
			"the Idempotency-Key was used before, for another request: take a new one")
	case errors.Is(err, objection.ErrLong):
		return problem.New(http.StatusRequestEntityTooLarge, "too-large", err.Error())
	case errors.Is(err, objection.ErrUntold):
		p = problem.New(http.StatusServiceUnavailable, "unreached",
			"the other nodes of the cluster could not be told in time: it may be done all the same; try again")
		p.Retry = 1
		return p
	case errors.Is(err, objection.ErrFull):
		p = problem.New(http.StatusServiceUnavailable, "unavailable",
			"the disk is full: nothing was acknowledged, try again")
		p.Retry = restart
		return p
	case errors.Is(err, objection.ErrPoisoned), errors.Is(err, objection.ErrClosed),
		errors.Is(err, objection.ErrDamaged), errors.Is(err, objection.ErrGone):
		p = problem.New(http.StatusServiceUnavailable, "unavailable",
			"objections cannot be kept at the moment: nothing was acknowledged, try again")
		p.Retry = restart
		return p
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p = problem.New(http.StatusServiceUnavailable, "unfinished",
			"the call ended before it could be begun: try again with the same Idempotency-Key")
		p.Retry = 1
		return p
	default:
		return problem.New(http.StatusInternalServerError, "failed", "the call could not be carried out")
	}
}

// answer sends a problem.
func answer(w http.ResponseWriter, p *problem.Document) {
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="tagwarden"`)
	}
	p.Write(w)
}

// reply sends what a call came to.
func reply(w http.ResponseWriter, what any) error { return replyWith(w, http.StatusOK, what) }

func replyWith(w http.ResponseWriter, status int, what any) error {
	body, err := json.Marshal(what)
	if err != nil {
		return err
	}
	sendStatus(w, status, "application/json", append(body, '\n'))
	return nil
}

// replyExact sends what a call came to, with what is JSON already as it stands.
func replyExact(w http.ResponseWriter, status int, what any) error {
	var body bytes.Buffer
	to := json.NewEncoder(&body)
	to.SetEscapeHTML(false)
	if err := to.Encode(what); err != nil {
		return err
	}
	sendStatus(w, status, "application/json", body.Bytes())
	return nil
}

func send(w http.ResponseWriter, contentType string, body []byte) {
	sendStatus(w, http.StatusOK, contentType, body)
}

func sendStatus(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // never HTML, and said so (nosniff); who asked may be gone
}
