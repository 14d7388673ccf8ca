package minimise

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Compile makes the action of a Spec for fields of a class. The error is a *ParamError.
func Compile(spec Spec, class hit.Class) (*Action, error) {
	if spec.Kind >= NumKinds || class >= hit.NumClasses {
		return nil, wrong("", "no such minimiser or class")
	}
	if class == hit.Unknown && spec.Kind != Drop {
		return nil, wrong("", "fields of unknown class are never forwarded; give the field a class in the catalog")
	}
	if class == hit.Container && spec.Kind != Drop && spec.Kind != Keep {
		return nil, wrong("", "%v does not apply to a container; name the fields inside", spec.Kind)
	}
	a := &Action{kind: spec.Kind, class: class, spec: spec}
	if err := a.compile(); err != nil {
		return nil, err
	}
	a.canon = a.spec.canon()
	return a, nil
}

func (a *Action) compile() error {
	s := &a.spec
	switch a.kind {
	case Pseudonymise:
		return a.compilePseudonymise()
	case Derive:
		if s.Derive != "daily_visitor" {
			return wrong("id", "must be daily_visitor")
		}
		return a.fits(derivable)
	case Hash:
		if s.Hash != "sha256" {
			return wrong("function", "must be sha256")
		}
		return a.fits(hashable)
	case Truncate:
		return a.compileTruncate()
	case Generalise:
		return a.compileGeneralise()
	case URL:
		return a.compileURL()
	case Scrub:
		return a.fits(texts | of(hit.PersonName))
	case Only:
		if len(s.Only) == 0 {
			return wrong("values", "must list at least one value, such as only: [card, invoice]")
		}
		s.Only = slices.Clone(s.Only)
		a.only = make(map[string]struct{}, len(s.Only))
		for _, v := range s.Only {
			a.only[v] = struct{}{}
		}
	case Rare:
		return a.compileRare()
	default: // drop, keep and replace take every class
	}
	return nil
}

func (a *Action) compilePseudonymise() error {
	p := &a.spec.Pseudonymise
	if p.Scope == "" {
		p.Scope = "vendor"
	}
	if p.Rotate == "" {
		p.Rotate = "day"
	}
	if p.Scope != "vendor" && p.Scope != "purpose" {
		return wrong("scope", "must be vendor or purpose")
	}
	rotation, ok := pseudonym.ParseRotation(p.Rotate)
	if !ok {
		return wrong("rotate", "must be day, week, month or never")
	}
	if p.Bits != 0 && (p.Bits < 8 || p.Bits > 128) {
		return wrong("bits", "must be from 8 to 128, or left out")
	}
	a.rotation, a.byPurpose = rotation, p.Scope == "purpose"
	return a.fits(identifiers)
}

func (a *Action) compileTruncate() error {
	t := &a.spec.Truncate
	ip := t.V4 != nil || t.V6 != nil
	ways := 0
	for _, said := range []bool{t.To != "", ip, t.Decimals != nil, t.Chars != nil} {
		if said {
			ways++
		}
	}
	if ways != 1 {
		return wrong("", "truncate takes one of: a time unit (minute, hour, day), v4 and v6, decimals, chars")
	}
	check := func(name string, n *int) error {
		p, _ := ParamOf(Truncate, name)
		if n != nil && (*n < p.Min || *n > p.Max) {
			return wrong(name, "must be from %d to %d", p.Min, p.Max)
		}
		return nil
	}
	for _, c := range []struct {
		name string
		n    *int
	}{{"v4", t.V4}, {"v6", t.V6}, {"decimals", t.Decimals}, {"chars", t.Chars}} {
		if err := check(c.name, c.n); err != nil {
			return err
		}
	}
	switch {
	case t.To != "":
		if unitOf(t.To) == 0 {
			return wrong("to", "must be minute, hour or day")
		}
		return a.fitsParam("to", times)
	case ip:
		name := "v4"
		if t.V4 == nil {
			name = "v6"
		}
		return a.fitsParam(name, of(hit.IP))
	case t.Decimals != nil:
		return a.fitsParam("decimals", numbers)
	default:
		return a.fitsParam("chars", texts)
	}
}

// fits says what is wrong where the minimiser is not for the action's class.
func (a *Action) fits(allowed classes) error { return a.fitsParam("", allowed) }

func (a *Action) fitsParam(param string, allowed classes) error {
	if allowed.has(a.class) {
		return nil
	}
	hint := suggestions[a.class]
	if hint == "" {
		hint = "keep, drop, only or replace"
	}
	return wrong(param, "%s does not apply to class %v, it is for %v; for %v use %s", strings.TrimSpace(a.kind.String()+" "+param), a.class, allowed, a.class, hint)
}

// suggestions are what to do to a class instead.
var suggestions = [hit.NumClasses]string{
	hit.URL: "url, or generalise: origin", hit.Referrer: "generalise: origin, or url", hit.UserAgent: "generalise: family", hit.IP: "truncate: { v4: 16, v6: 32 }",
	hit.Timestamp: "truncate: hour", hit.Language: "generalise: primary", hit.Screen: "generalise: bucket", hit.ClientHint: "generalise: major",
	hit.ClientID: "derive: daily_visitor, or pseudonymise", hit.DeviceID: "derive: daily_visitor, or pseudonymise", hit.UserID: "pseudonymise",
	hit.SessionID: "pseudonymise", hit.PreciseGeo: "truncate: { decimals: 1 }", hit.FreeText: "scrub", hit.PageTitle: "scrub", hit.SearchTerm: "scrub",
	hit.Timezone: "generalise: region", hit.BirthDate: "generalise: year", hit.Email: "hash: sha256 or pseudonymise", hit.Phone: "hash: sha256 or pseudonymise",
	hit.Revenue: "keep, or generalise: bucket", hit.Custom: "scrub, or only",
}
