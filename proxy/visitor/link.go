package visitor

import (
	"errors"
	"slices"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// linkPage is what a signed link shows.
type linkPage struct {
	choices
	decided
	Manage    bool
	Marketing bool   // all that it is for is direct marketing
	For       []Text // what it objects to
	InForce   []Text // what stands, of Manage
	In        bool   // all that it is for is in force
	Covered   bool   // it is, by an objection to everything
	Late      bool   // nothing can be taken back with it any more
	Back      bool   // something of what it is for stands by link, and can be taken back with it
	Elsewhere bool   // something of it stands by acts that no link ends
	Done      string
}

// link is a signed link. Opening it shows what it does and never does it, for programs that look into mails follow
// links; a mail program's one click (RFC 8058) and the button of the page do it. The token is the authority: nothing
// else of the request matters, neither where it came from nor its cookies, and none are set.
func (v *visit) link(token string) {
	h := &v.ctx.Response.Header
	h.Set("Referrer-Policy", "no-referrer") // the address is a secret
	h.Set("X-Robots-Tag", "noindex, nofollow")
	if !v.method(v.fail, "GET", "HEAD", "POST") {
		return
	}
	claim, err := Verify(&v.opts.Key, token)
	if err != nil || claim.Site != "" && claim.Site != v.site.ID {
		v.fail(fasthttp.StatusNotFound, "link_bad")
		return
	}
	if v.ctx.IsPost() {
		v.follow(&claim)
		return
	}
	inForce, byLink, err := v.heldByLink(&claim)
	goesOn, failed := v.opts.GoesOn(v.site.ID, nil, claim.Subjects, nil)
	if err = errors.Join(err, failed); err != nil {
		v.fail(fasthttp.StatusServiceUnavailable, "unreadable")
		return
	}
	in := func(scope string) bool { return slices.Contains(inForce, scope) }
	p := linkPage{
		choices: v.choices(v.page("link_title"), inForce, v.where), Manage: claim.Kind == Manage,
		For: v.titled(claim.Scopes), InForce: v.titled(inForce),
		In: len(claim.Scopes) > 0, Covered: in(all) && !slices.Contains(claim.Scopes, all),
		Late: claim.late(v.opts.Now()), Marketing: len(claim.Scopes) > 0,
	}
	p.decided = v.decided(inForce, goesOn)
	p.InForce = v.titled(p.left(v.said, inForce))
	for _, scope := range claim.Scopes {
		p.In = p.In && in(scope)
		of := v.said.purpose(scope)
		p.Marketing = p.Marketing && of != nil && of.DirectMarketing
	}
	for _, scope := range inForce {
		meant := p.Manage || slices.Contains(claim.Scopes, scope)
		here := slices.Contains(byLink, scope)
		p.Back, p.Elsewhere = p.Back || meant && here, p.Elsewhere || meant && !here
	}
	switch code := string(v.ctx.QueryArgs().Peek("done")); {
	case code == "taken" && p.Elsewhere && !p.Back:
		p.Done = v.Say("link_taken")
		p.Title = p.Done + " " + p.Title
	case code == untold:
		p.Done = v.Say("done_" + untold)
		p.Title = p.Done + " " + p.Title
	case code == "objected" && (p.In || p.Covered), code == "taken" && !p.In && !p.Covered, p.Manage &&
		(code == "saved" || code == "taken" || code == "objected"):
		if p.Done = v.Say("done_" + code); p.Manage {
			p.Done = p.done(code)
		}
		p.Title = p.Done + " " + p.Title
	}
	v.html(fasthttp.StatusOK, "link.html", p)
}

// heldByLink names what is in force for a link's subjects, and what of it by acts by link, which alone it takes back.
func (v *visit) heldByLink(c *Claim) (inForce, byLink []string, err error) {
	held, err := v.opts.Objector.Held(nil, c.Subjects)
	for _, one := range held {
		inForce = append(inForce, one.InForce...)
		if one.Kind == objection.ByLink || one.Kind == objection.Kept {
			byLink = append(byLink, one.InForce...)
		}
	}
	return sorted(inForce), byLink, err
}

// follow does what a signed link allows. An objection is taken however old the link is.
func (v *visit) follow(c *Claim) {
	if oneClick(v.ctx) {
		if len(c.Scopes) == 0 {
			v.fail(fasthttp.StatusBadRequest, "malformed", "what", "List-Unsubscribe")
		} else if v.carryOutLink(c, c.Scopes, nil) {
			v.ctx.Response.Header.SetContentType("text/plain; charset=utf-8")
			v.ctx.Response.Header.Set("Content-Language", v.said.Tag)
			said := "link_done"
			if v.untold {
				said = "done_" + untold
			}
			v.ctx.SetBodyString(v.Say(said) + "\n")
		}
		return
	}
	if !v.form() {
		return
	}
	var object, takeBack []string
	switch do := string(v.ctx.PostArgs().Peek("do")); {
	case do == "object" && len(c.Scopes) > 0:
		object = c.Scopes
	case do == "back" && c.Kind == Unsubscribe:
		takeBack = c.Scopes
	case do == "all" && c.Kind == Manage:
		object = []string{all}
	case do == "back" && c.Kind == Manage:
		takeBack = []string{all, objection.KeptOptOut}
	case do == "save" && c.Kind == Manage:
		object, takeBack = v.asked(v.ctx.PostArgs())
	default:
		v.fail(fasthttp.StatusBadRequest, "malformed", "what", "do")
		return
	}
	if len(takeBack) > 0 && c.late(v.opts.Now()) {
		v.fail(fasthttp.StatusForbidden, "link_late")
		return
	}
	done := "saved"
	switch {
	case len(object)+len(takeBack) == 0:
		done = "none"
	case !v.carryOutLink(c, object, takeBack):
		return
	case len(takeBack) == 0:
		done = "objected"
	case len(object) == 0:
		done = "taken"
	}
	if v.untold {
		done = untold
	}
	v.redirect(fasthttp.StatusSeeOther, "?lang="+v.said.Tag+"&done="+done+"#status")
}

// carryOutLink takes back and objects for a claim's subjects, in one step. Where
// that fails it answers, and returns false.
func (v *visit) carryOutLink(c *Claim, object, takeBack []string) bool {
	if !v.already(object, takeBack, nil, c.Subjects) {
		if wait := v.limits.link(c.Subjects[0]); wait > 0 {
			v.failed(errTooMany{wait}, v.fail)
			return false
		}
	}
	change := objection.Change{Subjects: c.Subjects, Source: objection.Link, Site: v.site.ID, Campaign: c.Campaign}
	change.Holder.Kind = objection.ByLink
	var acts objection.Acts
	if len(takeBack) > 0 {
		back := change
		back.TakeBack = takeBack
		acts.Acts = append(acts.Acts, objection.Act{Change: back})
	}
	if len(object) > 0 {
		change.Object = object
		acts.Acts = append(acts.Acts, objection.Act{Change: change})
	}
	if _, err := do(v, acts); err != nil {
		v.failed(err, v.fail)
		return false
	}
	return true
}
