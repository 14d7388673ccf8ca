package proxy

import (
	"errors"
	"net"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/rules"
)

// unreadable answers what fasthttp could not read as a request, and closes the connection. A connection on which
// nothing came before its time was up held no hit: it is not counted.
func (s *Server) unreadable(ctx *fasthttp.RequestCtx, err error) {
	if place := placeOf(ctx.Conn()); place != nil && place.Gone() {
		ctx.SetConnectionClose() // it made room: nobody reads an answer, and it is counted
		return
	}
	status, reason := fasthttp.StatusBadRequest, rules.MalformedHit
	var small *fasthttp.ErrSmallBuffer
	switch {
	case errors.As(err, &small):
		status, reason = fasthttp.StatusRequestHeaderFieldsTooLarge, rules.OverLimit
		linger(ctx)
	case errors.Is(err, fasthttp.ErrBodyTooLarge), spent(ctx): // fasthttp does not wrap what a connection says
		status, reason = fasthttp.StatusRequestEntityTooLarge, rules.OverLimit
	case timedOut(err):
		status = fasthttp.StatusRequestTimeout
	}
	if _, silent := err.(*net.OpError); !silent { //nolint:errorlint // once a byte has come, fasthttp wraps the error
		s.refusals.add(reason)
		s.snapshot.Load().counters.hit(reason)
	}
	ctx.Response.Reset()
	ctx.SetStatusCode(status)
	ctx.SetConnectionClose()
}
