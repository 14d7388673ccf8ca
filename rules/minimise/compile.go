package minimise

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// Compile makes the action of a [Spec] for fields of a class. The error is a *[ParamError].
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
	a := &Action{is: table[spec.Kind], kind: spec.Kind, class: class, spec: spec}
	if a.is.compile != nil {
		if err := a.is.compile(a); err != nil {
			return nil, err
		}
	}
	if err := a.allowed(); err != nil {
		return nil, err
	}
	if err := a.fits(a.is.classes); err != nil {
		return nil, err
	}
	a.settle(a.spec.canon())
	return a, nil
}

// allowed says what is wrong where a parameter is beyond what its list says. Minimisers that say it in words of their
// own have done so.
func (a *Action) allowed() error {
	for _, p := range a.is.params {
		switch at := p.at(&a.spec).(type) {
		case *int:
			if *at != 0 && (*at < p.Min || *at > p.Max) {
				return wrong(p.Name, "must be from %d to %d", p.Min, p.Max)
			}
		case **int:
			if *at != nil && (**at < p.Min || **at > p.Max) {
				return wrong(p.Name, "must be from %d to %d", p.Min, p.Max)
			}
		case *string:
			if p.Type == Enum && *at != "" && !slices.Contains(p.Values, *at) {
				return wrong(p.Name, "must be one of %s", strings.Join(p.Values, ", "))
			}
			if p.Required && p.Type == Enum && *at == "" {
				return wrong(p.Name, "must be given: %s", strings.Join(p.Values, ", "))
			}
		case *[]string:
			if p.Required && len(*at) == 0 {
				return wrong(p.Name, "must list at least one")
			}
		}
	}
	return nil
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
	return wrong(param, "%s does not apply to class %v, it is for %v; for %v use %s",
		strings.TrimSpace(a.is.name+" "+param), a.class, allowed, a.class, hint)
}

// suggestions are what to do to a class instead.
var suggestions = [hit.NumClasses]string{
	hit.URL: "url, or generalise: origin", hit.Referrer: "generalise: origin, or url", hit.UserAgent: "generalise: family",
	hit.IP:        "truncate: { v4: 16, v6: 32 }",
	hit.Timestamp: "truncate: hour", hit.Language: "generalise: primary", hit.Screen: "generalise: bucket",
	hit.ClientHint: "generalise: major",
	hit.ClientID:   "derive: daily_visitor, or pseudonymise", hit.DeviceID: "derive: daily_visitor, or pseudonymise",
	hit.UserID:    "pseudonymise",
	hit.SessionID: "pseudonymise", hit.PreciseGeo: "truncate: { decimals: 1 }", hit.FreeText: "scrub",
	hit.PageTitle: "scrub", hit.SearchTerm: "scrub",
	hit.Timezone: "generalise: region", hit.BirthDate: "generalise: year", hit.Email: "hash: sha256 or pseudonymise",
	hit.Phone:   "hash: sha256 or pseudonymise",
	hit.Revenue: "keep, or generalise: bucket", hit.Custom: "scrub, or only",
}
