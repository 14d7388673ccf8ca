package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/tidwall/gjson"
)

// Audits holds the forwarding log against the policy that it was written by. One is under way at a time. What it is asked
// wrongly is a *[problem.Document].
type Audits interface {
	// Start begins one, which goes on when the call has ended. Where one is under way the problem's status is 409.
	Start(ctx context.Context, who string, of AuditAsk) (AuditState, error)
	// State is how the one that was begun last stands.
	State() AuditState
}

// AuditAsk says what is to be looked at.
type AuditAsk struct {
	From, To time.Time // To is not included; zero: not bounded
}

// The states of an audit.
const (
	AuditNone    = "none" // none was begun since the server started
	AuditRunning = "running"
	AuditDone    = "done"
	AuditFailed  = "failed"
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

// startAudit begins an audit: POST /ledger/audit with from and to.
func startAudit(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Audits == nil {
		return notHere("the log is not audited here")
	}
	if err := parametersOf(r).problem(); err != nil {
		return err
	}
	var f faults
	var of AuditAsk
	err := h.small(w, r, &f, "from, to", func(member string, v gjson.Result, at *place) bool {
		switch member {
		case "from":
			of.From = instant(v, at, &f)
		case "to":
			of.To = instant(v, at, &f)
		default:
			return false
		}
		return true
	})
	if err == nil && !of.From.IsZero() && !of.To.IsZero() && !of.From.Before(of.To) {
		f.at((*place)(nil).member("to"), "it is not later than from")
	}
	if err == nil {
		err = f.problem()
	}
	if err == nil {
		err = h.reads(who, Reading{Verb: VerbAudit, From: of.From, To: of.To})
	}
	if err != nil {
		return err
	}
	state, err := h.opts.Audits.Start(r.Context(), who.name, of)
	if err != nil {
		return err
	}
	return replyExact(w, http.StatusAccepted, state)
}

// auditState says how the audit stands, and what it found: GET /ledger/audit.
func auditState(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Audits == nil {
		return notHere("the log is not audited here")
	}
	if err := parametersOf(r).problem(); err != nil {
		return err
	}
	state := h.opts.Audits.State()
	if state.State == AuditDone {
		if err := h.reads(who, Reading{Verb: VerbAudit, Records: &state.Findings}); err != nil {
			return err
		}
	}
	return replyExact(w, http.StatusOK, state)
}
