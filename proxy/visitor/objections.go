package visitor

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/ascii"
)

// standingAnswer is what the endpoint answers: the names of the scopes in force for this browser, as far as it may
// know, sorted (of restrictions behind "restriction:"), and how many identifiers it was known by. Where something was
// to be taken back for an identifier without a proof that it was objected for here, elsewhere is true, and detail says
// that what was objected to elsewhere stands: whether there is such a thing is told to nobody. Where an identifier was
// left out because an account may be called by it, account is true, and detail says that what is chosen holds for this
// browser. Where the other nodes of a cluster could not be told in time, untold is true, and detail says so.
type standingAnswer struct {
	InForce    []string `json:"in_force"`
	Identified int      `json:"identified"`
	Elsewhere  bool     `json:"elsewhere,omitempty"`
	Account    bool     `json:"account,omitempty"`
	Untold     bool     `json:"untold,omitempty"`  // not all nodes know of it yet
	GoesOn     []string `json:"goes_on,omitempty"` // purposes, sorted, that go on for a recipient by a person's decision
	Detail     string   `json:"detail,omitempty"`  // in the visitor's language
}

// objections is the preference centre for a site's own front end, in JSON.
func (v *visit) objections() {
	if v.ctx.IsOptions() {
		preflight(v.site, v.ctx)
		return
	}
	allowOrigin(v.site, v.ctx)
	if !v.method(v.problem, "GET", "HEAD", "POST", "OPTIONS") {
		return
	}
	if !v.ctx.IsPost() {
		v.answerStanding(v.proven(v.ids), outcome{identified: len(v.ids)})
		return
	}
	if !v.postsJSON(longestRequest) {
		return
	}
	r, err := parseRequest(v.ctx.PostBody())
	if err != nil {
		v.refused(err)
		return
	}
	if r.lang != "" {
		v.speak(v.site.choose(r.lang, v.header("Accept-Language")))
	}
	if i := slices.IndexFunc(r.object, func(s string) bool { return !v.said.objectable(s) }); i >= 0 {
		v.refused(&badRequest{at: place(r.object[i]), what: "it names something that this site has not, or that the law " +
			"gives no right to object to"})
		return
	}
	notRandom := func(id objection.ID) bool { return !v.opts.Random(id) }
	v.account = v.account || slices.ContainsFunc(r.ids, notRandom)
	proven := v.proven(v.recognised(append(slices.Clone(v.ids), r.ids...)))
	became, err := v.carryOut(wish{
		object: r.object, takeBack: r.takeBack, ids: r.ids, source: objection.FrontEnd, campaign: campaign(r.campaign),
		kept: slices.Contains(r.takeBack, all) && v.mayTakeKeptBack(),
	})
	if err != nil {
		v.failed(err, v.problem)
		return
	}
	v.answerStanding(proven, became)
}

// postsJSON tells whether a page of the site's posted JSON of at most so many bytes, and answers where it did not.
func (v *visit) postsJSON(most int) bool {
	kind, _, _ := strings.Cut(v.header("Content-Type"), ";")
	switch {
	case !trusted(v.site, &v.ctx.Request.Header):
		v.problem(fasthttp.StatusForbidden, "origin")
	case !strings.EqualFold(strings.TrimSpace(kind), "application/json"):
		v.problem(fasthttp.StatusUnsupportedMediaType, "malformed", "what", "Content-Type: application/json")
	case len(v.ctx.PostBody()) > most:
		v.problem(fasthttp.StatusRequestEntityTooLarge, "too_large")
	default:
		return true
	}
	return false
}

// answerStanding answers with what stands. It is the same whatever stood before for identifiers that are not proven.
func (v *visit) answerStanding(proven []objection.ID, became outcome) {
	inForce, err := v.standing(proven)
	if err != nil {
		v.problem(fasthttp.StatusServiceUnavailable, "unreadable")
		return
	}
	if inForce == nil {
		inForce = []string{}
	}
	answer := standingAnswer{
		InForce: inForce, Identified: became.identified, Elsewhere: became.elsewhere, Account: v.account,
		Untold: v.untold,
	}
	goesOn, err := v.opts.GoesOn(v.site.ID, proven, nil, v.chosen)
	if err != nil {
		v.problem(fasthttp.StatusServiceUnavailable, "unreadable")
		return
	}
	if len(v.chosen) > 0 { // not before the preference centre said so
		goesOn = slices.DeleteFunc(goesOn, func(g GoingOn) bool { return g.Since.Unix() >= v.told })
	}
	of := v.decided(inForce, goesOn)
	for i := range of.lifted {
		answer.GoesOn = sorted(append(answer.GoesOn, of.lifted[i].Purposes...))
	}
	var said []string
	if answer.Elsewhere {
		said = append(said, v.Say("done_here"))
	}
	if answer.Untold {
		said = append(said, v.Say("done_"+untold))
	}
	if answer.Account {
		said = append(said, v.Say("account"))
	}
	if answer.Detail = strings.Join(said, " "); answer.Detail != "" {
		v.ctx.Response.Header.Set("Content-Language", v.said.Tag)
		v.ctx.Response.Header.Add("Vary", "Accept-Language")
	}
	text, err := json.Marshal(answer)
	if err != nil {
		panic("BUG: an answer is no JSON: " + err.Error())
	}
	if answer.Untold {
		v.ctx.SetStatusCode(fasthttp.StatusAccepted)
	}
	v.ctx.Response.Header.SetContentType("application/json")
	v.ctx.SetBody(text)
}

// refused answers a request that is none.
func (v *visit) refused(err error) {
	bad, ok := errors.AsType[*badRequest](err)
	switch {
	case !ok:
		v.problem(fasthttp.StatusBadRequest, "malformed", "what", "JSON")
	case bad.guessable:
		v.problemAt(bad.at, fasthttp.StatusForbidden, "identifier", "what", bad.what)
	default:
		v.problemAt(bad.at, fasthttp.StatusBadRequest, "malformed", "what", bad.what)
	}
}

// place is where in a request a scope is named.
func place(scope string) string {
	if strings.HasPrefix(scope, vendorScope) {
		return "/vendors"
	}
	return "/purposes"
}

// campaign keeps the name of a campaign where it looks like one: at most 64 letters, digits, blanks and ". _
// -". It comes from an address, which may hold anything: what else it holds is left out as a whole, and
// never a reason not to take an objection.
func campaign(name string) string {
	if len(name) > 64 {
		return ""
	}
	for _, c := range []byte(name) {
		switch {
		case ascii.IsAlnum(c), c == ' ', c == '.', c == '_', c == '-':
		default:
			return ""
		}
	}
	return name
}
