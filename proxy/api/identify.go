package api

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

// single are the headers that may be given once: of two, nobody could tell which one counts.
var single = []string{"Authorization", "Idempotency-Key", "Content-Type"}

// identify says who calls, and whether that may. A right token is let in however many wrong ones came from where it comes from.
func (c *console) identify(r *http.Request, role Role) (caller, error) {
	for _, name := range single {
		if len(r.Header.Values(name)) > 1 {
			c.opts.Refused("ambiguous")
			return caller{}, problemOf(http.StatusBadRequest, "ambiguous", "the header "+name+" is given twice: give it once")
		}
	}
	if c.opts.Operator {
		return caller{"operator", true}, nil
	}
	if role == anybody {
		return caller{}, nil
	}
	scheme, bearer, found := strings.Cut(r.Header.Get("Authorization"), " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return caller{}, problemOf(http.StatusUnauthorized, "unauthorized", "give a token: Authorization: Bearer tw_...; `tagwarden token create` makes one")
	}
	token, err := c.opts.Tokens.Use(strings.TrimSpace(bearer), c.opts.Now())
	if err != nil {
		return caller{}, c.turnAway(r)
	}
	if token.unsaved != nil {
		c.opts.Report("the day of a token's use could not be kept", token.unsaved)
	}
	if !slices.Contains(token.Roles, role) {
		return caller{}, problemOf(http.StatusForbidden, "forbidden", "the token has not the role "+string(role))
	}
	return caller{name: token.Name}, nil
}

// turnAway refuses a wrong token.
func (c *console) turnAway(r *http.Request) *Problem {
	if wait := c.wrong.take(sourceOf(r), c.opts.Now()); wait > 0 {
		c.opts.Refused("too_many")
		p := problemOf(http.StatusTooManyRequests, "too-many", "too many wrong tokens came from this address: one that is right is taken all the same")
		p.retry = wait
		return p
	}
	c.opts.Refused("wrong_token")
	return problemOf(http.StatusUnauthorized, "unauthorized", "the token is not known, or no longer valid")
}

// assessments tells how the assessments stand: GET /assessments.
func (c *console) assessments(w http.ResponseWriter, _ *http.Request, _ caller) error {
	if c.opts.Assessments == nil {
		return missing("there are no assessments here")
	}
	all := c.opts.Assessments(c.opts.Now())
	if all == nil {
		return errors.New("assessments cannot be told")
	}
	return reply(w, all)
}
