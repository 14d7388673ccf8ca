package visitor

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
)

// longestForm bounds what a form of ours may send, in bytes.
const longestForm = 32 << 10

// centre is the preference centre: it shows what can be chosen and what stands, and takes what is chosen.
func (v *visit) centre() {
	if !v.method(v.fail, "GET", "HEAD", "POST") {
		return
	}
	if v.ctx.IsPost() {
		v.choose()
		return
	}
	proven := v.proven(v.ids)
	inForce, err := v.standing(proven)
	goesOn, failed := v.opts.GoesOn(v.site.ID, proven, nil, v.chosen)
	if err = errors.Join(err, failed); err != nil {
		v.fail(fasthttp.StatusServiceUnavailable, "unreadable")
		return
	}
	if v.told = 0; len(goesOn) > 0 {
		v.told = rules.ToldUntil(rules.Told(v.opts.Now())) // from here on it counts for this browser, too
	}
	v.renew(v)
	decided := v.decided(inForce, goesOn)
	p := centrePage{
		choices: v.choices(v.page("title"), inForce, v.where), Heading: Text{Text: v.Say("title")},
		InForce: v.titled(decided.left(v.said, inForce)), decided: decided, All: slices.Contains(inForce, all),
	}
	p.Identified, p.Account, p.GPC, p.DNT = len(v.ids) > 0, v.account, globalPrivacyControl(v), doNotTrack(v)
	if v.said.Title.Text != "" {
		p.Heading, p.Title = v.said.Title, v.said.Title.Text
	}
	p.Months = strconv.Itoa(int(v.site.cookieAge() / month))
	p.message(string(v.ctx.QueryArgs().Peek("done")), v.kept || len(inForce) > 0)
	v.html(fasthttp.StatusOK, "centre.html", p)
}

// centrePage is what the preference centre says.
type centrePage struct {
	choices
	decided
	Heading    Text
	InForce    []Text
	All        bool
	Identified bool   // the browser sends identifiers
	Months     string // for how many the cookie is kept
	Account    bool   // it sends one that an account may be called by
	GPC        browserSignal
	DNT        browserSignal
	Done       string // what was done last
	Lost       bool   // the browser did not keep the choice
}

// untold is what became of a change that not all nodes know of yet.
const untold = "untold"

// message is what is said of the change that was made last. It comes from the address, so it is
// said only where what stands bears it out.
func (p *centrePage) message(code string, kept bool) {
	switch code {
	case "objected", "saved":
		if p.Lost = !kept; kept {
			p.Done = p.done(code)
		}
	case "taken", "here", "none", "kept", untold:
		p.Done = p.done(code)
	}
	if p.Done != "" {
		p.Title = p.Done + " " + p.Title
	}
}

// choose takes a form of the preference centre, and leads back to the page (so that loading it again changes nothing).
func (v *visit) choose() {
	if !trusted(v.site, &v.ctx.Request.Header) {
		v.fail(fasthttp.StatusForbidden, "origin")
		return
	}
	if !v.form() {
		return
	}
	w := wish{source: objection.PreferenceCentre}
	switch string(v.ctx.PostArgs().Peek("do")) {
	case "all":
		w.object = []string{all}
	case "back":
		w.takeBack, w.kept = []string{all}, v.mayTakeKeptBack()
	case "kept":
		w.kept = v.mayTakeKeptBack()
	case "save":
		w.object, w.takeBack = v.asked(v.ctx.PostArgs())
	default:
		v.fail(fasthttp.StatusBadRequest, "malformed", "what", "do")
		return
	}
	done := "none"
	if len(w.object)+len(w.takeBack) > 0 || w.kept {
		became, err := v.carryOut(w)
		if err != nil {
			v.failed(err, v.fail)
			return
		}
		switch {
		case became.elsewhere:
			done = "here"
		case len(w.object)+len(w.takeBack) == 0:
			done = "kept"
		case len(w.takeBack) == 0:
			done = "objected"
		case len(w.object) == 0:
			done = "taken"
		default:
			done = "saved"
		}
		if v.untold {
			done = untold
		}
	}
	v.redirect(fasthttp.StatusSeeOther, "?lang="+v.said.Tag+"&done="+done+"#status")
}

// form tells whether the body is a form that pages of ours send, and answers where it is not.
func (v *visit) form() bool {
	kind, _, _ := strings.Cut(v.header("Content-Type"), ";")
	switch {
	case len(v.ctx.PostBody()) > longestForm:
		v.fail(fasthttp.StatusRequestEntityTooLarge, "too_large")
	case !strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded") ||
		bytes.IndexByte(v.ctx.PostBody(), 0) >= 0:
		v.fail(fasthttp.StatusUnsupportedMediaType, "malformed", "what", "Content-Type")
	default:
		return true
	}
	return false
}
