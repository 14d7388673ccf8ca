package config

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// vocabulary returns the words of a closed list that lives elsewhere.
func vocabulary(name string) []string {
	switch name {
	case "class":
		return classNames
	case "basis":
		return basis.Names()
	case "minimiser":
		return minimiserNames()
	case "reason":
		return rules.Reasons()
	case "country":
		return countries
	case "checksum":
		return scrub.Checksums()
	case "consent_type":
		return signal.StorageNames()
	default:
		panic("BUG: unknown vocabulary " + name)
	}
}

var classNames = func() []string {
	var names []string
	for c := hit.Unknown + 1; c < hit.NumClasses; c++ {
		names = append(names, c.String())
	}
	return names
}()

// countries are the codes of ISO 3166-1 alpha-2.
var countries = strings.Fields(`
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK
CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS
GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV
LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR
TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW`)

// regionFault says what is wrong with the name of a region, "" where nothing is.
func regionFault(region string) string {
	country, subdivision, divided := strings.Cut(region, "-")
	known := slices.Contains(countries, country) || !divided && slices.Contains(rules.RegionGroups(), country)
	if known && (!divided || isSubdivision(subdivision)) {
		return ""
	}
	return "\"" + shortened(region) + "\" is no region: use an ISO 3166-1 code (DE, GB), one with a subdivision (US-CA), or a group (EU, EEA, UK, CH, US)"
}

func isSubdivision(code string) bool {
	return len(code) >= 1 && len(code) <= 3 && !strings.ContainsFunc(code, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}

// optOutRegion tells whether a region's regime is opt-out.
func optOutRegion(code string) bool {
	region, err := rules.ParseRegion(code)
	return err == nil && region.Regime() == rules.OptOut
}
