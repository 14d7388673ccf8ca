package config

import (
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// Attested is what somebody looked up in a vendor's settings or contract, and answers for: of the exemption of audience
// measurement, what no policy can show. It permits nothing.
type Attested struct {
	Lines    []string  `yaml:"lines" is:"required,one=attested" doc:"The lines of the self-assessment that it is about, as tagwarden report cnil names them."`
	By       string    `yaml:"by" is:"required" doc:"Who looked, by name."`
	On       basis.Day `yaml:"on" is:"required" doc:"The day on which, 2026-11-20. It counts from then on."`
	Until    basis.Day `yaml:"until" doc:"The last day on which it counts; at most a year after on:, which it is where it is not written."`
	Evidence string    `yaml:"evidence" doc:"What shows it: the contract and its date, the setting, a picture of it."`
}

// attestedYears is how long an attestation counts: settings change with the product. The authority asks for periods to
// be looked at again from time to time, and names no time; this one is ours.
const attestedYears = 1

// Last is the last day on which it counts.
func (a *Attested) Last() basis.Day {
	if !a.Until.IsZero() {
		return a.Until
	}
	return a.longest()
}

func (a *Attested) longest() basis.Day {
	return basis.DayOf(time.Date(a.On.Year+attestedYears, a.On.Month, a.On.Day, 0, 0, 0, 0, time.UTC))
}

// Counts tells whether it counts on a day.
func (a *Attested) Counts(on basis.Day) bool {
	return a.On.DaysUntil(on) >= 0 && on.DaysUntil(a.Last()) >= 0
}

// checkAttested looks at what people answer for.
func (c activityCheck) checkAttested(a *Activity, at func(...any) []any) {
	if len(a.Attested) > 0 && a.Exemption != audienceMeasurement {
		c.warnings.Key(c.activities, at("attested"),
			"nothing reads it: it is about exemption: audience_measurement, which this activity does not claim")
	}
	for i := range a.Attested {
		of := &a.Attested[i]
		here := func(key string) []any { return at("attested", i, key) }
		c.doubles(c.activities, here("lines"), of.Lines)
		if of.On.IsZero() || of.Until.IsZero() {
			continue
		}
		switch {
		case of.On.DaysUntil(of.Until) < 0:
			c.faults.At(c.activities, here("until"), "the last day, %s, is before the first, %s", of.Until, of.On)
		case of.longest().DaysUntil(of.Until) > 0:
			c.faults.At(c.activities, here("until"),
				"it counts for a year at most, until %s: look again then, and write a new one", of.longest())
		}
	}
}

// attestedLines are the lines of the self-assessment that people can answer for, in its order (config/cnil).
var attestedLines = []string{
	"own_audience", "minimised", "contract", "no_pooling", "no_reuse", "no_import", "site_only", "no_reach", "aggregated",
	"anonymous", "no_single_visitor", "objection", "tracker_lifetime", "retention",
}

// AttestedLines are the lines of the self-assessment that people can answer for.
func AttestedLines() []string { return slices.Clone(attestedLines) }
