package visitor

import (
	"encoding/json"
	"slices"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/rules/signal"
)

// browserSignal is what the site makes of a signal by which the visitor's browser opts out, and whether it sends it.
type browserSignal struct {
	Read    bool
	Sent    bool   // also where it cannot be read: it counts as the signal then
	Unclear bool   // what is sent cannot be read
	Objects []Text // purposes that it counts as an objection to
	OptsOut []Text // purposes that it opts out of, where the visitor is
	States  []Text // purposes that it would opt out of elsewhere
	Yields  bool   // to a consent, in all that it opts out of: it is an objection to none of that
	Keeps   bool   // where the visitor is, it is kept
	Before  bool   // it may be kept from before
	ids     []string
}

// newBrowserSignal is a signal as a site finds it. What a site does not read it takes for nothing.
func newBrowserSignal(read bool, state signal.State) browserSignal {
	unclear := read && state == signal.Malformed
	return browserSignal{Read: read, Sent: state == signal.Valid || unclear, Unclear: unclear}
}

// InForce are the purposes that it closes now.
func (s browserSignal) InForce() []Text {
	if !s.Sent {
		return nil
	}
	return slices.Concat(s.OptsOut, s.Objects)
}

// Counts tells whether it counts for any purpose, where the visitor is.
func (s browserSignal) Counts() bool { return len(s.Objects)+len(s.OptsOut) > 0 }

// sent reads headers by which a browser opts out, as it is done for hits.
func sent(h *fasthttp.RequestHeader, names ...string) signal.State {
	state := signal.Absent
	for _, name := range names {
		for _, value := range h.PeekAll(name) {
			state = signal.OptOutHeader(state, value)
		}
	}
	return state
}

// mayTakeKeptBack tells whether an opt-out that is kept for the browser may be taken back: the browser sends nothing
// now that would be taken for the signal, and one may be kept on this site.
func (v *visit) mayTakeKeptBack() bool {
	return globalPrivacyControl(v).Before && sent(&v.ctx.Request.Header, "Sec-GPC") == signal.Absent
}

// globalPrivacyControl is what becomes of that signal for a visit.
func globalPrivacyControl(v *visit) browserSignal {
	s := newBrowserSignal(v.site.ReadsGPC, sent(&v.ctx.Request.Header, "Sec-GPC"))
	s.Keeps, s.Yields = s.Read && v.where.Keeps, true
	for i := range v.said.Purposes {
		p := &v.said.Purposes[i]
		s.Before = s.Before || s.Read && p.mayOptOut()
		switch {
		case !s.Read:
			continue
		case p.optsOut(v.where):
			s.OptsOut, s.Yields = append(s.OptsOut, p.Title), s.Yields && !p.GPC
		case p.GPC && !p.ShownOnly:
			s.Objects = append(s.Objects, p.Title)
		case p.mayOptOut():
			s.States = append(s.States, p.Title)
			continue
		default:
			continue
		}
		s.ids = append(s.ids, p.ID)
	}
	return s
}

// doNotTrack is what becomes of that signal for a visit.
func doNotTrack(v *visit) browserSignal {
	s := newBrowserSignal(v.site.ReadsDNT, sent(&v.ctx.Request.Header, "DNT", "X-Do-Not-Track"))
	for i := range v.said.Purposes {
		if p := &v.said.Purposes[i]; s.Read && p.DNT && !p.ShownOnly {
			s.Objects = append(s.Objects, p.Title)
		}
	}
	return s
}

// gpcAnswer says for a site's own front end what becomes of Global Privacy Control: whether the browser sends it,
// whether the site reads it, honors it where the visitor is, and keeps it; for which purposes; and a line to show, in
// the visitor's language, "" where nothing is sent. It says nothing of what is kept for anybody.
func (v *visit) gpcAnswer() {
	allowOrigin(v.site, v.ctx)
	if !v.method(v.problem, "GET", "HEAD") {
		return
	}
	s := globalPrivacyControl(v)
	answer := struct {
		Sent     bool     `json:"sent"`
		Read     bool     `json:"read"`
		Honored  bool     `json:"honored"`
		Kept     bool     `json:"kept"`
		Purposes []string `json:"purposes"`
		Text     string   `json:"text"`
	}{Sent: s.Sent, Read: s.Read, Honored: s.Sent && s.Counts(), Purposes: s.ids}
	answer.Kept = answer.Honored && s.Keeps && !s.Unclear && len(s.OptsOut) > 0 && len(v.ids) > 0
	if answer.Purposes == nil {
		answer.Purposes = []string{}
	}
	switch {
	case !s.Sent:
	case len(s.OptsOut) > 0:
		answer.Text = v.Say("gpc_line")
	case len(s.Objects) > 0:
		answer.Text = v.Say("gpc_line_object")
	case s.Read:
		answer.Text = v.Say("gpc_line_none")
	default:
		answer.Text = v.Say("gpc_line_unread")
	}
	text, err := json.Marshal(answer)
	if err != nil {
		panic("BUG: an answer is no JSON: " + err.Error())
	}
	v.ctx.Response.Header.Set("Content-Language", v.said.Tag)
	v.ctx.Response.Header.Add("Vary", "Accept-Language, Sec-GPC")
	v.ctx.Response.Header.SetContentType("application/json")
	v.ctx.SetBody(text)
}
