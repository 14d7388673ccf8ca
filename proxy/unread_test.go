package proxy

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/problem"
)

// TestUnreadForStaff: what could not be read as a request is answered as the API answers errors.
func TestUnreadForStaff(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
	}{
		{&fasthttp.ErrSmallBuffer{}, 431},
		{fasthttp.ErrBodyTooLarge, 413},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, 408},
		{errors.New("jane@example.com"), 400},
	} {
		var ctx fasthttp.RequestCtx
		unread(&ctx, c.err)
		var p problem.Document
		if err := json.Unmarshal(ctx.Response.Body(), &p); err != nil || ctx.Response.StatusCode() != c.status ||
			p.Status != c.status || p.Title == "" ||
			string(ctx.Response.Header.ContentType()) != problem.MediaType {
			t.Errorf("%v: %d %s", c.err, ctx.Response.StatusCode(), ctx.Response.Body())
		}
	}
}
