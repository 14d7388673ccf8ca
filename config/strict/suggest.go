package strict

import (
	"slices"
	"strings"
)

// listed is how many names are still written out.
const listed = 40

// Suggestion returns what may have been meant by a name, or which names there are, to be put behind "there is no x": `: did you mean
// "basis"?` where one of the known names is near the one that was written, else the names, else "".
func Suggestion(name string, known []string) string {
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
	switch {
	case best != "":
		return ": did you mean \"" + best + "\"?"
	case len(known) == 0:
		return ""
	case len(known) > listed:
		return ": `tagwarden schema` lists what is"
	default:
		return ": known here: " + strings.Join(known, ", ")
	}
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
