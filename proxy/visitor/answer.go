package visitor

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

//go:embed pages
var pageFiles embed.FS

// templates are the pages, read when one is first asked for: a test shows that they can be read.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").ParseFS(pageFiles, "pages/*.html"))
})

// html answers with a page.
func (v *visit) html(status int, name string, data any) {
	var out bytes.Buffer
	if err := templates().ExecuteTemplate(&out, name, data); err != nil {
		panic("BUG: " + name + " cannot be written: " + err.Error())
	}
	h := &v.ctx.Response.Header
	h.SetContentType("text/html; charset=utf-8")
	h.Set("Content-Language", v.said.Tag)
	h.Set("Content-Security-Policy", v.site.policy("'self'"))
	h.Add("Vary", "Accept-Language, Cookie")
	if status == fasthttp.StatusServiceUnavailable {
		h.Set("Retry-After", strconv.Itoa(tryAgain))
	}
	v.ctx.SetStatusCode(status)
	v.ctx.SetBody(out.Bytes())
}

// plain is a page that says one thing.
type plain struct {
	page
	Text string
	Hint string
}

// fail answers with a page that says what is wrong: the words of key_title, of
// key, and of key_hint where there are any.
func (v *visit) fail(status int, key string, pairs ...string) {
	p := plain{page: v.page(key + "_title"), Text: v.Say(key, pairs...)}
	if hint, ok := v.Texts[key+"_hint"]; ok && (v.said.Controller.Contact != "" || !strings.Contains(hint, "{contact}")) {
		p.Hint = v.Say(key+"_hint", "contact", v.said.Controller.Contact)
	}
	v.html(status, "plain.html", p)
}

// failed answers a change that was not made: a page where forms are answered, a problem document elsewhere.
func (v *visit) failed(err error, tell func(status int, key string, pairs ...string)) {
	if many, ok := errors.AsType[errTooMany](err); ok {
		seconds := strconv.Itoa(max(2, int(math.Ceil(many.wait.Seconds())))) // one would want another text
		v.ctx.Response.Header.Set("Retry-After", seconds)
		v.opts.Refused("limit")
		tell(fasthttp.StatusTooManyRequests, "many", "seconds", seconds)
		return
	}
	if fault, ok := errors.AsType[*objection.Fault](err); ok {
		tell(fasthttp.StatusBadRequest, "malformed", "what", fault.What)
		return
	}
	cause := "failed"
	if errors.Is(err, objection.ErrFull) {
		cause = "full"
	}
	v.opts.Refused(cause)
	tell(fasthttp.StatusServiceUnavailable, "unsaved")
}

// problem answers with a problem document in the visitor's language.
func (v *visit) problem(status int, key string, pairs ...string) {
	v.problemAt("", status, key, pairs...)
}

// problemAt is problem with the place in the request that it is about, as a JSON pointer.
func (v *visit) problemAt(at string, status int, key string, pairs ...string) {
	p := problem.Document{Title: v.Say(key + "_title"), Status: status, Detail: v.Say(key, pairs...), Code: key, At: at}
	if status == fasthttp.StatusServiceUnavailable {
		p.Retry = tryAgain
	}
	p.WriteFast(v.ctx)
	v.ctx.Response.Header.Set("Content-Language", v.said.Tag)
	v.ctx.Response.Header.Add("Vary", "Accept-Language")
}

// tryAgain is after how many seconds a change may be tried again that could not be kept, and a page that could not be
// read.
const tryAgain = 5

// redirect leads to another address, relative to this one.
func (v *visit) redirect(status int, to string) {
	v.ctx.Response.Header.Set("Location", to)
	v.ctx.SetStatusCode(status)
}

// method tells whether the request has one of the methods that a path takes, and answers where it has not. HEAD is GET
// without a body, which the server sees to.
func (v *visit) method(tell func(status int, key string, pairs ...string), allowed ...string) bool {
	for _, m := range allowed {
		if string(v.ctx.Method()) == m {
			return true
		}
	}
	v.ctx.Response.Header.Set("Allow", strings.Join(allowed, ", "))
	tell(fasthttp.StatusMethodNotAllowed, "method")
	return false
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
