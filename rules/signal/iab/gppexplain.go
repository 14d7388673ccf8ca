package iab

import (
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// ExplainGPP says in plain words what a GPP string says, section by section, and the
// opt-outs of all US sections together.
func ExplainGPP(g *GPPString) []string {
	e := explanation{}
	if len(g.sections) == 0 {
		e.say("GPP string without sections")
		return e.lines
	}
	e.say("GPP string with %s", plural.Of(len(g.sections), "section"))
	for i := range g.sections {
		s := &g.sections[i]
		switch {
		case s.id == sectionEU:
			e.under("section 2 (tcfeuv2): ", ExplainTC(g.tc))
		case s.id == sectionCA:
			e.under("section 5 (tcfcav1): ", explainCA(g.ca))
		case s.id == sectionUSP:
			e.under("section 6 (uspv1): ", ExplainUSP(g.usp))
		case s.us.layout != nil:
			e.us(s)
		default:
			e.say("section %d: not known; an opt-out in it is not seen", s.id)
		}
	}
	e.optOuts(g.OptOuts(nil))
	return e.lines
}

func (e *explanation) under(prefix string, lines []string) {
	for _, line := range lines {
		e.lines = append(e.lines, prefix+line)
	}
}

// us says the fields of a US section in four lines: opt-outs, notices, sensitive data, the rest.
func (e *explanation) us(s *gppSection) {
	l := s.us.layout
	version := strconv.Itoa(int(s.us.version))
	if s.us.version == 1 && l == usLayouts[0] {
		version += " in the layout of 2"
	}
	e.say("section %d (%s), version %s: sale %s, sharing %s, targeted advertising %s", s.id, l.name, version,
		s.us.optOutWords(l.sale), s.us.optOutWords(l.sharing), s.us.optOutWords(l.targeted))
	for name, values := range s.us.fields {
		switch {
		case name == l.version, strings.HasSuffix(name, "OptOut"):
		case name == "Gpc" && values[0] == 1:
			e.say("section %d: Global Privacy Control was on", s.id)
		case name == "Gpc":
			e.say("section %d: Global Privacy Control was off", s.id)
		case strings.HasSuffix(name, "Notice"):
			e.say("section %d: %s: %s", s.id, name, noticeWords[values[0]])
		default:
			e.say("section %d: %s: %s", s.id, name, valueWords(name, values))
		}
	}
}

func (s *usSection) optOutWords(i int) string {
	switch {
	case i == none:
		return "not part of this section"
	case s.value(i) == optedOut:
		return "opted out"
	case s.value(i) == notOptedOut:
		return "not opted out"
	default:
		return "not applicable"
	}
}

var (
	noticeWords  = [4]string{"not applicable", "given", "not given", "unknown"}
	consentWords = [4]string{"not applicable", "no consent", "consent", "unknown"}
	yesNoWords   = [4]string{"not applicable", "yes", "no", "unknown"}
	modeWords    = [4]string{"not applicable", "opt-out option mode", "service provider mode", "unknown"}
)

func valueWords(name string, values []uint8) string {
	words := &consentWords
	switch {
	case name == "MspaMode":
		words = &modeWords
	case strings.HasPrefix(name, "Mspa"):
		words = &yesNoWords
	}
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = words[v&3]
	}
	return strings.Join(all, ", ")
}

func (e *explanation) optOuts(o USOptOuts) {
	if !o.Present && !o.Unclear {
		return
	}
	var from []string
	for _, one := range []struct {
		out  bool
		what string
	}{{o.Sale, "sale"}, {o.Sharing, "sharing"}, {o.Targeted, "targeted advertising"}} {
		if one.out {
			from = append(from, one.what)
		}
	}
	if from == nil {
		from = []string{"nothing"}
	}
	e.say("all US sections together: opted out of %s", strings.Join(from, ", "))
	if o.GPC {
		e.say("all US sections together: Global Privacy Control was on")
	}
}

func explainCA(t *TCFCA) []string {
	e := explanation{}
	e.say("TCF Canada, version %d, made %s, updated %s; policy version %d", t.Version, date(t.Created),
		date(t.Updated), t.PolicyVersion)
	e.say("consent platform %d, version %d, screen %d, language %s; vendor list %d", t.CMP, t.CMPVersion, t.CMPScreen,
		t.Language[:], t.VendorListVersion)
	e.say("express consent to purposes: %s", plain(uint64(t.PurposesExpress)))
	e.say("implied consent to purposes: %s", plain(uint64(t.PurposesImplied)))
	e.say("express consent to special features: %s", plain(uint64(t.SpecialFeatures)))
	e.vendors("vendors with express consent", &t.ids, &t.express)
	e.vendors("vendors with implied consent", &t.ids, &t.implied)
	return e.lines
}

// ExplainUSP says in plain words what a US privacy string says.
func ExplainUSP(u USP) []string {
	e := explanation{}
	if !u.Applies() {
		e.say("US privacy string of version 1: the CCPA does not apply")
		return e.lines
	}
	words := func(c byte, yes, no string) string {
		switch c {
		case 'Y':
			return yes
		case 'N':
			return no
		default:
			return "not applicable"
		}
	}
	e.say("US privacy string of version 1")
	e.say("sale: %s", words(u.OptOutSale, "opted out", "not opted out"))
	e.say("notice and opportunity to opt out: %s", words(u.Notice, "given", "not given"))
	e.say("Limited Service Provider Agreement: %s", words(u.LSPA, "covers the transaction",
		"does not cover the transaction"))
	return e.lines
}

// ExplainAC says in plain words what an additional consent string says.
func ExplainAC(a *ACString) []string {
	e := explanation{}
	e.say("Google's additional consent, version %d; counts only beside a TC string", a.Version)
	e.say("providers with consent: %s", providerWords(a.consented))
	if a.Version == 2 {
		e.say("providers disclosed without consent: %s", providerWords(a.disclosed))
	}
	return e.lines
}

func providerWords(ids []uint32) string {
	if len(ids) == 0 {
		return "none"
	}
	runs := func(yield func(first, last int) bool) {
		for i := 0; i < len(ids); {
			first := ids[i]
			last := first
			for i++; i < len(ids) && ids[i] <= last+1; i++ {
				last = ids[i]
			}
			if !yield(int(first), int(last)) {
				return
			}
		}
	}
	return plural.Of(count(runs), "provider") + " (" + runWords(runs) + ")"
}
