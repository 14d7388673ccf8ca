package signal

import (
	"bytes"
	"slices"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// listedStrings is which of IAB's strings, and of those that travel beside them, a site lists.
type listedStrings struct {
	tcf, gpp, usp, ac bool
	funding           bool // google_fc: TC string and additional consent in FCCDCF

	tcfCookie, gppCookie, acCookie string // a cookie of the site's that holds the string as well; empty: none
}

func (r *listedStrings) any() bool { return *r != listedStrings{} }

// cookie tells which listed string a cookie of that name holds, and the name as notes have it; None where it holds
// none. Those with OneTrust's names are what OneTrust writes in place of the usual ones.
func (r *listedStrings) cookie(name []byte) (kind Kind, called string) {
	switch string(name) {
	case "euconsent-v2":
		kind, called = TransparencyConsent, "euconsent-v2"
	case "eupubconsent-v2":
		kind, called = TransparencyConsent, "eupubconsent-v2"
	case "__gpp":
		kind, called = PrivacyPlatform, "__gpp"
	case "OTGPPConsent":
		kind, called = PrivacyPlatform, "OTGPPConsent"
	case "usprivacy":
		kind, called = USPrivacy, "usprivacy"
	case "addtl_consent":
		kind, called = AdditionalConsent, "addtl_consent"
	case "OTAdditionalConsentString":
		kind, called = AdditionalConsent, "OTAdditionalConsentString"
	default:
		if rest, ok := bytes.CutPrefix(name, []byte("OTGPPConsent")); !ok || !ascii.Digits(rest) {
			return r.named(name)
		}
		kind, called = PrivacyPlatform, "OTGPPConsent, in parts" // none of which is a string, and all may hold an opt-out
	}
	if !r.listed(kind) {
		return r.named(name)
	}
	return kind, called
}

// named is the same for the names that the site gives.
func (r *listedStrings) named(name []byte) (Kind, string) {
	switch {
	case len(name) == 0:
		return None, ""
	case string(name) == r.tcfCookie:
		return TransparencyConsent, r.tcfCookie
	case string(name) == r.gppCookie:
		return PrivacyPlatform, r.gppCookie
	case string(name) == r.acCookie:
		return AdditionalConsent, r.acCookie
	}
	return None, ""
}

// listed tells whether the site lists the string.
func (r *listedStrings) listed(kind Kind) bool {
	switch kind {
	case TransparencyConsent:
		return r.tcf
	case PrivacyPlatform:
		return r.gpp
	case USPrivacy:
		return r.usp
	default:
		return r.ac
	}
}

// finding is a string as it was found.
type finding struct {
	reader *Reader
	s      *Signals
	ask    *Ask
	note   Note
}

// hit reads the strings that belong to the whole hit: cookies, the query, and fields that all events share.
func (f *finding) hit(h *hit.Hit) {
	r := &f.reader.iab
	sections := f.sections(h)
	f.ask.sections = sections
	jar := &f.ask.jar
	for i := range jar.all {
		name, value := jar.all[i].Name, jar.all[i].Value
		switch kind, called := r.cookie(name); kind {
		case TransparencyConsent:
			f.tc(jar.plain(value), "cookie ", called)
		case PrivacyPlatform:
			f.gpp(jar.plain(value), sections, "cookie ", called)
		case USPrivacy:
			f.usp(jar.plain(value), "cookie ", called)
		case AdditionalConsent:
			f.ac(jar.plain(value), "cookie ", called)
		default:
			if (r.usp || f.reader.uspr) && iubendaOptOuts(name) {
				f.iubenda(jar.plain(value))
			}
		}
	}
	f.embedded()
	if h.QueryRoot != hit.None {
		for c := h.Nodes[h.QueryRoot].First; c != hit.None; c = h.Nodes[c].Next {
			f.named(h.Bytes(h.KeySpan(c)), h, c, sections)
		}
	}
	f.claims(h, hit.Shared, sections)
}

// absent notes the listed strings that were not there.
func (f *finding) absent() {
	r := &f.reader.iab
	for _, of := range [...]struct {
		listed bool
		kind   Kind
		where  string
		state  State
	}{
		{r.tcf, TransparencyConsent, "cookies euconsent-v2, eupubconsent-v2, query gdpr_consent", f.s.TCF.State},
		{r.funding, Platform(cmp.GoogleFC), "cookie FCCDCF", f.s.TCF.State},
		{r.gpp, PrivacyPlatform, "query gpp, cookies __gpp, OTGPPConsent", f.s.GPP.State},
		{r.usp, USPrivacy, "query us_privacy, cookie usprivacy", f.s.USP.State},
		{r.ac, AdditionalConsent, "query and cookie addtl_consent, cookie OTAdditionalConsentString", f.s.AC.State},
	} {
		if f.note != nil && of.listed && of.state == Absent {
			f.note(of.kind, of.where, Absent, "nothing")
		}
	}
}

// event reads the strings that stand in one event.
func (f *finding) event(h *hit.Hit, event int32) {
	f.claims(h, event, sectionsIn(h, event, f.ask.sections))
}

func (f *finding) claims(h *hit.Hit, event int32, sections []int) {
	for i := h.FirstClaim(event); i != hit.None; i = h.Claims[i].Peer {
		c := &h.Claims[i]
		if h.Nodes[c.Node].Parent != h.QueryRoot { // the query was read by its names
			f.claim(c.Signal, h.Text(c.Node), sections, "field ")
		}
	}
}

// named reads a parameter of the query by the names that IAB gives them.
func (f *finding) named(key []byte, h *hit.Hit, node int32, sections []int) {
	for _, name := range [...]string{"gdpr_consent", "gpp", "us_privacy", "addtl_consent"} {
		if string(key) == name {
			f.claim(name, h.Text(node), sections, "query ")
		}
	}
}

func (f *finding) claim(signal string, text []byte, sections []int, where string) {
	r := &f.reader.iab
	switch {
	case signal == "gdpr_consent" && r.tcf:
		f.tc(text, where, signal)
	case signal == "gpp" && r.gpp:
		f.gpp(text, sections, where, signal)
	case signal == "us_privacy" && r.usp:
		f.usp(text, where, signal)
	case signal == "addtl_consent" && r.ac:
		f.ac(text, where, signal)
	}
}

// embedded reads the strings that CMPs keep in cookies of their own.
func (f *finding) embedded() {
	r := &f.reader.iab
	if !r.tcf && !r.ac && !r.funding {
		return
	}
	for _, c := range [...]cmp.Platform{cmp.GoogleFC, cmp.Cookiebot} {
		if c != cmp.GoogleFC && !r.tcf && !r.ac {
			continue
		}
		statement, _ := c.Read(&f.ask.jar, cmp.Settings{}, f.ask.Scratch)
		if statement.State == Malformed && c == cmp.GoogleFC {
			f.s.TCF.merge(TCF{State: Malformed})
		}
		if statement.State != Valid {
			continue
		}
		beside := f.ask.Scratch.Beside() // what stands in a cookie of its own was read as such
		if (r.tcf || r.funding && c == cmp.GoogleFC) && !bytes.Equal(statement.TC, beside.TC) {
			f.tc(statement.TC, "cookie of ", c.String())
		}
		if (r.ac || r.funding && c == cmp.GoogleFC) && !bytes.Equal(statement.AC, beside.AC) {
			f.ac(statement.AC, "cookie of ", c.String())
		}
	}
}

func (f *finding) tc(text []byte, where, name string) {
	if iab.NoSignal(text) {
		return
	}
	said := TCF{State: Malformed}
	if t, err := f.ask.tc(text); err == nil {
		said = f.ask.tcf(t)
	}
	f.s.TCF.merge(said)
	if f.note != nil {
		f.note(TransparencyConsent, where+name, said.State, string(said.Append(nil)))
	}
}

func (f *finding) gpp(text []byte, sections []int, where, name string) {
	if iab.NoSignal(text) {
		return
	}
	said := OptOuts{State: Malformed}
	g, err := f.ask.gpp(text)
	if err == nil {
		said = optOutsOf(g.OptOuts(sections))
	}
	f.s.GPP.merge(said)
	if f.note != nil {
		f.note(PrivacyPlatform, where+name, said.State, string(said.Append(nil)))
	}
	if err == nil && g.TC() != nil && (sections == nil || slices.Contains(sections, 2)) {
		tcf := f.ask.tcf(g.TC())
		f.s.TCF.merge(tcf)
		if f.note != nil {
			f.note(TransparencyConsent, "section 2 of "+where+name, tcf.State, string(tcf.Append(nil)))
		}
	}
}

func (f *finding) usp(text []byte, where, name string) {
	if iab.NoSignal(text) {
		return
	}
	said := OptOuts{State: Malformed}
	if u, err := iab.DecodeUSP(text); err == nil {
		said = OptOuts{State: Valid}
		if u.OptedOut() {
			said.Of = Sale | Sharing | TargetedAdvertising // it has one flag only, from before the laws told them apart
		}
	}
	f.s.USP.merge(said)
	if f.note != nil {
		f.note(USPrivacy, where+name, said.State, string(said.Append(nil)))
	}
}

func (f *finding) ac(text []byte, where, name string) {
	if iab.NoSignal(text) {
		return
	}
	said := AC{State: Malformed, Listed: f.ask.Declaration.Provider != 0}
	if a, err := iab.DecodeAC(text); err == nil {
		id := f.ask.Declaration.Provider
		said.State, said.Consented, said.Disclosed = Valid, said.Listed && a.Has(id), said.Listed && a.Disclosed(id)
	}
	f.s.AC.merge(said)
	if f.note != nil {
		f.note(AdditionalConsent, where+name, said.State, string(said.Append(nil)))
	}
}

// sections are the GPP sections that are in force by every gpp_sid that all events
// share; nil where none says: then all are.
func (f *finding) sections(h *hit.Hit) []int {
	if !f.reader.iab.gpp {
		return nil
	}
	var all []int
	for i := range f.ask.jar.all {
		if c := &f.ask.jar.all[i]; string(c.Name) == "__gpp_sid" {
			all = appendSID(all, f.ask.jar.plain(c.Value))
		}
	}
	if h.QueryRoot != hit.None {
		for c := h.Nodes[h.QueryRoot].First; c != hit.None; c = h.Nodes[c].Next {
			if string(h.Bytes(h.KeySpan(c))) == "gpp_sid" {
				all = appendSID(all, h.Text(c))
			}
		}
	}
	return sectionsIn(h, hit.Shared, all)
}

// sectionsIn adds the sections that an event's own gpp_sid names.
func sectionsIn(h *hit.Hit, event int32, shared []int) []int {
	all := shared
	for i := h.FirstClaim(event); i != hit.None; i = h.Claims[i].Peer {
		if c := &h.Claims[i]; c.Signal == "gpp_sid" {
			all = appendSID(slices.Clip(all), h.Text(c.Node))
		}
	}
	return all
}

func appendSID(all []int, text []byte) []int {
	ids, ok := iab.ParseSID(text)
	if !ok || len(all) > maxSections {
		return all
	}
	return append(all, ids...)
}

// maxSections is how many ids of sections are heeded: there are 27.
const maxSections = 64

// optOutsOf is what US sections come to. One in force that cannot be read may hold an opt-out.
func optOutsOf(o iab.USOptOuts) OptOuts {
	said := OptOuts{State: Valid, GPC: o.GPC}
	if o.Unclear {
		said.State = Malformed
	}
	for _, part := range [...]struct {
		on bool
		of US
	}{{o.Sale, Sale}, {o.Sharing, Sharing}, {o.Targeted, TargetedAdvertising}} {
		if part.on {
			said.Of |= part.of
		}
	}
	return said
}

// iubendaOptOuts tells whether a cookie is iubenda's record of US opt-outs: _iub_cs-<digits>-uspr.
func iubendaOptOuts(name []byte) bool {
	rest, ok := bytes.CutPrefix(name, []byte("_iub_cs-"))
	if !ok {
		return false
	}
	digits, ok := bytes.CutSuffix(rest, []byte("-uspr"))
	return ok && ascii.Digits(digits)
}
