package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// Safeguard is something by name that makes a transfer to a third country lawful (GDPR Chapter V).
type Safeguard struct {
	Name    string   // as policies are told to write it
	Key     string   // as words are kept by it
	Readers []string // for data of visitors there; nil: everywhere
	US      bool     // for recipients in the United States alone
	also    []string
}

// safeguards by name. What has no readers is known in the EEA, the UK and Switzerland alike, each by its own decision
// or approval. Sources: GDPR Art. 45 to 47 and 49(1); for the UK its International Data Transfer Agreement and
// Addendum and the UK Extension of the Data Privacy Framework; for Switzerland the FDPIC's recognition of the
// Commission's clauses, and the Swiss-US Data Privacy Framework. The appeal about the EU-US one: OJ C, C/2025/6610, 22
// December 2025.
var safeguards = []Safeguard{
	{Name: "DPF", Key: "dpf", Readers: []string{"EEA"}, US: true, also: []string{"EU-US DPF", "EU-US Data Privacy " +
		"Framework"}},
	{Name: "UK Extension", Key: "dpf_uk", Readers: []string{"UK"}, US: true,
		also: []string{"UK-US data bridge", "data bridge"}},
	{Name: "Swiss-US DPF", Key: "dpf_ch", Readers: []string{"CH"}, US: true, also: []string{"Swiss-US Data Privacy " +
		"Framework"}},
	{Name: "adequacy", Key: "adequacy"},
	{Name: "SCC", Key: "scc", Readers: []string{"EEA", "CH"}},
	{Name: "authority SCC", Key: "authority_scc", Readers: []string{"EEA"}},
	{Name: "IDTA", Key: "idta", Readers: []string{"UK"}},
	{Name: "UK Addendum", Key: "addendum", Readers: []string{"UK"}, also: []string{"Addendum"}},
	{Name: "BCR", Key: "bcr"},
	{Name: "public instrument", Key: "public_instrument"},
	{Name: "code of conduct", Key: "code_of_conduct"},
	{Name: "certification", Key: "certification"},
	{Name: "explicit consent", Key: "explicit_consent"},
	{Name: "contract", Key: "contract"},
	{Name: "public interest", Key: "public_interest"},
	{Name: "legal claims", Key: "legal_claims"},
	{Name: "vital interests", Key: "vital_interests"},
}

// noteFrameworks says once of each vendor that a data privacy framework is claimed for, what to look up.
func (c activityCheck) noteFrameworks() {
	seen := map[string]bool{}
	for i := range c.loaded.Activities {
		a := &c.loaded.Activities[i]
		if a.Transfer == nil || seen[a.Vendor] {
			continue
		}
		var names []string
		for _, reader := range append(catalog.Readers(), "") {
			if s, is := SafeguardCalled(a.Transfer.Safeguard[reader]); is && s.US {
				names = append(names, s.Name)
			}
		}
		if len(names) == 0 {
			continue
		}
		seen[a.Vendor] = true
		c.notes.At(c.activities, strict.Path("activities", i, "transfer", "safeguard"),
			"%s: this holds for firms on the list alone: look up at dataprivacyframework.gov who receives at %s, and again "+
				"from time to time; an appeal against the EU-US framework is pending (C-703/25 P)",
			strings.Join(names, ", "), a.Vendor)
	}
}

// SafeguardCalled finds a safeguard by its name, however that is spelt; false for other words.
func SafeguardCalled(text string) (Safeguard, bool) {
	for _, s := range safeguards {
		if slices.ContainsFunc(append([]string{s.Name, s.Key}, s.also...), func(name string) bool {
			return spelt(name) == spelt(text)
		}) {
			return s, true
		}
	}
	return Safeguard{}, false
}

// isSafeguard tells whether a text is the name of one.
func isSafeguard(text string) bool {
	_, is := SafeguardCalled(text)
	return is
}

// readers are those that something is said for.
func (t *Transfer) readers() []string { return slices.Sorted(maps.Keys(t.Safeguard)) }

// Safeguards lists what is known by name.
func Safeguards() []Safeguard { return slices.Clone(safeguards) }

// spelt leaves of a name its letters.
func spelt(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -_.", r) {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(name)))
}

// holdsFor tells whether it can make a transfer of data of visitors in a region lawful. To others than those of the
// EEA, the UK and Switzerland no such rule applies.
func (s *Safeguard) holdsFor(reader string) bool {
	return s.Readers == nil || reader == "other" || slices.Contains(s.Readers, reader)
}

// SafeguardFor is what makes a transfer of data of visitors in a region lawful, as the policy says it; "" where it says
// nothing that could.
func (t *Transfer) SafeguardFor(reader string) string {
	text := t.Safeguard.For(reader)
	if known, is := SafeguardCalled(text); is && !known.holdsFor(reader) {
		return ""
	}
	return text
}

// Readers are the regions, as notices tell them apart, that visitors of an activity may be in.
func (l *Loaded) Readers(a *Activity) []string {
	var all []string
	for _, reader := range catalog.Readers() {
		if reader != "other" && l.mayBeIn(a, reader) || reader == "other" && mayBeElsewhere(l, a) {
			all = append(all, reader)
		}
	}
	return all
}

// Countries are those that the regions of an activity, or the sites that it is for, name as where its visitors are.
func (l *Loaded) Countries(a *Activity) []string {
	return slices.DeleteFunc(slices.Clone(visitorsOf(l, a)), func(code string) bool { return !rules.IsCountry(code) })
}

// mayBeElsewhere tells whether visitors of an activity may be outside the EEA, the UK and Switzerland.
func mayBeElsewhere(l *Loaded, a *Activity) bool {
	return slices.ContainsFunc(visitorsOf(l, a), func(visitors string) bool {
		at, err := rules.ParseRegion(visitors)
		return err != nil || !slices.ContainsFunc([]string{"EEA", "UK", "CH"}, func(reader string) bool {
			region, err := rules.ParseRegion(reader)
			return err == nil && at.In(region)
		})
	})
}
