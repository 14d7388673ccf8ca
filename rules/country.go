package rules

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// countries are the codes of ISO 3166-1 alpha-2, and XK, which databases of addresses
// and the European Union write for Kosovo.
var countries = strings.Fields(`
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI
CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ
GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG
PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK
TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW`)

// countrySet are the countries by their letters.
var countrySet = func() (set [26 * 26]bool) {
	for _, code := range countries {
		set[int(code[0]-'A')*26+int(code[1]-'A')] = true
	}
	return set
}()

// Countries lists the codes of all countries.
func Countries() []string { return slices.Clone(countries) }

// IsCountry tells whether a code is a country's, in capitals.
func IsCountry(code string) bool {
	return len(code) == 2 && ascii.IsUpper(code[0]) && ascii.IsUpper(code[1]) &&
		countrySet[int(code[0]-'A')*26+int(code[1]-'A')]
}

// nowhere are what content delivery networks and databases write where they know no country: unknown, Tor, a proxy that
// hides who is behind it, a satellite. They tell as little as no code at all.
var nowhere = []string{"", "-", "XX", "ZZ", "T1", "A1", "A2", "O1"}

// isNowhere tells whether a code says that the country is not known.
func isNowhere(code string) bool {
	return slices.ContainsFunc(nowhere, func(known string) bool { return strings.EqualFold(known, code) })
}
