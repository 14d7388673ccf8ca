package minimise

import "fmt"

// String returns the minimiser's name as profiles and assessments write it.
func (k Kind) String() string {
	if k < NumKinds {
		return table[k].name
	}
	return fmt.Sprintf("minimiser(%d)", uint8(k))
}

// ParseKind returns the minimiser of that name.
func ParseKind(name string) (Kind, bool) {
	for k := range NumKinds {
		if table[k].name == name {
			return k, true
		}
	}
	return Drop, false
}

// Within tells whether a profile may do k where an assessment's `data:` names loosest: that, or drop, and nothing else.
func (k Kind) Within(loosest Kind) bool { return k < NumKinds && (k == Drop || k == loosest) }

// ranks are the places in loosestFirst.
var ranks = func() (rank [NumKinds]int) {
	for place, k := range loosestFirst {
		rank[k] = place
	}
	return rank
}()

// Rank is the minimiser's place from the loosest (Keep, 0) to the strictest (Drop). Between two actions for one field
// [Strictest] decides, which also looks at parameters.
func (k Kind) Rank() int {
	if k < NumKinds {
		return ranks[k]
	}
	return ranks[Drop]
}
