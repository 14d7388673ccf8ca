package rules

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// encode makes the request to the vendor from nothing: method, path, the headers the catalog lists, and what is left of query and body.
func encode(j *Judgement, _ *Inputs) Reason {
	defer j.trace.fields(j)
	if len(j.plans) == 0 {
		return Unjudged
	}
	h := &j.Hit
	e := j.Route.Endpoint
	h.Settle(j.held)
	if j.unsealed() {
		return Sealed
	}
	j.Out.Method, j.Out.Path = j.Route.method(h.Request.Method), j.Path
	j.Out.Upstream = j.Route.Recipient.Upstreams[e.Host]
	if j.Out.Upstream == "" {
		return Failed
	}
	if !j.room(j.outgoing()) {
		return OutOfMemory
	}
	j.assembler.Begin(h)
	from := len(j.out)
	j.out = j.assembler.Append(j.out, h, h.QueryRoot)
	j.carryQuery(from)
	query := len(j.out)
	clean := h.BodyRoot == hit.None || !h.Nodes[h.BodyRoot].Dirty
	switch {
	case h.BodyRoot == hit.None:
	case clean && j.coded != nil:
		j.out = append(j.out, j.coded...)
	case j.coded != nil:
		j.inner = j.assembler.Append(j.body[len(j.body):], h, h.BodyRoot)
		j.out = j.assembler.Deflate(j.out, j.inner, h.Request.Coded)
	default:
		j.out = j.assembler.Append(j.out, h, h.BodyRoot)
	}
	end := len(j.out)
	if j.headers(end > query); j.spent() {
		return OverLimit
	}
	j.Out.Query, j.Out.Body = j.out[from:query:query], j.out[query:end:end]
	j.Out.Forward = true
	return Unjudged
}

// outgoing is about what leaves, in bytes: as much as came, and what was put in place of something.
func (j *Judgement) outgoing() int {
	r := &j.Hit.Request
	return len(r.Query) + len(r.Body) + len(j.coded) + len(j.Hit.Grow())
}

// unsealed tells whether the hit is changed and would be sent with a checksum, signature or length that vouches for what it was.
func (j *Judgement) unsealed() bool {
	h := &j.Hit
	dirty := false
	for _, root := range [2]int32{h.QueryRoot, h.BodyRoot} {
		dirty = dirty || root != hit.None && h.Nodes[root].Dirty
	}
	if !dirty {
		return false
	}
	for i := range h.Nodes {
		if f := j.field(&h.Nodes[i]); f != nil && f.Seals && h.Sent(int32(i)) {
			return true
		}
	}
	return false
}

// held tells whether a container stays though nothing is left in it: the hit's own roots, its events, and what the vendor requires.
func (j *Judgement) held(i int32) bool {
	n := &j.Hit.Nodes[i]
	if n.Parent == hit.None || n.Event != hit.Shared && j.Hit.Events[n.Event].Root == i {
		return true
	}
	f := j.field(n)
	return f != nil && f.Required
}

// carryQuery hands the visitor's address on as a parameter, minimised, where the vendor takes it so and the hit has none.
func (j *Judgement) carryQuery(from int) {
	carry := j.Route.Endpoint.Carry
	if carry.Query == "" || slices.ContainsFunc(j.plans, func(p *plan) bool { return p.sets(carry.Query) }) {
		return
	}
	for c := j.Hit.Nodes[j.Hit.QueryRoot].First; c != hit.None; c = j.Hit.Nodes[c].Next {
		if j.Hit.Nodes[c].Fate != hit.Drop && string(j.Hit.Bytes(j.Hit.KeySpan(c))) == carry.Query {
			return
		}
	}
	a, _ := j.action(hit.Shared, hit.None, hit.IP, hit.Unknown)
	text := j.address(a)
	if text == nil {
		return
	}
	if len(j.out) > from {
		j.out = append(j.out, '&')
	}
	j.out = hit.AppendPercent(append(append(j.out, carry.Query...), '='), text)
}

// headers writes the headers that the catalog lists, and Sec-GPC where the visitor sent it (W3C GPC: no intermediary may remove it).
func (j *Judgement) headers(body bool) {
	r := &j.Hit.Request
	v := j.Route.Recipient.Catalog
	for i := range j.Route.Endpoint.Headers {
		info := &j.Route.Endpoint.Headers[i]
		if info.Value != "" {
			j.header(info.Name, j.stash(info.Value))
			continue
		}
		value, many := r.One(info.Name)
		if len(value) == 0 || many || info.KeyOnly && !publicKey(value) || !info.Fits(value) {
			continue
		}
		class := v.Fields[info.Field].Class
		a, by := j.action(hit.Shared, info.Field, class, hit.Unknown)
		if a == nil {
			continue
		}
		j.env.Purpose = j.purpose(hit.Shared)
		from := len(j.out)
		out, outcome := a.Append(j.out, minimise.Value{Class: by, Bytes: value}, &j.env)
		switch outcome {
		case minimise.Kept:
			j.header(info.Name, value)
		case minimise.Rewritten, minimise.RewrittenNumber:
			j.out = out
			j.header(info.Name, j.out[from:])
		default:
		}
	}
	if carry := j.Route.Endpoint.Carry; carry.Header != "" {
		a, _ := j.action(hit.Shared, hit.None, hit.IP, hit.Unknown)
		if text := j.address(a); text != nil {
			j.header(carry.Header, text)
		}
	}
	if body {
		j.bodyHeaders()
	}
	for value := range r.Header("Sec-GPC") {
		if signal.SaysOne(value) {
			j.header("Sec-GPC", j.stash("1"))
			break
		}
	}
}

func (j *Judgement) bodyHeaders() {
	r := &j.Hit.Request
	if types := j.Route.Endpoint.Types; len(types) > 0 {
		given, _ := r.One("Content-Type")
		chosen := types[0]
		for _, t := range types {
			if kind, _, _ := strings.Cut(t, ";"); hit.EqualFold(mediaType(given), kind) {
				chosen = t
			}
		}
		j.header("Content-Type", j.stash(chosen))
	}
	if j.coded != nil {
		coding := "gzip"
		if r.Coded != hit.Gzip {
			coding = "deflate"
		}
		j.header("Content-Encoding", j.stash(coding))
	}
}

// publicKey tells whether credentials are a public key: the Basic scheme with an empty password (RFC 7617), and none of a visitor's.
func publicKey(value []byte) bool {
	const scheme = "Basic "
	if len(value) <= len(scheme) || len(value) > 256 || !hit.EqualFold(value[:len(scheme)], scheme) {
		return false
	}
	var room [192]byte
	n, err := base64.StdEncoding.Decode(room[:], value[len(scheme):])
	return err == nil && bytes.IndexByte(room[:n], ':') == n-1 && n > 1
}

// mediaType is a content type without its parameters (RFC 9110, section 8.3.1).
func mediaType(value []byte) []byte {
	kind, _, _ := bytes.Cut(value, []byte{';'})
	return bytes.TrimSpace(kind)
}

// stash puts a text among the outgoing bytes.
func (j *Judgement) stash(text string) []byte {
	from := len(j.out)
	j.out = append(j.out, text...)
	return j.out[from:len(j.out):len(j.out)]
}

// header adds a header. A value with a control byte in it is not sent: it could end the line.
func (j *Judgement) header(name string, value []byte) {
	for _, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			return
		}
	}
	j.Out.Headers = append(j.Out.Headers, Header{Name: name, Value: value})
}
