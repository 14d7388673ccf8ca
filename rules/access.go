package rules

import "time"

// AccessLaw is what the law is called under which something is stored on, or read from, a visitor's device: an entry of
// access in regions.yaml.
type AccessLaw struct {
	Regions []string          // codes, as [ParseRegion] reads them
	Consent map[string]string // by language: the provision that asks for consent
	Exempt  map[string]string // likewise: the one that names what needs none
	Source  string
	Checked time.Time

	in []Region
}

// read looks at an entry. What is wrong in it is a bug, which a test finds.
func (a *atlas) read(l *AccessLaw) {
	if len(l.Regions) == 0 || l.Consent["en"] == "" || l.Exempt["en"] == "" || l.Source == "" || l.Checked.IsZero() {
		panic("BUG: regions.yaml: access says for which regions, by which provisions, by which source, checked when")
	}
	for _, code := range l.Regions {
		region, err := a.parse(code)
		if err != nil {
			panic("BUG: regions.yaml: " + err.Error())
		}
		l.in = append(l.in, region)
	}
}

// AccessLaws returns the laws on access to the device that hold for visitors in a region: the one of its country, or
// those of the countries inside of a group. All is true where they are those of the whole region.
func (r Region) AccessLaws() (laws []AccessLaw, all bool) {
	for i := range world().access {
		for _, region := range world().access[i].in {
			switch {
			case r.In(region):
				return []AccessLaw{world().access[i]}, true
			case region.In(r):
				laws = append(laws, world().access[i])
			}
		}
	}
	return laws, false
}

// AccessLaws returns all laws on access to the device that are known by name.
func AccessLaws() []AccessLaw { return append([]AccessLaw(nil), world().access...) }
