package problem

import (
	"net/http/httptest"
	"testing"

	"github.com/valyala/fasthttp"
)

// TestWrittenAlike: whichever server answers, the same document comes out, its members in one order.
func TestWrittenAlike(t *testing.T) {
	busy := New(503, "busy", "too many calls")
	busy.Retry = 7
	faulty := New(422, "invalid", "nothing was done")
	faulty.Faults = []Fault{{Pointer: "/ids/email", Detail: "it holds no @"}, {Detail: "scopes are missing"},
		{Parameter: "limit", Detail: "1 is right"}}
	for want, d := range map[string]*Document{
		`{"type":"urn:tagwarden:problem:busy","title":"Service Unavailable","status":503,"detail":"too many calls"}`: busy,
		`{"type":"urn:tagwarden:problem:invalid","title":"Unprocessable Entity","status":422,"detail":"nothing was done",` +
			`"faults":[{"pointer":"/ids/email","detail":"it holds no @"},{"pointer":"","detail":"scopes are missing"},` +
			`{"pointer":"","parameter":"limit","detail":"1 is right"}]}`: faulty,
		`{"title":"Das geht nicht","status":403,"detail":"Die Kennung","code":"identifier","at":"/ids/email"}`: {
			Title: "Das geht nicht", Status: 403, Detail: "Die Kennung", Code: "identifier", At: "/ids/email",
		},
	} {
		w := httptest.NewRecorder()
		d.Write(w)
		var ctx fasthttp.RequestCtx
		d.WriteFast(&ctx)
		h := &ctx.Response.Header
		if w.Body.String() != want+"\n" || string(ctx.Response.Body()) != want+"\n" {
			t.Errorf("%s\n%s\nnot %s", w.Body, ctx.Response.Body(), want)
		}
		if w.Code != d.Status || h.StatusCode() != d.Status || w.Header().Get("Content-Type") != MediaType ||
			string(h.ContentType()) != MediaType {
			t.Errorf("%d %d, %q %q", w.Code, h.StatusCode(), w.Header(), h.String())
		}
		if retry := w.Header().Get("Retry-After"); retry != map[bool]string{true: "7"}[d == busy] ||
			string(h.Peek("Retry-After")) != retry {
			t.Errorf("%s: to be tried again in %q, %q seconds", want, retry, h.Peek("Retry-After"))
		}
	}
	if got := faulty.Error(); got != "nothing was done: /ids/email: it holds no @; scopes are missing; limit: 1 is right" {
		t.Error(got)
	}
}
