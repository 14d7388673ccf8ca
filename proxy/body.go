package proxy

import (
	"errors"
	"net"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/places"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/codec"
)

// body reads the body: what comes, as it comes, and no more than the endpoint takes.
func body(_ *Server, h *hitContext) result {
	reason := h.readBody(h.j.Route.BodyLimit())
	if reason == rules.OverLimit {
		return refused(rules.Overlong(&h.j, &h.in))
	}
	return nextUnless(reason)
}

// announced is the length of the body that a head announces, in bytes: 0 where there
// is none, -1 where it comes in chunks.
func announced(header *fasthttp.RequestHeader) int {
	if length := header.ContentLength(); length >= -1 {
		return length
	}
	return 0
}

// readBody reads a body of at most so many bytes. Of one that is announced as longer nothing is read.
func (h *hitContext) readBody(most int) rules.Reason {
	length := announced(&h.ctx.Request.Header)
	if length == 0 {
		return rules.Unjudged
	}
	if length > most {
		return rules.OverLimit
	}
	if length > 0 {
		most = length
	}
	place := placeOf(h.ctx.Conn())
	if place != nil { // a request that is not there whole keeps nobody out
		place.Rest()
	}
	var err error
	h.body, err = codec.AppendRead(h.body[:0], h.ctx.Request.BodyStream(), most, &h.lease)
	switch {
	case place != nil && h.madeRoom(place):
		h.status = fasthttp.StatusServiceUnavailable
	case err == nil && length > 0 && len(h.body) < length: // to fasthttp a connection's end is a body's
		h.status = fasthttp.StatusBadRequest
	case err == nil:
		h.unread = false
		h.j.Hit.Request.Body = h.body
		return rules.Unjudged
	case errors.Is(err, codec.ErrLimit), spent(h.ctx): // fasthttp does not wrap what a connection says
		return rules.OverLimit
	case errors.Is(err, codec.ErrMemory):
		return rules.OutOfMemory
	case timedOut(err):
		h.status = fasthttp.StatusRequestTimeout
	default:
		h.status = fasthttp.StatusBadRequest
	}
	return rules.MalformedHit
}

// timedOut tells whether the connection waited for too long.
func timedOut(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

// madeRoom tells whether the connection lost its place while the body came.
func (h *hitContext) madeRoom(place *places.Conn) bool {
	switch place.Work(false) {
	case places.Kept:
		return false
	case places.Quick:
		h.server.listeners.unkept(ofHits, places.Full)
		h.ctx.Response.Header.Set("Retry-After", "1")
	default: // nobody reads an answer
	}
	return true
}
