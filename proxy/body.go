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
func body(_ *Server, p *passage) result {
	reason := p.readBody(p.j.Route.BodyLimit())
	if reason == rules.OverLimit {
		return refused(rules.Overlong(&p.j, &p.in))
	}
	return nextUnless(reason)
}

// announced is the length of the body that a head announces, in bytes: 0 where there is none, -1 where it comes in chunks.
func announced(header *fasthttp.RequestHeader) int {
	if length := header.ContentLength(); length >= -1 {
		return length
	}
	return 0
}

// readBody reads a body of at most so many bytes. Of one that is announced as longer nothing is read.
func (p *passage) readBody(most int) rules.Reason {
	length := announced(&p.ctx.Request.Header)
	if length == 0 {
		return rules.Unjudged
	}
	if length > most {
		return rules.OverLimit
	}
	if length > 0 {
		most = length
	}
	place := placeOf(p.ctx.Conn())
	if place != nil { // a request that is not there whole keeps nobody out
		place.Rest()
	}
	var err error
	p.body, err = codec.AppendRead(p.body[:0], p.ctx.Request.BodyStream(), most, &p.lease)
	var network net.Error
	switch {
	case place != nil && p.madeRoom(place):
		p.status = fasthttp.StatusServiceUnavailable
	case err == nil && length > 0 && len(p.body) < length: // to fasthttp a connection's end is a body's
		p.status = fasthttp.StatusBadRequest
	case err == nil:
		p.unread = false
		p.j.Hit.Request.Body = p.body
		return rules.Unjudged
	case errors.Is(err, codec.ErrLimit), spent(p.ctx): // fasthttp does not wrap what a connection says
		return rules.OverLimit
	case errors.Is(err, codec.ErrMemory):
		return rules.OutOfMemory
	case errors.As(err, &network) && network.Timeout():
		p.status = fasthttp.StatusRequestTimeout
	default:
		p.status = fasthttp.StatusBadRequest
	}
	return rules.MalformedHit
}

// madeRoom tells whether the connection lost its place while the body came.
func (p *passage) madeRoom(place *places.Conn) bool {
	switch place.Work(false) {
	case places.Kept:
		return false
	case places.Quick:
		p.server.listeners.unkept(ofHits, places.Full)
		p.ctx.Response.Header.Set("Retry-After", "1")
	default: // nobody reads an answer
	}
	return true
}
