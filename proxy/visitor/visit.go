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

	ctx  *fasthttp.RequestCtx
	site *Site
	from netip.Addr
	up   string // from where the request is to /privacy/: "", or "../" a few times
	said *Language
	*words

	chosen []string       // what the preference cookie says
	kept   bool           // there is a preference cookie
	ids    []objection.ID // that identifier cookies hold
	proofs []proof
}

func (p *Pages) visit(ctx *fasthttp.RequestCtx, site *Site, path string, from netip.Addr) *visit {
	v := &visit{Pages: p, ctx: ctx, site: site, from: from}
	if rest, ok := strings.CutPrefix(path, root); ok {
		v.up = strings.Repeat("../", strings.Count(rest, "/"))
	} else if path == gpcPath {
		v.up = "../privacy/"
	}
	v.speak(site.choose(string(ctx.QueryArgs().Peek("lang")), v.header("Accept-Language")))
	v.readCookies()
	v.ids = recognised(p.opts.Recognise(&ctx.Request.Header))
	h := &ctx.Response.Header
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	return v
}

// speak sets the language of the answer.
func (v *visit) speak(l *Language) {
	v.said, v.words = l, wordsIn(l.Tag)
}

func (v *visit) header(name string) string { return string(v.ctx.Request.Header.Peek(name)) }

// readCookies reads our two cookies. A preference cookie that cannot be read counts as an objection to everything, as it does for hits; of
// two, both count.
func (v *visit) readCookies() {
	for name, value := range v.ctx.Request.Header.Cookies() {
		switch string(name) {
		case Cookie:
			scopes, ok := Parse(string(value))
			if !ok {
				scopes = []string{all}
			}
			v.chosen, v.kept = sorted(append(v.chosen, scopes...)), true
		case UndoCookie:
			v.proofs = append(v.proofs, parseProofs(string(value))...)
		}
	}
}

// recognised keeps the identifiers that knowing is enough to object for: ids of browsers and devices, which are long and random. What people
// are called by can be guessed, and a cookie that holds it is easily made.
func recognised(ids []objection.ID) []objection.ID {
	var kept []objection.ID
	for _, id := range ids {
		if random(id.Name) && id.Value != "" && len(kept) < maxIdentifiers && !slices.Contains(kept, id) {
			kept = append(kept, id)
		}
	}
	return kept
}

// random tells whether identifiers of that name are made at random by a device or for a browser.
func random(name string) bool {
	class, _, _ := strings.Cut(name, ":")
	return class == "client_id" || class == "device_id" || class == "advertising_id"
}

// standing are the scopes in force for this browser, as far as it may know: what its own cookie says, and what stands for the identifiers
// that it proves. Restrictions are marked "restriction:".
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

// setCookies writes what is now chosen, and what can be proven; what is empty is deleted.
func (v *visit) setCookies(chosen []string, proofs []proof) {
	v.setCookie(Cookie, Format(chosen), false, fasthttp.CookieSameSiteLaxMode)
	v.setCookie(UndoCookie, formatProofs(proofs), true, fasthttp.CookieSameSiteStrictMode)
	if v.chosen, v.kept = chosen, len(chosen) > 0; len(Format(chosen)) > 0 {
		v.chosen, _ = Parse(Format(chosen))
	}
}

func (v *visit) setCookie(name, value string, hidden bool, sameSite fasthttp.CookieSameSite) {
	c := fasthttp.AcquireCookie()
	defer fasthttp.ReleaseCookie(c)
	c.SetKey(name)
	c.SetValue(value)
	c.SetPath("/")
	c.SetSecure(true)
	c.SetHTTPOnly(hidden)
	c.SetSameSite(sameSite)
	if value != "" {
		c.SetMaxAge(cookieAge)
	} else {
		if len(v.ctx.Request.Header.Cookie(name)) == 0 {
			return
		}
		c.SetMaxAge(-1) // Max-Age=0: delete it
	}
	v.ctx.Response.Header.SetCookie(c)
}
