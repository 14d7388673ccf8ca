package visitor

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// visit is one request, and what it says of who sent it. Texts in it are copies: fasthttp uses its bytes again.
type visit struct {
	*Pages

	ctx   *fasthttp.RequestCtx
	from  netip.Addr
	where Where
	wording
	browser

	untold bool // what was done is not known to all nodes yet
}

func (p *Pages) visit(ctx *fasthttp.RequestCtx, site *Site, path string, from netip.Addr) *visit {
	v := &visit{Pages: p, ctx: ctx, from: from, wording: wording{site: site}}
	if rest, ok := strings.CutPrefix(path, root); ok {
		v.up = strings.Repeat("../", strings.Count(rest, "/"))
	} else if path == gpcPath {
		v.up = "../privacy/"
	}
	v.speak(site.choose(string(ctx.QueryArgs().Peek("lang")), v.header("Accept-Language")))
	v.browser = p.readBrowser(&ctx.Request.Header)
	h := &ctx.Response.Header
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	return v
}

func (v *visit) header(name string) string { return string(v.ctx.Request.Header.Peek(name)) }

// standing are the scopes in force for this browser, as far as it may know: what its own cookie says, and what stands
// for the identifiers that it proves. Restrictions are marked "restriction:".
func (v *visit) standing(proven []objection.ID) ([]string, error) {
	if len(proven) == 0 {
		return sorted(v.chosen), nil
	}
	stored, err := v.opts.Objector.Standing(proven, nil)
	if err != nil {
		return nil, err
	}
	return sorted(append(slices.Clone(v.chosen), stored...)), nil
}
