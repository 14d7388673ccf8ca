// Package visitor is what visitors meet: the preference centre, the endpoint for a site's own front end with its
// script, the script that copies a consent platform's choice into a cookie, signed links, the notice and
// /.well-known/gpc.json. It promises that nobody is recognised by the means of objecting: a browser is known by the
// identifiers it already sends and by nothing that is set here, and no answer tells somebody who does not hold the
// signed cookie or a signed link whether an identifier was known before.
//
// # What a visitor is shown, and why not more
//
// Identifier cookies can be forged: whoever knows an id can send it. Objecting takes no more than that, since it harms
// nobody's rights. Seeing what stands takes more, and so does taking it back. Three things can be asked about:
//
//   - The preference cookie (Cookie) is the browser's own and says what was chosen in it. It
//     is shown, and taken back, as it is.
//   - The store is asked only for identifiers that the signed cookie (UndoCookie) proves: ones that were objected for
//     in this browser. What stands for them may have come from elsewhere too, and is shown. Taken back is the act that
//     the cookie proves: what others objected to stands, and the page says so.
//   - For every other identifier the store is not asked at all, neither by a page nor in an answer to a
//     change, so that pages and answers are the same whether or not somebody objected for it before. Objecting
//     is done for it (again), and taking back is not: the page says that what was objected to elsewhere
//     stands, whether there is such a thing or not.
//
// An identifier in a cookie counts as a browser's only in the form in which its SDK makes it. Another
// one may be the name of an account, which can be guessed: nothing is stored for it, the choice stays
// in the browser, and the page says so.
//
// # What is said of what takes place
//
// For each purpose the pages say in which case each recipient gets data ([Flow], [When]): only with the visitor's
// consent, unless they object, until they opt out, or because a contract or the law asks for it. Saying no is one
// act whatever it is called: it is kept as an objection to the scope, which ends all of the first three. The label
// of a control says which of them it ends.
//
// A signed link is the authority for the subjects in it: its page shows what stands for them,
// and it takes back what came by links.
package visitor

import (
	"context"
	"crypto/rand"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Options are what [Pages] need. Zero values take the defaults given.
type Options struct {
	Objector objection.Objector // takes objections; it makes subjects of identifiers
	Key      pseudonym.Key      // State.SigningKey: signs links and the cookie that objections are taken back with

	// Recognise returns the identifiers that the identifier cookies of a request hold, such as
	// {"client_id:ga4", "123.456"}. Those that can be guessed (all but client, device and advertising
	// ids) are not used. nil: there are none.
	Recognise func(h *fasthttp.RequestHeader) []objection.ID

	// Random tells whether an identifier has the form that its vendor's SDK makes at random. One that has not may be the
	// name of an account: it is neither objected for nor taken back for. nil: all have it.
	Random func(objection.ID) bool

	// Accounts tells whether the identifier cookies of a request hold one that an account may be called by. nil: none do.
	Accounts func(h *fasthttp.RequestHeader) bool

	Rand io.Reader // what ids of acts are made of; crypto/rand

	// GoesOn lists what goes on for who proves identifiers, or holds a link's subjects, though they objected to it:
	// chosen are the scopes of the browser's own cookie. nil: nothing does.
	GoesOn func(site string, ids []objection.ID, subjects []objection.Subject, chosen []string) ([]GoingOn, error)

	// CookieOnly is told of a change that only the preference cookie holds, because the browser sends no identifier: it is
	// to be recorded and counted. Its Subjects are empty, and its scopes are what it changes. nil: nobody is told.
	CookieOnly func(objection.Change)

	// Choose records a choice, and makes it count where the site lists receipts: when it returns that is on disk and in
	// force. An identifier or a category that is none is a *objection.Fault. nil: choices are not taken.
	Choose func(context.Context, Choosing) (Chose, error)

	// Refused is told why a change was not made: "limit", "full" (there is too little room on the
	// disk) or "failed". nil: nobody is told.
	Refused func(cause string)

	Limits Limits
	Now    func() time.Time // time.Now
}

// Pages serves what visitors meet. It is safe for concurrent use.
type Pages struct {
	opts     Options
	limits   *limiter
	choosers *limiter // of choices, which are more than objections
}

// New makes the pages.
func New(o Options) *Pages {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Recognise == nil {
		o.Recognise = func(*fasthttp.RequestHeader) []objection.ID { return nil }
	}
	if o.Random == nil {
		o.Random = func(objection.ID) bool { return true }
	}
	if o.Accounts == nil {
		o.Accounts = func(*fasthttp.RequestHeader) bool { return false }
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.GoesOn == nil {
		o.GoesOn = func(string, []objection.ID, []objection.Subject, []string) ([]GoingOn, error) { return nil, nil }
	}
	if o.CookieOnly == nil {
		o.CookieOnly = func(objection.Change) {}
	}
	if o.Refused == nil {
		o.Refused = func(string) {}
	}
	if o.Choose == nil {
		o.Choose = func(context.Context, Choosing) (Chose, error) { return Chose{}, nil }
	}
	choosers := o.Limits
	choosers.Burst, choosers.PerMinute = choicesAtOnce, choicesPerMinute
	return &Pages{opts: o, limits: newLimiter(o.Limits, o.Now), choosers: newLimiter(choosers, o.Now)}
}

// Choices of one network: so many at once, and so many a minute after that. Everybody who visits makes one.
const (
	choicesAtOnce    = 300
	choicesPerMinute = 100
)

// What lies where. Paths are without the site's base.
const (
	root     = "/privacy/"
	linkRoot = root + "u/"
	gpcPath  = "/.well-known/gpc.json"
)

// LinkPath is what a token of [Sign] is put behind, below a site's origin and base.
const LinkPath = linkRoot

// Owns tells whether a path, from which the site's base was taken off, is one of these pages.
func (*Pages) Owns(path []byte) bool {
	return string(path) == gpcPath || string(path) == root[:len(root)-1] || len(path) >= len(root) &&
		string(path[:len(root)]) == root
}

// Serve answers a request for a path that it owns. The caller has seen to it that the request can be read in one way
// only, that its host is one of the site's, and that its body is no larger than the server allows; from is the
// visitor's address, the zero Addr where it is not known, and where is where the visitor is.
func (p *Pages) Serve(ctx *fasthttp.RequestCtx, site *Site, path string, from netip.Addr, where Where) {
	v := p.visit(ctx, site, path, from)
	v.where = where
	switch {
	case path == gpcPath:
		v.gpc()
	case path == root[:len(root)-1]:
		v.redirect(fasthttp.StatusPermanentRedirect, root[1:])
	case path == root:
		v.centre()
	case path == root+"objections":
		v.objections()
	case path == root+"choices":
		chooser{v}.post()
	case path == root+"gpc":
		v.gpcAnswer()
	case path == root+"notice":
		v.notice()
	case strings.HasPrefix(path, linkRoot):
		v.link(path[len(linkRoot):])
	default:
		if !v.asset(path[len(root):]) {
			v.fail(fasthttp.StatusNotFound, "not_found")
		}
	}
}
