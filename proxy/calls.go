package proxy

import (
	"errors"
	"io"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/memory"
	"github.com/tagwarden/tagwarden/proxy/places"
	"github.com/tagwarden/tagwarden/proxy/problem"
	"github.com/tagwarden/tagwarden/rules/codec"
)

// The bodies of calls to the API, in bytes: the largest, and what all of them may hold together.
// Nobody has shown a token yet who sends one.
const (
	callBody   = 4 << 20
	callMemory = 32 << 20
)

// withBody hands a call on once its body is there: what comes, as it comes.
func (a *admin) withBody(ctx *fasthttp.RequestCtx, next fasthttp.RequestHandler) {
	length := announced(&ctx.Request.Header)
	if length == 0 {
		next(ctx)
		return
	}
	place := placeOf(ctx.Conn())
	if place != nil { // a call that is not there whole keeps nobody out
		place.Rest()
	}
	var lease memory.Lease
	lease.Begin(a.bodies)
	defer lease.End()
	var body []byte
	err := codec.ErrLimit
	if length <= callBody {
		body, err = codec.AppendRead(nil, ctx.RequestBodyStream(), callBody, &lease)
	}
	if errors.Is(err, codec.ErrLimit) || errors.Is(err, codec.ErrMemory) {
		_, _ = io.CopyN(io.Discard, ctx.RequestBodyStream(), lingerBytes) // so that its sender gets to read why
	}
	if place != nil && place.Work(false) != places.Kept {
		ctx.SetConnectionClose() // it made room: nobody reads an answer
		return
	}
	switch {
	case err == nil && (length < 0 || len(body) == length):
		ctx.Request.SetBodyRaw(body)
		next(ctx)
		return
	case errors.Is(err, codec.ErrLimit):
		unread(ctx, fasthttp.ErrBodyTooLarge)
	case errors.Is(err, codec.ErrMemory):
		busy := problem.New(fasthttp.StatusServiceUnavailable, "busy",
			"too many large calls are under way: try again in a moment, or with fewer objections at a time")
		busy.Retry = 1
		refuseCall(ctx, busy)
	case timedOut(err):
		unread(ctx, err)
	default:
		refuseCall(ctx, problem.New(fasthttp.StatusBadRequest, "unreadable", "the body could not be read to its end"))
	}
	ctx.SetConnectionClose()
}

// refuseCall answers with an error as the API does.
func refuseCall(ctx *fasthttp.RequestCtx, p *problem.Document) {
	ctx.Response.Reset()
	ctx.Response.Header.Set("Cache-Control", "no-store")
	p.WriteFast(ctx)
}
