package config

import (
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
)

// deviceAccess tells whether a line passes what was stored on or read from the device, or an id that is made of what the device sends.
func deviceAccess(line ProfileLine) bool {
	return line.Spec.Kind == minimise.Derive ||
		line.isAmong(hit.ClientID, hit.DeviceID, hit.SessionID, hit.Cookie, hit.AdvertisingID, hit.Fingerprint)
}

// device looks at whether an activity without consent may touch the device, in the regions that it is for.
func (c law) device(a *Activity, b basis.Basis, at func(...any) []any, assessment *basis.Assessment) {
	regimes := c.regimes(a)
	optIn, statistics := regimes[rules.OptIn], regimes[rules.StatisticalUntilObjection]
	if b == basis.OptOut || !optIn && !statistics {
		return
	}
	lines := c.loaded.passing(a)
	var access []ProfileLine
	for _, line := range lines {
		if deviceAccess(line) {
			access = append(access, line)
		}
	}
	switch a.Exemption {
	case strictlyNecessary:
		c.necessary(a, at, lines)
	case fraudPrevention:
		c.fraud(a, at, lines)
	case audienceMeasurement:
		if optIn {
			c.audience(a, at, lines, assessment)
		}
		if statistics {
			c.statistics(a, b, at, lines)
		}
	case "":
		if optIn {
			for _, line := range access {
				c.refuse(c.profiles, line.At, "lawful/device-access",
					"activity %s passes %s (%s) without consent, where access to the device needs it: drop it, "+
						"take consent for the basis, or claim an exemption whose conditions hold",
					a.ID, line.Class, line.does())
			}
		} else if len(access) > 0 {
			c.statistics(a, b, at, lines)
		}
	}
}

// regimes are the rules that may hold for the visitors of an activity: those of its regions; where it names none, those of its sites.
func (c law) regimes(a *Activity) map[rules.Regime]bool {
	found := map[rules.Regime]bool{}
	add := func(code string) {
		region, err := rules.ParseRegion(code)
		if err != nil {
			region = rules.Region{} // unknown: the strictest
		}
		found[region.Regime()] = true
	}
	for _, code := range a.Regions {
		add(code)
	}
	if len(a.Regions) > 0 {
		return found
	}
	for id, site := range c.loaded.Server.Sites {
		if !among(a.Sites, id) || !among(site.Vendors, a.Vendor) {
			continue
		}
		add(site.Region.Default)
		if site.Region.Header != "" || site.Region.Database != "" {
			found[rules.OptIn], found[rules.StatisticalUntilObjection] = true, true // a visitor may be anywhere
		}
	}
	return found
}

// among tells whether a list that stands for everything where it is empty holds a name.
func among(list []string, name string) bool {
	return len(list) == 0 || slices.Contains(list, name)
}
