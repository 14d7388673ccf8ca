package minimise

import "fmt"

// Kind is a minimiser. The zero Kind is Drop.
type Kind uint8

// The minimisers.
const (
	Drop Kind = iota
	Keep
	Pseudonymise
	Derive
	Hash
	Truncate
	Generalise
	URL
	Scrub
	Only
	Rare
	Replace

	// NumKinds is the number of minimisers.
	NumKinds
)

var kindNames = [NumKinds]string{
	"drop", "keep", "pseudonymise", "derive", "hash", "truncate", "generalise", "url", "scrub", "only", "rare", "replace",
}

// String returns the minimiser's name as profiles and assessments write it.
func (k Kind) String() string {
	if k < NumKinds {
		return kindNames[k]
	}
	return fmt.Sprintf("minimiser(%d)", uint8(k))
}

// ParseKind returns the minimiser of that name.
func ParseKind(name string) (Kind, bool) {
	for k, n := range kindNames {
		if n == name {
			return Kind(k), true
		}
	}
	return Drop, false
}

// Within tells whether a profile may do k where an assessment's `data:` names loosest: that, or drop, and nothing else.
func (k Kind) Within(loosest Kind) bool { return k < NumKinds && (k == Drop || k == loosest) }

// ranks order the minimisers by how much they let through in general, the least last.
var ranks = [NumKinds]int{
	Keep: 0, Scrub: 1, URL: 2, Only: 3, Hash: 4, Pseudonymise: 5, Rare: 6, Truncate: 7, Generalise: 8, Derive: 9, Replace: 10, Drop: 11,
}

// Rank is the minimiser's place from the loosest (Keep, 0) to the strictest (Drop). Between two actions for one field Strictest decides,
// which also looks at parameters.
func (k Kind) Rank() int {
	if k < NumKinds {
		return ranks[k]
	}
	return ranks[Drop]
}
