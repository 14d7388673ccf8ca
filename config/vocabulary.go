package config

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
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
		return rules.Countries()
	case "date_format":
		return signal.DateFormats()
	case "checksum":
		return scrub.Checksums()
	case "reader":
		return catalog.Readers()
	case "regime_choice":
		return []string{"CH"}
	case "attested":
		return attestedLines
	case "stored":
		return append(catalog.StoreKinds(), notStored)
	case "consent_type":
		return signal.StorageNames()
	case "advertising":
		words, _ := catalog.StateWords()
		return words
	case "analytics":
		_, words := catalog.StateWords()
		return words
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

// regionFault says what is wrong with the name of a region, "" where nothing is.
func regionFault(region string) string {
	country, subdivision, divided := strings.Cut(region, "-")
	known := rules.IsCountry(country) || !divided && slices.Contains(rules.RegionGroups(), country)
	if known && (!divided || isSubdivision(subdivision)) {
		return ""
	}
	return "\"" + strict.Shortened(region) +
		"\" is no region: use an ISO 3166-1 code (DE, GB), one with a subdivision (US-CA), or a group (EU, EEA, UK, CH, US)"
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

// InEEA tells whether a country is in the European Economic Area.
func InEEA(country string) bool {
	region, err := rules.ParseRegion(country)
	eea, _ := rules.ParseRegion("EEA")
	return err == nil && region.In(eea)
}
