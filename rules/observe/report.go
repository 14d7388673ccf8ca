package observe

import (
	"cmp"
	"maps"
	"slices"
)

// Report is what occurs in recorded hits.
type Report struct {
	Hits     int        `json:"hits"`
	Vendors  []Vendor   `json:"vendors"`
	Findings []*Finding `json:"findings"`

	Broken map[string]int `json:"broken_promises,omitempty"` // by how many hits, of a policy that judged them
}

// Vendor is who was sent how many hits.
type Vendor struct {
	Name  string `json:"vendor"` // the catalog's id, or a host name that the catalog does not know
	Known bool   `json:"known"`  // the catalog has it
	Hits  int    `json:"hits"`
}

// Finding is personal data of one kind in one field. Samples are masked in the middle.
type Finding struct {
	Vendor  string   `json:"vendor"`
	Field   string   `json:"field"`
	Class   string   `json:"class"` // what the catalog says the field is
	Kind    string   `json:"kind"`
	Count   int      `json:"count"`
	Samples []string `json:"samples"`
	Where   Source   `json:"where"` // the first of them

	Fates map[string]int `json:"fates,omitempty"` // what a policy does with it, how often, where one judged the hits
}

// Source is where a hit was recorded.
type Source struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// maxSamples is how many different samples of a finding are shown.
const maxSamples = 3

// Report says what was found, sorted.
func (s *Scanner) Report() *Report {
	r := &Report{Hits: s.hits, Vendors: []Vendor{}, Findings: []*Finding{}}
	for _, name := range slices.Sorted(maps.Keys(s.vendors)) {
		r.Vendors = append(r.Vendors, *s.vendors[name])
	}
	r.Findings = slices.AppendSeq(r.Findings, maps.Values(s.found))
	slices.SortFunc(r.Findings, func(a, b *Finding) int {
		return cmp.Or(cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Class, b.Class),
			cmp.Compare(a.Kind, b.Kind))
	})
	return r
}

// Masked is a value with its middle hidden.
func Masked(value string) string {
	runes := []rune(value)
	switch n := len(runes); {
	case n == 0:
		return ""
	case n <= 6:
		return "…"
	case n <= 12:
		return string(runes[:2]) + "…" + string(runes[n-1:])
	default:
		return string(runes[:4]) + "…" + string(runes[n-2:])
	}
}
