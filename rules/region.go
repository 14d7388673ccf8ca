package rules

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// Regime is the rule that holds in a region for what is read from a visitor's device. Its zero value is the strictest.
type Regime uint8

// The regimes.
const (
	OptIn Regime = iota // access needs consent or a named exemption (ePrivacy Directive, Art. 5(3))
	// statistics about one's own service are exempt until objection (UK, Data (Use and Access) Act 2025)
	StatisticalUntilObjection
	OptOut // processing is allowed until the visitor opts out (US state laws)
)

// Region is where a visitor is, as far as it is known. The zero Region is unknown.
type Region struct {
	Country [2]byte // ISO 3166-1 alpha-2, "\x00\x00" where only a group is known
	Part    [3]byte // ISO 3166-2 subdivision without the country
	Group   group
}

type group uint8

func (r Region) inGroup(g group) bool { return world().groupsOf(r)&(1<<g) != 0 }

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

// Regime returns the rule that holds in the region (regions.yaml). Where nothing is known, or nothing is
// known of the law, the strictest one holds.
func (r Region) Regime() Regime {
	for i := range world().regimes {
		if r.In(world().regimes[i].region) {
			return world().regimes[i].regime
		}
	}
	return OptIn
}

// String returns the code, "" where the region is unknown.
func (r Region) String() string {
	switch {
	case r.Country == [2]byte{}:
		return world().groups[r.Group]
	case r.Part == [3]byte{}:
		return string(r.Country[:])
	default:
		return string(r.Country[:]) + "-" + string(bytes.TrimRight(r.Part[:], "\x00"))
	}
}

// ParseRegion reads a code as policies write it: a country (DE), a subdivision
// (US-CA) or a group (EU, EEA, UK, CH, US).
func ParseRegion(code string) (Region, error) { return world().parse(code) }

func (a *atlas) parse(code string) (Region, error) {
	for g, name := range a.groups {
		if name != "" && name == code {
			return Region{Group: group(g)}, nil
		}
	}
	var r Region
	country, part, _ := strings.Cut(code, "-")
	if !r.setCountry(country) || part != "" && !r.setPart(part) || strings.HasSuffix(code, "-") {
		return Region{}, fmt.Errorf(
			"%q is no region: a country (DE), a subdivision (US-CA) or one of EU, EEA, UK, CH and US is", code)
	}
	return r, nil
}

// setCountry takes the code of a country, in capitals or not. False where it is none.
func (r *Region) setCountry(code string) bool {
	if len(code) != 2 {
		return false
	}
	upper := [2]byte{ascii.Upper(code[0]), ascii.Upper(code[1])}
	if !IsCountry(string(upper[:])) {
		return false
	}
	r.Country = upper
	return true
}

// set takes what a header or a database says: the code of a country, or one that some write for a group (EU, UK).
func (r *Region) set(code string) bool {
	if r.setCountry(code) {
		return true
	}
	for g, name := range world().groups {
		if len(code) == 2 && strings.EqualFold(name, code) {
			r.Group = group(g)
			return true
		}
	}
	return false
}

func (r *Region) setPart(code string) bool {
	if len(code) == 0 || len(code) > 3 {
		return false
	}
	for i, c := range []byte(code) {
		switch {
		case ascii.IsAlnum(c):
			r.Part[i] = ascii.Upper(c)
		default:
			return false
		}
	}
	return true
}
