package config

import (
	"crypto/rand"
	"maps"
	"testing"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// withAndWithout are the policy that init writes, and a large one, with their promises and without them.
func withAndWithout(t testing.TB, activities, promises int) map[string]map[string][]byte {
	example, err := exampleFiles("", rand.Reader, noon)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string][]byte{"example": example, "large": large(t, activities, promises)}
	for name, files := range maps.Clone(all) {
		without := maps.Clone(files)
		delete(without, "policy/promises.yaml")
		all[name+"/without"] = without
	}
	return all
}

func BenchmarkPromises(b *testing.B) {
	for name, files := range withAndWithout(b, 200, 100) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Examine(SourceOf(files), basis.Past{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestProofCostsWhatCompilingDoes: with promises a policy takes at most some times the work to compile that it takes
// without, counted in allocations.
func TestProofCostsWhatCompilingDoes(t *testing.T) {
	all, cost := withAndWithout(t, 40, 20), map[string]float64{}
	for name, files := range all {
		cost[name] = testing.AllocsPerRun(1, func() {
			if _, err := Examine(SourceOf(files), basis.Past{}); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, name := range []string{"example", "large"} {
		if with, without := cost[name], cost[name+"/without"]; with > 3*without {
			t.Errorf("%s: %.0f with promises, %.0f without", name, with, without)
		} else {
			t.Logf("%s: %.0f with promises, %.0f without", name, with, without)
		}
	}
}
