package config

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// Access is what an activity keeps on visitors' devices or reads there, and why it may.
type Access struct {
	Stores  []Stored
	Derived bool // an id is made of the address and of what the browser says of itself
	Said    bool // somebody says what is kept: Stores are all
	Reasons []AccessReason
}

// AccessReason is why the device may be touched, for visitors in some regions.
type AccessReason struct {
	Why  string // one of the constants below, or the exemption that the activity claims; "": nothing says why
	Laws []rules.AccessLaw
	All  bool // there is no visitor of whom another law holds
}

// Why the device may be touched, beside the exemptions that an activity claims.
const (
	ByConsent      = "consent"
	ForStatistics  = "statistics"       // until objection, in the UK
	ByOwnInterests = overridingInterest // until objection, in Switzerland, where the policy chose so
)

// Access returns what an activity keeps on devices or reads there. Where the visitors can only be in regions that have
// no rule of their own on the device it has no reasons, and needs none.
func (l *Loaded) Access(a *Activity) Access { return deviceUse{l, a}.access() }

// deviceUse is what an activity of a configuration does to the device.
type deviceUse struct {
	*Loaded
	a *Activity
}

func (l deviceUse) access() Access {
	of := Access{}
	of.Stores, of.Said = l.stores()
	of.Derived = l.a.Source != "server" && slices.ContainsFunc(l.passing(l.a), func(line ProfileLine) bool {
		return line.Spec.Kind == minimise.Derive
	})
	if len(of.Stores) > 0 || of.Derived {
		of.Reasons = l.reasons()
	}
	return of
}

// ServiceAccess is why the server's own cookies may be kept on the devices of some sites' visitors: they are strictly
// necessary for what a visitor asked for. It has no law, and needs none, where the visitors can only be in regions that
// have no rule on the device.
func ServiceAccess(l *Loaded, sites []string) (AccessReason, bool) {
	of := AccessReason{Why: strictlyNecessary, All: true}
	needed := false
	for _, id := range sites {
		site := l.Server.Sites[id]
		codes := []string{site.Region.Default}
		if site.Region.Header != "" || site.Region.Database != "" {
			codes = append(codes, anywhere)
		}
		for _, code := range codes {
			laws, whole := rules.AccessLaws(), false
			if region, err := rules.ParseRegion(code); err == nil {
				if region.Regime() == rules.OptOut {
					continue
				}
				laws, whole = region.AccessLaws()
			}
			needed = true
			of.All = of.All && whole
			for i := range laws {
				of.add(&laws[i])
			}
		}
	}
	return of, needed
}

func (r *AccessReason) add(law *rules.AccessLaw) {
	if !slices.ContainsFunc(r.Laws, func(of rules.AccessLaw) bool { return of.Source == law.Source }) {
		r.Laws = append(r.Laws, *law)
	}
}

// reasons says why the device may be touched, for visitors in each region where they may be.
func (l deviceUse) reasons() []AccessReason {
	var all []AccessReason
	add := func(why string, laws []rules.AccessLaw, whole bool) {
		at := slices.IndexFunc(all, func(r AccessReason) bool { return r.Why == why })
		if at < 0 {
			all, at = append(all, AccessReason{Why: why, All: true}), len(all)
		}
		for i := range laws {
			all[at].add(&laws[i])
		}
		all[at].All = all[at].All && whole
	}
	for _, code := range visitorsOf(l.Loaded, l.a) {
		region, err := rules.ParseRegion(code)
		if err != nil { // anywhere, or nobody knows where
			add(l.reason(rules.OptIn, false), rules.AccessLaws(), false)
			continue
		}
		if region.Regime() != rules.OptOut {
			laws, whole := region.AccessLaws()
			add(l.reason(region.Regime(), isSwiss(code)), laws, whole)
		}
	}
	return all
}

// reason says why an activity may touch the device where a regime holds; "" where nothing says why.
func (l deviceUse) reason(regime rules.Regime, swiss bool) string {
	b, _ := basis.Parse(l.a.Basis)
	open := b == basis.LegitimateInterest || b == basis.PublicTask
	switch {
	case b == basis.Consent:
		return ByConsent
	case l.a.Exemption != "":
		return l.a.Exemption
	case open && regime == rules.StatisticalUntilObjection:
		return ForStatistics
	case open && swiss && l.Regions["CH"] == overridingInterest:
		return ByOwnInterests
	default:
		return ""
	}
}
