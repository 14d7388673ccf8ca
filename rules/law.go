package rules

import (
	"slices"
	"time"
)

// Law is what the law of regions asks for, or lets be done, besides their regime: an entry of laws in regions.yaml. One
// of GPC, Sensitive and AudienceMeasurement says what.
type Law struct {
	GPC                 string    // keep: an opt-out by the browser's signal counts also for hits that do not carry it
	Sensitive           string    // opt_in: sensitive data are processed with consent alone
	AudienceMeasurement string    `yaml:"audience_measurement"` // exempt: of one's own pages, it needs no consent
	Regions             []string  // codes, as [ParseRegion] reads them
	From, Until         time.Time // days, UTC; zero: it held when it was checked, no end is known
	About               string
	Source              string
	Checked             time.Time // the day when somebody last looked whether that is so
}

// What a law may be about.
const (
	keepsGPC = 1 << iota
	sensitiveOptIn
	audienceExempt
)

// datedLaw is a law of one region.
type datedLaw struct {
	region      Region
	code        string
	about       uint8
	from, until time.Time
}

// holds tells whether it holds at a time.
func (l *datedLaw) holds(now time.Time) bool {
	return !now.Before(l.from) && (l.until.IsZero() || now.Before(l.until))
}

// law adds what the law of regions asks for.
func (a *atlas) law(w *Law) {
	about := map[[3]string]uint8{
		{"keep", "", ""}: keepsGPC, {"", "opt_in", ""}: sensitiveOptIn, {"", "", "exempt"}: audienceExempt,
	}[[3]string{w.GPC, w.Sensitive, w.AudienceMeasurement}]
	if about == 0 || w.Source == "" || w.Checked.IsZero() || len(w.Regions) == 0 {
		panic("BUG: regions.yaml: a law says what (gpc: keep, sensitive: opt_in or audience_measurement: exempt), for " +
			"which regions, by which source, checked when")
	}
	for _, code := range w.Regions {
		region, err := a.parse(code)
		if err != nil {
			panic("BUG: regions.yaml: " + err.Error())
		}
		a.laws = append(a.laws, datedLaw{region, code, about, w.From, w.Until})
	}
}

// KeepsGPC tells whether the law of the region has an opt-out by the browser's signal count for the browser, its
// profiles and the consumer, also where a later hit does not carry it (regions.yaml, laws). Where the region is
// unknown, or a country is known alone, it does not.
func (r Region) KeepsGPC(now time.Time) bool {
	for i := range world().laws {
		if l := &world().laws[i]; l.about == keepsGPC && r.In(l.region) && l.holds(now) {
			return true
		}
	}
	return false
}

// ExemptsAudienceMeasurement tells whether the law or the authority of the region says that measuring the audience of
// one's own pages may do without consent. False where nobody says so, and of what is more than one country.
func (r Region) ExemptsAudienceMeasurement() bool {
	return slices.ContainsFunc(world().laws, func(l datedLaw) bool { return l.about == audienceExempt && r.In(l.region) })
}

// AudienceMeasurement returns the codes of the countries where [Region.ExemptsAudienceMeasurement] holds, in
// alphabetical order.
func AudienceMeasurement() []string {
	return codesOf(audienceExempt, func(Region) bool { return true })
}

// SensitiveOptIn returns the codes of the regions inside r, or around it, where sensitive data are processed with
// consent alone, in alphabetical order.
func (r Region) SensitiveOptIn() []string {
	return codesOf(sensitiveOptIn, func(of Region) bool { return r.In(of) || of.In(r) })
}

// codesOf returns the codes of those regions among them that a law of the kind is about, in alphabetical order.
func codesOf(about uint8, among func(Region) bool) []string {
	var codes []string
	for i := range world().laws {
		if l := &world().laws[i]; l.about == about && among(l.region) {
			codes = append(codes, l.code)
		}
	}
	slices.Sort(codes)
	return codes
}

// Laws returns what regions.yaml has, in its order.
func Laws() []Law { return slices.Clone(world().written) }
