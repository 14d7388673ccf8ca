package visitor

import (
	"slices"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
)

// browser is what a browser brings of itself. Texts in it are copies: fasthttp uses its bytes again.
type browser struct {
	chosen []string       // what the preference cookie says
	kept   bool           // there is a preference cookie
	told   int64          // its visitor was told of decisions made before, Unix seconds; 0: of none
	ids    []objection.ID // that identifier cookies hold
	proofs []proof        // that identifiers were objected for in it

	account bool // it sends identifiers that an account may be called by: they are not among ids
}

// readBrowser reads our two cookies, and recognises what others hold. A preference cookie that cannot be read counts as
// an objection to everything, as it does for hits; of two, both count.
func (p *Pages) readBrowser(h *fasthttp.RequestHeader) browser {
	var b browser
	for name, value := range h.Cookies() {
		switch string(name) {
		case Cookie:
			scopes, ok := Parse(string(value))
			if !ok {
				scopes = []string{all}
			}
			before, told := b.told, int64(0)
			scopes = slices.DeleteFunc(scopes, func(scope string) bool {
				told = max(told, rules.ToldUntil(scope))
				return strings.HasPrefix(scope, rules.ToldScope)
			})
			if b.told = told; b.kept {
				b.told = min(before, told)
			}
			b.chosen, b.kept = sorted(append(b.chosen, scopes...)), true
		case UndoCookie:
			b.proofs = append(b.proofs, parseProofs(string(value))...)
		}
	}
	b.ids = p.recognised(p.opts.Recognise(h))
	b.account = p.opts.Accounts(h)
	return b
}

// recognised keeps the identifiers that knowing is enough to object for: ids of browsers and devices, which are long
// and random. What people are called by can be guessed, and a cookie that holds it is easily made.
func (p *Pages) recognised(ids []objection.ID) []objection.ID {
	var kept []objection.ID
	for _, id := range ids {
		if random(id.Name) && id.Value != "" && p.opts.Random(id) && len(kept) < maxIdentifiers &&
			!slices.Contains(kept, id) {
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

// setCookies writes what is now chosen, and what can be proven; what is empty is deleted.
func (b *browser) setCookies(ctx *fasthttp.RequestCtx, age time.Duration, chosen []string, proofs []proof) {
	value := Format(chosen)
	if b.told > 0 && value != "" {
		value += "/" + rules.Told(time.Unix(b.told-1, 0))
	}
	setCookie(ctx, Cookie, value, age, false, fasthttp.CookieSameSiteLaxMode)
	setCookie(ctx, UndoCookie, formatProofs(proofs), age, true, fasthttp.CookieSameSiteStrictMode)
	if b.chosen, b.kept = chosen, len(chosen) > 0; len(Format(chosen)) > 0 {
		b.chosen, _ = Parse(Format(chosen))
	}
	b.proofs = proofs
}

// renew has what the browser keeps last from now on. A browser that keeps nothing is given nothing. All
// proofs stay, those of identifiers too that an SDK keeps where no request for a page shows them: what
// it objected to is taken back by them.
func (b *browser) renew(v *visit) {
	if !b.kept && len(b.proofs) == 0 {
		return
	}
	b.setCookies(v.ctx, v.site.cookieAge(), b.chosen, b.proofs)
}

// news is what a wish changes for a browser that keeps its choice itself. Of what it takes back that is what the site
// knows: what else stands in a cookie is anybody's text.
func (b *browser) news(w wish, said *Language) (object, takeBack []string) {
	after := sorted(append(without(b.chosen, w.takeBack), w.object...))
	for _, scope := range after {
		if !slices.Contains(b.chosen, scope) {
			object = append(object, scope)
		}
	}
	for _, scope := range b.chosen {
		if !slices.Contains(after, scope) && said.objectable(scope) {
			takeBack = append(takeBack, scope)
		}
	}
	return object, takeBack
}

func setCookie(
	ctx *fasthttp.RequestCtx, name, value string, age time.Duration, hidden bool, sameSite fasthttp.CookieSameSite,
) {
	c := fasthttp.AcquireCookie()
	defer fasthttp.ReleaseCookie(c)
	c.SetKey(name)
	c.SetValue(value)
	c.SetPath("/")
	c.SetSecure(true)
	c.SetHTTPOnly(hidden)
	c.SetSameSite(sameSite)
	if value != "" {
		c.SetMaxAge(int(age / time.Second))
	} else {
		if len(ctx.Request.Header.Cookie(name)) == 0 {
			return
		}
		c.SetMaxAge(-1) // Max-Age=0: delete it
	}
	ctx.Response.Header.SetCookie(c)
}
