package rules

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/signal"
)

const contentEncoding = "Content-Encoding"

// headers writes the headers that the catalog lists, and Sec-GPC where the visitor sent it (W3C GPC: no intermediary
// may remove it).
func (e *encodeState) headers(r *readState, m *minimiseState, body bool) {
	q := &r.Hit.Request
	endpoint := r.Route.Endpoint
	for i := range endpoint.Headers {
		info := &endpoint.Headers[i]
		if info.Value != "" {
			e.header(info.Name, stash(e, info.Value))
			continue
		}
		value, many := q.One(info.Name)
		if len(value) == 0 || many || info.KeyOnly && !publicKey(value) || !info.Fits(value) {
			continue
		}
		a, by := m.action(hit.Shared, info.Field, r.Route.Recipient.Catalog.Fields[info.Field].Class, hit.Unknown)
		if a == nil {
			continue
		}
		m.env.Purpose = m.purpose(hit.Shared)
		m.env.Consented = m.allConsented
		made, outcome := m.make(a, minimise.Value{Class: by, Bytes: value})
		switch outcome {
		case minimise.Kept:
			e.header(info.Name, value)
		case minimise.Rewritten, minimise.RewrittenNumber:
			e.header(info.Name, stash(e, made))
		default:
		}
	}
	if name := endpoint.Carry.Header; name != "" {
		a, _ := m.action(hit.Shared, hit.None, hit.IP, hit.Unknown)
		if text := m.addressAfter(a); text != nil {
			e.header(name, text)
		}
	}
	if body {
		e.bodyHeaders(r)
	}
	for value := range q.Header("Sec-GPC") {
		if signal.SaysOne(value) {
			e.header("Sec-GPC", stash(e, "1"))
			break
		}
	}
}

func (e *encodeState) bodyHeaders(r *readState) {
	q := &r.Hit.Request
	if types := r.Route.Endpoint.Types; len(types) > 0 {
		given, _ := q.One("Content-Type")
		chosen := types[0]
		for _, t := range types {
			if kind, _, _ := strings.Cut(t, ";"); ascii.EqualFold(mediaType(given), kind) {
				chosen = t
			}
		}
		e.header("Content-Type", stash(e, chosen))
	}
	if r.coded != nil {
		coding := "gzip"
		if q.Coded != codec.Gzip {
			coding = "deflate"
		}
		e.header(contentEncoding, stash(e, coding))
	}
}

// publicKey tells whether credentials are a public key: the Basic scheme with an empty password (RFC 7617), and none of
// a visitor's.
func publicKey(value []byte) bool {
	const scheme = "Basic "
	if len(value) <= len(scheme) || len(value) > 256 || !ascii.EqualFold(value[:len(scheme)], scheme) {
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
func stash[T string | []byte](e *encodeState, text T) []byte {
	from := len(e.out)
	e.out = append(e.out, text...)
	return e.out[from:len(e.out):len(e.out)]
}

// header adds a header. A value with a control byte in it is not sent: it could end the line.
func (e *encodeState) header(name string, value []byte) {
	for _, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			return
		}
	}
	e.Out.Headers = append(e.Out.Headers, Header{Name: name, Value: value})
}
