package visitor_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/visitor"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

var testKey = pseudonym.Key{1, 2, 3}

// store is an Objector that keeps what it is told in memory.
type store struct {
	mu sync.Mutex
	// by name and value of an identifier, or by the hash of a subject; and by holder
	stands map[string]map[objection.Holder][]string
	acts   []objection.Act
	err    error // in place of doing anything
	asked  int   // how often Standing was
	untold bool  // the other nodes cannot be told
}

func (s *store) keys(ids []objection.ID, subjects []objection.Subject) []string {
	var all []string
	for _, id := range ids {
		all = append(all, id.Name+"="+id.Value)
	}
	for _, subject := range subjects {
		all = append(all, string(subject.Hash[:]))
	}
	return all
}

func (s *store) Act(_ context.Context, acts objection.Acts) ([]objection.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	for i, a := range acts.Acts {
		for _, id := range a.IDs {
			if strings.HasPrefix(id.Value, "none") {
				return nil, &objection.Fault{Act: i, What: "ids." + id.Name, Err: errors.New("there is nothing in it")}
			}
		}
	}
	var receipts []objection.Receipt
	for _, a := range acts.Acts {
		s.acts = append(s.acts, a)
		r := objection.Receipt{New: true, Untold: s.untold, Own: s.untold}
		for _, key := range s.keys(a.IDs, a.Change.Subjects) {
			own := s.stands[key][a.Change.Holder]
			if slices.Contains(a.Change.TakeBack, objection.All) {
				own = nil
			}
			own = slices.DeleteFunc(slices.Clone(own), func(x string) bool { return slices.Contains(a.Change.TakeBack, x) })
			s.put(key, a.Change.Holder, append(own, a.Change.Object...))
			r.Own = r.Own || len(s.stands[key][a.Change.Holder]) > 0
			r.InForce = append(r.InForce, s.union(key)...)
		}
		slices.Sort(r.InForce)
		r.InForce = slices.Compact(r.InForce)
		receipts = append(receipts, r)
	}
	return receipts, nil
}

func (s *store) Standing(ids []objection.ID, subjects []objection.Subject) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.err != nil {
		return nil, s.err
	}
	var all []string
	for _, key := range s.keys(ids, subjects) {
		all = append(all, s.union(key)...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

func (s *store) Held(ids []objection.ID, subjects []objection.Subject) (list []objection.Held, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range s.keys(ids, subjects) {
		for holder, scopes := range s.stands[key] {
			list = append(list, objection.Held{Kind: holder.Kind, Acts: 1, InForce: scopes})
		}
	}
	return list, s.err
}

func (s *store) Decided([]objection.ID, []objection.Subject) ([]objection.Decision, error) {
	return nil, s.err
}

func (s *store) put(key string, holder objection.Holder, scopes []string) {
	if s.stands == nil {
		s.stands = map[string]map[objection.Holder][]string{}
	}
	if s.stands[key] == nil {
		s.stands[key] = map[objection.Holder][]string{}
	}
	s.stands[key][holder] = scopes
}

// union is what all acts for an identifier make.
func (s *store) union(key string) (all []string) {
	for _, scopes := range s.stands[key] {
		all = append(all, scopes...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// role puts an act of a role for an identifier in place.
func (s *store) role(key string, scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(key, objection.Holder{Kind: objection.Role}, scopes)
}

// of returns what stands for an identifier.
func (s *store) of(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.union(key), "/")
}

// world is pages that are being served, and what they were given.
type world struct {
	t      testing.TB
	store  store
	site   *visitor.Site
	pages  *visitor.Pages
	now    time.Time
	from   netip.Addr
	where  visitor.Where
	only   []objection.Change // of CookieOnly
	rand   counter
	client fasthttp.HostClient
}

// counter is random bytes, each eight of which are others.
type counter struct{ n, step byte }

func (c *counter) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = c.n + 1
	}
	c.n += 1 - c.step
	return len(b), nil
}

// recognise takes _ga for Google's identifier cookie, uid for one that holds an account's name, and
// bad for one that only looks like one.
func recognise(h *fasthttp.RequestHeader) (ids []objection.ID) {
	for _, c := range [][2]string{{"_ga", "client_id:ga4"}, {"_pk", "client_id:matomo"}, {"uid", "user_id"},
		{"bad", "device_id:bad"}} {
		if v := h.Cookie(c[0]); len(v) > 0 {
			ids = append(ids, objection.ID{Name: c[1], Value: string(v)})
		}
	}
	return ids
}

func serve(t testing.TB, change ...func(*visitor.Options, *visitor.Site)) *world {
	t.Helper()
	w := &world{t: t, site: testSite(), now: noon, from: netip.MustParseAddr("192.0.2.7")}
	o := visitor.Options{
		Objector: &w.store, Key: testKey, Recognise: recognise, Now: func() time.Time { return w.now },
		CookieOnly: func(c objection.Change) { w.only = append(w.only, c) }, Rand: &w.rand,
	}
	for _, f := range change {
		f(&o, w.site)
	}
	w.pages = visitor.New(o)
	listener := fasthttputil.NewInmemoryListener()
	server := &fasthttp.Server{
		ReadBufferSize: 16 << 10, NoDefaultServerHeader: true, NoDefaultContentType: true, NoDefaultDate: true,
		DisablePreParseMultipartForm: true,
		Handler: func(ctx *fasthttp.RequestCtx) {
			path := bytes.TrimPrefix(ctx.Request.Header.RequestURI(), []byte("/t"))
			path, _, _ = bytes.Cut(path, []byte{'?'})
			if !w.pages.Owns(path) {
				ctx.Error("not ours", fasthttp.StatusTeapot)
				return
			}
			w.pages.Serve(ctx, w.site, string(path), w.from, w.where)
		},
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	w.client.Addr = "shop.example"
	w.client.Dial = func(string) (conn, error) { return listener.Dial() }
	t.Cleanup(func() {
		if err := errors.Join(server.Shutdown(), <-done); err != nil {
			t.Error(err)
		}
	})
	return w
}

// browser keeps cookies, and sends what a browser sends with a request from the site's own page.
type browser struct {
	*world
	cookies map[string]string
	headers map[string]string // with every request; "" takes one of ours out
}

func (w *world) browser(cookies ...string) *browser {
	b := &browser{world: w, cookies: map[string]string{}, headers: map[string]string{}}
	for _, c := range cookies {
		name, value, _ := strings.Cut(c, "=")
		b.cookies[name] = value
	}
	return b
}

// answer is what came back.
type answer struct {
	*fasthttp.Response
	text string
}

func (a *answer) header(name string) string { return string(a.Header.Peek(name)) }

func (b *browser) do(method, path, kind, body string) *answer {
	b.t.Helper()
	req, resp := new(fasthttp.Request), new(fasthttp.Response)
	req.Header.SetMethod(method)
	req.SetRequestURI("http://shop.example" + path)
	if method == "POST" || method == "OPTIONS" {
		req.Header.Set("Origin", "https://shop.example")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if kind != "" {
		req.Header.SetContentType(kind)
		req.SetBodyString(body)
	}
	for _, name := range slices.Sorted(maps.Keys(b.cookies)) {
		req.Header.SetCookie(name, b.cookies[name])
	}
	for name, value := range b.headers {
		req.Header.Del(name)
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if err := b.client.Do(req, resp); err != nil {
		b.t.Fatal(err)
	}
	for c := range resp.Header.Cookies() {
		var cookie fasthttp.Cookie
		cookie.SetKeyBytes(c)
		resp.Header.Cookie(&cookie)
		if len(cookie.Value()) == 0 {
			delete(b.cookies, string(c))
		} else {
			b.cookies[string(c)] = string(cookie.Value())
		}
	}
	return &answer{resp, string(resp.Body())}
}

func (b *browser) get(path string) *answer { b.t.Helper(); return b.do("GET", path, "", "") }

func (b *browser) post(path, form string) *answer {
	b.t.Helper()
	return b.do("POST", path, "application/x-www-form-urlencoded", form)
}

func (b *browser) json(body string) *answer {
	b.t.Helper()
	return b.do("POST", "/privacy/objections", "application/json", body)
}

// choice is the preference cookie's value.
func (b *browser) choice() string { return b.cookies[visitor.Cookie] }
