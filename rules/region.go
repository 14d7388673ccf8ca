package rules

import (
	"bytes"
	"fmt"
	"strings"
)

// Regime is the rule that holds in a region for what is read from a visitor's device. Its zero value is the strictest.
type Regime uint8

// The regimes.
const (
	OptIn                     Regime = iota // access needs consent or a named exemption (ePrivacy Directive, Art. 5(3))
	StatisticalUntilObjection               // statistics about one's own service are exempt until objection (UK, Data (Use and Access) Act 2025)
	OptOut                                  // processing is allowed until the visitor opts out (US state laws)
)

// Region is where a visitor is, as far as it is known. The zero Region is unknown.
type Region struct {
	Country [2]byte // ISO 3166-1 alpha-2, "\x00\x00" where only a group is known
	Part    [3]byte // ISO 3166-2 subdivision without the country
	Group   group
}

type group uint8

const (
	noGroup group = iota
	groupEU
	groupEEA
	groupUK
	groupCH
	groupUS
)

var groupNames = [...]string{noGroup: "", groupEU: "EU", groupEEA: "EEA", groupUK: "UK", groupCH: "CH", groupUS: "US"}

// members of the European Union and, after them, of the EEA beside it (EEA Agreement; 2026).
const (
	membersEU  = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
	membersEEA = "IS LI NO"
)

func lists(codes string, c [2]byte) bool {
	for i := 0; i+1 < len(codes); i += 3 {
		if codes[i] == c[0] && codes[i+1] == c[1] {
			return true
		}
	}
	return false
}

func (r Region) inGroup(g group) bool {
	switch g {
	case groupEU:
		return r.Group == groupEU || lists(membersEU, r.Country)
	case groupEEA:
		return r.Group == groupEU || r.Group == groupEEA || lists(membersEU, r.Country) || lists(membersEEA, r.Country)
	case groupUK:
		return r.Group == groupUK || r.Country == [2]byte{'G', 'B'}
	case groupCH:
		return r.Group == groupCH || r.Country == [2]byte{'C', 'H'}
	case groupUS:
		return r.Group == groupUS || r.Country == [2]byte{'U', 'S'}
	default:
		return false
	}
}

// In tells whether the region lies within another one: a country in its group, a subdivision in its country.
func (r Region) In(other Region) bool {
	switch {
	case other == Region{}:
		return false
	case other.Country == [2]byte{}:
		return r.inGroup(other.Group)
	case r.Country != other.Country:
		return false
	default:
		return other.Part == [3]byte{} || r.Part == other.Part
	}
}

// Regime returns the rule that holds in the region. Where nothing is known, or nothing is known of the law, the strictest one holds.
func (r Region) Regime() Regime {
	switch {
	case r.inGroup(groupUS):
		return OptOut
	case r.inGroup(groupUK):
		return StatisticalUntilObjection
	default:
		return OptIn
	}
}

// String returns the code, "" where the region is unknown.
func (r Region) String() string {
	switch {
	case r.Country == [2]byte{}:
		return groupNames[r.Group]
	case r.Part == [3]byte{}:
		return string(r.Country[:])
	default:
		return string(r.Country[:]) + "-" + string(bytes.TrimRight(r.Part[:], "\x00"))
	}
}

// ParseRegion reads a code as policies write it: a country (DE), a subdivision (US-CA) or a group (EU, EEA, UK, CH, US).
func ParseRegion(code string) (Region, error) {
	for g, name := range groupNames {
		if name != "" && name == code {
			return Region{Group: group(g)}, nil
		}
	}
	var r Region
	country, part, _ := strings.Cut(code, "-")
	if !r.setCountry(country) || part != "" && !r.setPart(part) || strings.HasSuffix(code, "-") {
		return Region{}, fmt.Errorf("%q is no region: a country (DE), a subdivision (US-CA) or one of EU, EEA, UK, CH and US is", code)
	}
	return r, nil
}

func (r *Region) setCountry(code string) bool {
	if len(code) != 2 {
		return false
	}
	for i, c := range []byte(code) {
		if c |= 0x20; c < 'a' || c > 'z' {
			return false
		}
		r.Country[i] = code[i] &^ 0x20
	}
	// XX and T1 stand for "not known" and "Tor" where content delivery networks write them.
	return r.Country != [2]byte{'X', 'X'}
}

func (r *Region) setPart(code string) bool {
	if len(code) == 0 || len(code) > 3 {
		return false
	}
	for i, c := range []byte(code) {
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z':
			r.Part[i] = c
		case c >= 'a' && c <= 'z':
			r.Part[i] = c &^ 0x20
		default:
			return false
		}
	}
	return true
}
