package rules

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed regions.yaml
var regionsText []byte

// RegionsText returns the text of regions.yaml: it is part of what decides.
func RegionsText() []byte { return regionsText }

// atlas is regions.yaml, read. It never changes.
type atlas struct {
	groups  []string           // by number; 0 is none
	within  []uint64           // by group, the groups that it lies in, itself among them, as bits
	country map[[2]byte]uint64 // the groups that a country lies in
	regimes []struct {
		regime Regime
		region Region
	}
	laws    []datedLaw
	written []Law // the laws as they stand there
	access  []AccessLaw
}

// world is regions.yaml, read when it is first asked for. Each event asks several times: what is read already costs a
// load.
func world() *atlas {
	if a := worldRead.Load(); a != nil {
		return a
	}
	return readWorld()
}

var worldRead atomic.Pointer[atlas]

var readWorld = sync.OnceValue(func() *atlas {
	a := newAtlas(regionsText)
	worldRead.Store(a)
	return a
})

var regimeNames = map[string]Regime{"opt_in": OptIn, "statistical_until_objection": StatisticalUntilObjection,
	"opt_out": OptOut}

// newAtlas reads the file. What is wrong in it is a bug, which a test finds.
func newAtlas(text []byte) *atlas {
	var file struct {
		Groups  yaml.Node
		Regimes []struct {
			Regime        string
			Regions       []string
			About, Source string
			From, Checked time.Time
		}
		Laws   []Law
		Access []AccessLaw
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		panic("BUG: regions.yaml: " + err.Error())
	}
	a := &atlas{groups: []string{""}, within: []uint64{0}, country: map[[2]byte]uint64{}}
	for i := 0; i+1 < len(file.Groups.Content); i += 2 {
		var members []string
		if err := file.Groups.Content[i+1].Decode(&members); err != nil {
			panic("BUG: regions.yaml: " + err.Error())
		}
		a.group(file.Groups.Content[i].Value, members)
	}
	for _, r := range file.Regimes {
		regime, ok := regimeNames[r.Regime]
		if !ok {
			panic(fmt.Sprintf("BUG: regions.yaml: %q is no regime", r.Regime))
		}
		for _, name := range r.Regions {
			at := slices.Index(a.groups, name)
			if at <= 0 {
				panic(fmt.Sprintf("BUG: regions.yaml: %q is no group", name))
			}
			a.regimes = append(a.regimes, struct {
				regime Regime
				region Region
			}{regime, Region{Group: group(at)}})
		}
	}
	a.written = file.Laws
	for i := range file.Laws {
		a.law(&file.Laws[i])
	}
	a.access = file.Access
	for i := range a.access {
		a.read(&a.access[i])
	}
	return a
}

// group adds a group whose members are countries, and groups named before. A country may share its
// name with a group that it is alone in.
func (a *atlas) group(name string, members []string) {
	number := uint64(1) << len(a.groups)
	a.groups, a.within = append(a.groups, name), append(a.within, number)
	for _, member := range members {
		if g := slices.Index(a.groups, member); g > 0 && member != name {
			a.within[g] |= number
			for country, of := range a.country {
				if of&(1<<g) != 0 {
					a.country[country] |= number
				}
			}
			continue
		}
		if len(member) != 2 {
			panic(fmt.Sprintf("BUG: regions.yaml: %s: %q is no country", name, member))
		}
		a.country[[2]byte{member[0], member[1]}] |= number
	}
}

// groupsOf are the groups that a region lies in, as bits.
func (a *atlas) groupsOf(r Region) uint64 {
	if int(r.Group) < len(a.within) {
		return a.within[r.Group] | a.country[r.Country]
	}
	return a.country[r.Country]
}

// RegionGroups lists the groups of countries that may stand for a region.
func RegionGroups() []string { return slices.Clone(world().groups[1:]) }
