package api

import (
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/order"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// Progressed is how far an import has come.
type Progressed struct {
	Line uint64 `json:"line"`
}

// progress says how far a file has been imported: GET /objections/progress?file=DIGEST.
func (h *handler) progress(w http.ResponseWriter, r *http.Request, _ caller) error {
	if h.opts.Store == nil {
		return missing("objections are not kept here")
	}
	line, err := h.opts.Store.Progress(r.URL.Query().Get("file"))
	if err != nil {
		return err
	}
	return reply(w, Progressed{line})
}

// backup sends a copy of the store: GET /objections/backup. A copy that breaks off breaks the connection.
func (h *handler) backup(w http.ResponseWriter, r *http.Request, _ caller) error {
	if h.opts.Store == nil {
		return missing("objections are not kept here")
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := h.opts.Store.Backup(w); err != nil {
		if !errors.Is(err, io.ErrClosedPipe) { // whoever asked in this process reads no more, and says why
			h.opts.Report("a copy of the objections broke off", err)
		}
		panic(http.ErrAbortHandler) // what was sent must not be taken for the whole
	}
	return nil
}

// Key is what the hashes of the suppression feed are made with.
type Key struct {
	Key string `json:"key"` // 32 bytes in hexadecimal
}

// feedKey says with which key a tool makes the hashes of its own contacts: GET /objections/feed-key.
func (h *handler) feedKey(w http.ResponseWriter, _ *http.Request, _ caller) error {
	if h.opts.FeedKey == nil {
		return missing("there are no keys here")
	}
	key := h.opts.FeedKey()
	return reply(w, Key{hex.EncodeToString(key[:])})
}

// Link is a signed address at which its holder objects, or takes that back, without anything else.
type Link struct {
	URL string `json:"url"`
}

// Links are addresses in the order asked for.
type Links struct {
	Links []Link `json:"links"`
}

// links makes unsubscribe links: POST /objections/links. The body is that of an objection, or of a
// list of them; nothing is objected to.
func (h *handler) links(w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Link == nil {
		return missing("links cannot be signed here")
	}
	text, err := readBody(w, r, mostFile)
	if err != nil {
		return err
	}
	in := reader{
		list: "objections", most: mostImport, operator: who.operator, now: h.opts.Now(), country: h.opts.PhoneCountry,
	}
	if h.opts.Scopes != nil {
		in.scopes = h.opts.Scopes()
	}
	asked, err := in.read(text)
	if err != nil {
		return err
	}
	out := Links{make([]Link, 0, len(asked.acts))}
	for i := range asked.acts {
		one := &asked.acts[i]
		address, err := h.opts.Link(one.IDs, one.Change.Object, one.Change.Site)
		if fault, ok := errors.AsType[*objection.Fault](err); ok {
			fault.Act = i
			return placed(fault, asked)
		}
		if err != nil {
			return err
		}
		out.Links = append(out.Links, Link{address})
	}
	return reply(w, out)
}

// TokenList are the tokens, without what opens anything.
type TokenList struct {
	Tokens []access.Token `json:"tokens"`
}

func (h *handler) listTokens(w http.ResponseWriter, _ *http.Request, _ caller) error {
	return reply(w, TokenList{append([]access.Token{}, h.opts.Tokens.List()...)})
}

// Made is a token that was made. Nobody can read it again.
type Made struct {
	Token string `json:"token"`
}

// createToken makes a token: POST /tokens with name, roles and, where it is to end, expires.
//
// Who has a token makes none that may more than it may itself.
func (h *handler) createToken(w http.ResponseWriter, r *http.Request, who caller) error {
	var f faults
	var name string
	var roles []access.Role
	var expires *time.Time
	err := h.small(w, r, &f, "name, roles, expires", func(member string, v gjson.Result, at *place) bool {
		switch member {
		case "name":
			name = readText(v, at, &f, 64)
		case "roles":
			list(v, at, &f, 1, len(access.Roles()), func(v gjson.Result, at *place) {
				roles = append(roles, access.Role(readText(v, at, &f, 64)))
			})
		case "expires":
			t, err := time.Parse(time.RFC3339, readText(v, at, &f, 64))
			if err != nil {
				f.at(at, "it is no time: 2026-12-01T12:00:00Z is")
			}
			t = t.UTC()
			expires = &t
		default:
			return false
		}
		return true
	})
	if err != nil {
		return err
	}
	for i, role := range roles {
		if !role.Known() {
			f.at((*place)(nil).member("roles").element(i), "it is no role: %s are", access.RoleNames())
		}
	}
	if err := f.problem(); err != nil {
		return err
	}
	if who.token != nil {
		if beyond := who.token.Beyond(roles); beyond != "" {
			h.opts.Refused(Refused{Forbidden, access.ManageTokens, who.name})
			return problem.New(http.StatusForbidden, "forbidden", "the token may not do all that the role "+string(beyond)+
				" may: it makes no token that may more than itself")
		}
	}
	token, err := h.opts.Tokens.Create(by(h, who), name, roles, expires, h.opts.Now())
	switch {
	case errors.Is(err, access.ErrTaken):
		return problem.New(http.StatusConflict, "taken", err.Error())
	case errors.Is(err, access.ErrTokens):
		return problem.New(http.StatusServiceUnavailable, "unavailable", err.Error())
	case errors.Is(err, access.ErrUnrecorded):
		h.opts.Report("a token cannot be recorded: none is made", err)
		return unavailable("it cannot be recorded at the moment that a token is made: none is, try again")
	case errors.Is(err, order.ErrUntold):
		return unavailable("the other nodes of the cluster cannot be reached: no token was made that anybody has; one that " +
			"is listed later under that name can be revoked")
	case err != nil:
		return problem.New(http.StatusUnprocessableEntity, "invalid", err.Error())
	}
	return reply(w, Made{token})
}

// revokeToken takes a token back: DELETE /tokens with name.
func (h *handler) revokeToken(w http.ResponseWriter, r *http.Request, who caller) error {
	var f faults
	var name string
	err := h.small(w, r, &f, "name", func(member string, v gjson.Result, at *place) bool {
		name = readText(v, at, &f, 64)
		return member == "name"
	})
	if err == nil {
		err = f.problem()
	}
	if err != nil {
		return err
	}
	switch err := h.opts.Tokens.Revoke(by(h, who), name); {
	case errors.Is(err, access.ErrNoToken):
		return problem.New(http.StatusNotFound, "unknown", err.Error())
	case errors.Is(err, access.ErrUnrecorded): // it opens nothing any more all the same
		h.opts.Report("a token was taken back, and that cannot be recorded now: it will be", err)
	case errors.Is(err, order.ErrUntold):
		return replyWith(w, http.StatusAccepted, Revoked{Untold: true})
	case err != nil:
		return problem.New(http.StatusServiceUnavailable, "unavailable", err.Error())
	}
	return reply(w, Revoked{})
}

// Revoked says of a token that was taken back whether the other nodes of a cluster know that.
type Revoked struct {
	Untold bool `json:"untold,omitempty"` // it opens nothing on this node; the others are told when they can be
}

// small reads a body that is one flat object.
func (h *handler) small(
	w http.ResponseWriter, r *http.Request, f *faults, known string, each func(string, gjson.Result, *place) bool,
) error {
	v, err := readJSON(w, r)
	if err != nil {
		return err
	}
	members(v, nil, f, known, each)
	return nil
}
