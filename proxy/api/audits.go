package api

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger/query"
)

// Audits holds the forwarding log against the policy that it was written by. One is under way at a time,
// and it ends when whoever began it asks for it no more. What it is asked wrongly is a
// *[problem.Document]. It is safe for concurrent use.
type Audits interface {
	// Start begins one, which goes on when the call has ended. Where one is under way the problem's status is 409.
	Start(who string, of AuditAsk) (AuditState, error)
	// State is how the one stands that was begun last.
	State(who string) AuditState
	// Stop ends the one that is under way, where that is who's. Of somebody else's the problem's status is 409.
	Stop(who string) (AuditState, error)
}

// AuditAsk says what is to be looked at.
type AuditAsk struct {
	Since, Until time.Time // Until is not included; zero: not bounded
}

// The states of an audit.
const (
	AuditNone    = "none" // none was begun since the server started
	AuditRunning = "running"
	AuditDone    = "done"
	AuditFailed  = "failed"
	AuditStopped = "stopped" // whoever began it stopped it, or asked for it no more
)

// AuditState is how an audit stands.
type AuditState struct {
	State    string          `json:"state"`
	By       string          `json:"by,omitempty"` // who began it
	Began    *time.Time      `json:"began,omitempty"`
	Ended    *time.Time      `json:"ended,omitempty"`
	Examined uint64          `json:"examined"` // records that were looked at
	Of       uint64          `json:"of"`       // and are to be
	Why      string          `json:"why,omitempty"`
	Findings int             `json:"findings"`
	Report   json.RawMessage `json:"report,omitempty"` // where it is done
}

// startAudit begins an audit: POST /ledger/audit with since and until.
func startAudit(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Audits == nil {
		return notHere("the log is not audited here")
	}
	if err := parametersOf(r).problem(); err != nil {
		return err
	}
	var f faults
	var of AuditAsk
	err := h.small(w, r, &f, "since, until", func(member string, v gjson.Result, at *place) bool {
		switch member {
		case "since":
			of.Since = passed(h, v, at, &f)
		case "until":
			of.Until = passed(h, v, at, &f)
		default:
			return false
		}
		return true
	})
	if err == nil && !of.Until.IsZero() && !of.Since.Before(of.Until) {
		f.at((*place)(nil).member("until"), "it is not later than since")
	}
	if err == nil {
		err = f.problem()
	}
	if err == nil {
		err = h.reads(who, Reading{Verb: VerbAudit, From: of.Since, To: of.Until})
	}
	if err != nil {
		return err
	}
	state, err := h.opts.Audits.Start(who.name, of)
	if err != nil {
		return err
	}
	return replyExact(w, http.StatusAccepted, state)
}

// passed reads a time as commands have it: RFC 3339, a day, or how long ago it was.
func passed(h *handler, v gjson.Result, at *place, f *faults) time.Time {
	text := readText(v, at, f, 64)
	if text == "" {
		return time.Time{}
	}
	t, err := query.ParseTime(text, h.opts.Now())
	if err != nil {
		f.at(at, "that is not right: %v", err)
	}
	return t
}

// auditState says how the audit stands, and what it found: GET /ledger/audit.
func auditState(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Audits == nil {
		return notHere("the log is not audited here")
	}
	if err := parametersOf(r).problem(); err != nil {
		return err
	}
	return answerAudit(h, w, who, h.opts.Audits.State(who.name))
}

// answerAudit says how an audit stands; what it found is shown once that is recorded.
func answerAudit(h *handler, w http.ResponseWriter, who caller, state AuditState) error {
	if state.State == AuditDone {
		if err := h.reads(who, Reading{Verb: VerbAudit, Records: &state.Findings}); err != nil {
			return err
		}
	}
	return replyExact(w, http.StatusOK, state)
}

// stopAudit ends one's audit: DELETE /ledger/audit.
func stopAudit(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Audits == nil {
		return notHere("the log is not audited here")
	}
	if err := parametersOf(r).problem(); err != nil {
		return err
	}
	state, err := h.opts.Audits.Stop(who.name)
	if err != nil {
		return err
	}
	return answerAudit(h, w, who, state)
}
