//go:build look

package visitor_test

import (
	"bytes"
	"net/netip"
	"os"
	"testing"

	"github.com/valyala/fasthttp"
)

func TestLook(t *testing.T) {
	w := serve(t)
	if os.Getenv("THEME") != "" {
		w.site.Style = []byte(":root{--accent:#7a1fa2}")
	}
	t.Fatal(fasthttp.ListenAndServe("127.0.0.1:18080", func(ctx *fasthttp.RequestCtx) {
		path := ctx.Path()
		if !w.pages.Owns(path) {
			if bytes.Equal(path, []byte("/shop")) {
				ctx.SetContentType("text/html")
				ctx.SetBodyString("<script src=/privacy/tagwarden.js></script><iframe src=/privacy/></iframe>")
				return
			}
			ctx.SetStatusCode(404)
			return
		}
		w.pages.Serve(ctx, w.site, string(path), netip.MustParseAddr("192.0.2.7"))
	}))
}
