package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// single are the headers that may be given once: of two, nobody could tell which one counts.
var single = []string{"Authorization", "Idempotency-Key", "Content-Type"}

// Why a call is not let in.
const (
	Ambiguous  = "ambiguous"   // a header stands twice
	WrongToken = "wrong_token" // no token is that, or it ended
	TooMany    = "too_many"    // wrong ones came from one address
	Forbidden  = "forbidden"   // the token is right, and not for that
)

// Refused is a call that was not let in. It holds nothing of where it came from.
type Refused struct {
	Why        string            // one of the words above
	Permission access.Permission // of Forbidden: what was wanted
	By         string            // of Forbidden: the token's name
}

// identify says who calls, and whether that may. A right token is let in however many wrong ones came from where it
// comes from.
func (h *handler) identify(r *http.Request, may access.Permission) (caller, error) {
	for _, name := range single {
		if len(r.Header.Values(name)) > 1 {
			h.opts.Refused(Refused{Why: Ambiguous})
			return caller{}, problem.New(http.StatusBadRequest, "ambiguous",
				"the header "+name+" is given twice: give it once")
		}
	}
	if h.opts.Operator {
		return caller{name: "operator", operator: true}, nil
	}
	if may == anybody {
		return caller{}, nil
	}
	scheme, bearer, found := strings.Cut(r.Header.Get("Authorization"), " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return caller{}, problem.New(http.StatusUnauthorized, "unauthorized",
			"give a token: Authorization: Bearer tw_...; `tagwarden token create` makes one")
	}
	token, err := h.opts.Tokens.Use(strings.TrimSpace(bearer), h.opts.Now())
	if err != nil {
		return caller{}, h.turnAway(r)
	}
	if token.Unsaved != nil {
		h.opts.Report("the day of a token's use could not be kept", token.Unsaved)
	}
	who := caller{name: token.Name, token: &token}
	if err := allows(h, who, may); err != nil {
		return caller{}, err
	}
	return who, nil
}

// allows tells whether who calls may do something: the error is a problem that names the permission, and the roles that
// have it.
func allows(h *handler, who caller, may access.Permission) error {
	if who.token == nil || who.token.May(may) {
		return nil
	}
	h.opts.Refused(Refused{Forbidden, may, who.name})
	return problem.New(http.StatusForbidden, "forbidden", fmt.Sprintf(
		"the token lacks the permission %s: a token with one of these roles has it: %s", may, access.RolesWith(may)))
}

// turnAway refuses a wrong token.
func (h *handler) turnAway(r *http.Request) *problem.Document {
	if wait := h.wrong.Take(r.RemoteAddr, h.opts.Now()); wait > 0 {
		h.opts.Refused(Refused{Why: TooMany})
		p := problem.New(http.StatusTooManyRequests, "too-many",
			"too many wrong tokens came from this address: one that is right is taken all the same")
		p.Retry = wait
		return p
	}
	h.opts.Refused(Refused{Why: WrongToken})
	return problem.New(http.StatusUnauthorized, "unauthorized", "the token is not known, or no longer valid")
}

// assessments tells how the assessments stand: GET /assessments.
func (h *handler) assessments(w http.ResponseWriter, _ *http.Request, _ caller) error {
	if h.opts.Assessments == nil {
		return missing("there are no assessments here")
	}
	all := h.opts.Assessments(h.opts.Now())
	if all == nil {
		return errors.New("assessments cannot be told")
	}
	return reply(w, all)
}
