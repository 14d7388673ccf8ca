// Package problem is how errors are told to programs: problem documents (RFC 9457), for the API and for a site's own
// front end. It promises that they are written in one way, and that a caller who reads members that it does not know of
// ignores them.
package problem

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"
)

// MediaType is what a problem document is sent as.
const MediaType = "application/problem+json"

// Prefix begins the type of every problem that has one.
const Prefix = "urn:tagwarden:problem:"

// Document is an error as callers are told it. It holds nothing of an identifier. Members may be added, and none is
// taken away.
type Document struct {
	Type   string  `json:"type,omitempty"` // Prefix and a word of a closed list; "": its Code says it
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Detail string  `json:"detail"`
	Faults []Fault `json:"faults,omitempty"`
	Code   string  `json:"code,omitempty"` // what is wrong, where Title and Detail are in a visitor's language
	At     string  `json:"at,omitempty"`   // with Code: where in the request, as a JSON pointer

	Retry int `json:"-"` // seconds after which to try again (Retry-After); 0: not said
}

// Fault is one thing that is wrong in a body, or with a parameter of the address.
type Fault struct {
	Pointer   string `json:"pointer"`             // where, as a JSON pointer (RFC 6901); "" is the whole
	Parameter string `json:"parameter,omitempty"` // of the address; "" where it is of the body
	Detail    string `json:"detail"`              // what is wrong, and what would be right
}

// New makes the document of a status and a kind, which is a word of the closed list.
func New(status int, kind, detail string) *Document {
	return &Document{Type: Prefix + kind, Title: http.StatusText(status), Status: status, Detail: detail}
}

// Error says what is wrong.
func (d *Document) Error() string {
	if len(d.Faults) == 0 {
		return d.Detail
	}
	var lines []string
	for _, f := range d.Faults {
		lines = append(lines, strings.TrimPrefix(cmp.Or(f.Parameter, f.Pointer)+": ", ": ")+f.Detail)
	}
	return d.Detail + ": " + strings.Join(lines, "; ")
}

// Write answers a request of net/http.
func (d *Document) Write(w http.ResponseWriter) {
	body := d.text()
	if d.Retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(d.Retry))
	}
	w.Header().Set("Content-Type", MediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(d.Status)
	_, _ = w.Write(body) // who asked may be gone
}

// WriteFast answers a request of fasthttp.
func (d *Document) WriteFast(ctx *fasthttp.RequestCtx) {
	if d.Retry > 0 {
		ctx.Response.Header.Set("Retry-After", strconv.Itoa(d.Retry))
	}
	ctx.SetContentType(MediaType)
	ctx.SetStatusCode(d.Status)
	ctx.SetBody(d.text())
}

func (d *Document) text() []byte {
	body, err := json.Marshal(d)
	if err != nil {
		panic("BUG: a problem is no JSON: " + err.Error())
	}
	return append(body, '\n')
}
