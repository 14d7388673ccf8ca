package config

import (
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// The exemptions that an activity may claim.
const (
	audienceMeasurement = "audience_measurement"
	strictlyNecessary   = "strictly_necessary"
	fraudPrevention     = "fraud_prevention"
	appearance          = "appearance" // in the UK
)

// deviceAccess tells whether a line passes what was stored on or read from the device, or an id
// that is made of what the device sends.
//
// An id that is made of the address and the browser of a server's hit is made of the server's own.
func deviceAccess(line ProfileLine, source string) bool {
	return line.Spec.Kind == minimise.Derive && source != "server" ||
		line.isAmong(hit.ClientID, hit.DeviceID, hit.SessionID, hit.Cookie, hit.AdvertisingID, hit.Fingerprint)
}

// device looks at whether an activity without consent may touch the device, in the regions that it is for.
func (c law) device(a *Activity, b basis.Basis, at func(...any) []any, assessment *basis.Assessment) {
	optIn, statistics, overriding := c.regimes(a)
	if b == basis.OptOut || !optIn && !statistics && !overriding {
		return
	}
	exempt, lines := exemptions{c}, c.loaded.passing(a)
	var access []ProfileLine
	for _, line := range lines {
		if deviceAccess(line, a.Source) {
			access = append(access, line)
		}
	}
	switch a.Exemption {
	case strictlyNecessary:
		exempt.necessary(a, at, lines)
	case fraudPrevention:
		exempt.fraud(a, at, lines)
	case appearance:
		exempt.appearance(a, b, at, lines, assessment)
	case audienceMeasurement:
		if optIn {
			exempt.audience(a, at, lines, assessment)
		}
		if statistics {
			exempt.statistics(a, b, at, lines, assessment)
		}
		if overriding {
			exempt.overriding(a, b, at, lines, assessment)
		}
	case "":
		if optIn {
			for _, line := range access {
				c.refuse(c.profiles, line.At, "lawful/device-access",
					"activity %s passes %s (%s) without consent, where access to the device needs it: drop it, "+
						"take consent for the basis, or claim an exemption whose conditions hold",
					a.ID, line.Class, line.does())
			}
			return
		}
		if statistics && len(access) > 0 {
			exempt.statistics(a, b, at, lines, assessment)
		}
		if overriding && len(access) > 0 {
			exempt.overriding(a, b, at, lines, assessment)
		}
	}
}

// anywhere stands for the regions of a site to which a header or a database tells them.
const anywhere = "any country"

// visitorsOf are the regions where the visitors of an activity may be, as they are written: its own; where it names
// none,
// those of its sites, "" for one that is not known, and [anywhere].
func visitorsOf(l *Loaded, a *Activity) []string {
	if len(a.Regions) > 0 {
		return a.Regions
	}
	var codes []string
	for _, id := range slices.Sorted(maps.Keys(l.Server.Sites)) {
		site := l.Server.Sites[id]
		if !reaches(a, &site, id) {
			continue
		}
		codes = append(codes, site.Region.Default)
		if site.Region.Header != "" || site.Region.Database != "" {
			codes = append(codes, anywhere)
		}
	}
	return codes
}

// regimes are the rules that may hold for the visitors of an activity. overriding: for those in Switzerland, where the
// policy chose so.
func (c law) regimes(a *Activity) (optIn, statistics, overriding bool) {
	for _, code := range visitorsOf(c.loaded, a) {
		if code == anywhere {
			return true, true, c.choosesOverridingInterest()
		}
		region, err := rules.ParseRegion(code)
		switch {
		case err != nil: // unknown: the strictest
			optIn = true
		case isSwiss(code) && c.choosesOverridingInterest():
			overriding = true
		default:
			optIn = optIn || region.Regime() == rules.OptIn
			statistics = statistics || region.Regime() == rules.StatisticalUntilObjection
		}
	}
	return optIn, statistics, overriding
}

// optInRegions are those of an activity's visitors where access to the device needs consent, each once. One that is not
// known is any.
func (c law) optInRegions(a *Activity) []string {
	var codes []string
	for _, code := range visitorsOf(c.loaded, a) {
		region, err := rules.ParseRegion(code)
		if err != nil {
			code = anywhere
		}
		if err == nil && isSwiss(code) && c.choosesOverridingInterest() {
			continue
		}
		if (err != nil || region.Regime() == rules.OptIn) && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}

// among tells whether a list that stands for everything where it is empty holds a name.
func among(list []string, name string) bool {
	return len(list) == 0 || slices.Contains(list, name)
}
