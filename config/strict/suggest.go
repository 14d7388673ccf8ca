package strict

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// How many names are still written out: of what files hold, whose schema has them all, and of anything else.
const (
	listed     = 40
	listedElse = 120
)

// Suggestion returns what may have been meant by a name in one of our files, or which names there are, to be
// put behind "there is no x": `: did you mean "basis"?` where one of the known names is near the one that
// was written, else the names, else "".
func Suggestion(name string, known []string) string {
	if near := meant(name, known); near != "" || len(known) <= listed {
		return cmp.Or(near, listOf(known))
	}
	return ": `tagwarden schema` lists what is"
}

// SuggestionElse is [Suggestion] for a name that stands in no file of ours: a flag's value, a parameter.
func SuggestionElse(name string, known []string) string {
	if near := meant(name, known); near != "" || len(known) <= listedElse {
		return cmp.Or(near, listOf(known))
	}
	return ": " + strconv.Itoa(len(known)) + " are known, and none is near it"
}

// listOf names all that are known.
func listOf(known []string) string {
	if len(known) == 0 {
		return ""
	}
	return ": known here: " + strings.Join(known, ", ")
}

// meant is which name may have been meant; "" where none is near.
func meant(name string, known []string) string {
	best, distance := "", 3
	if len(name) <= 4 {
		distance = 2
	}
	if len(known) > listed && len(name) <= 3 {
		distance = 0 // of many short codes one is always near
	}
	for _, candidate := range known {
		if n := edits(strings.ToLower(name), strings.ToLower(candidate)); n < distance {
			best, distance = candidate, n
		}
	}
	if best == "" {
		return ""
	}
	return ": did you mean \"" + best + "\"?"
}

// edits counts the letters to insert, remove, replace or swap to get from one name to the other.
func edits(from, to string) int {
	a, b := []rune(from), []rune(to)
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		before, last = last, slices.Clone(row)
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
