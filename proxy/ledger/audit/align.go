package audit

import (
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// difference is the first place where lines are not those that should be there, and what that looks like.
type difference struct {
	kind  Kind
	at    int // which of the lines; those before are right
	other int // swapped: the other record, counted as the lines should be
	count int // removed, inserted: how many
}

// align compares the entries of lines, in their order, with what those should be. More says that further lines
// may follow of which nothing is known.
func align(have, want []tree.Entry, more bool) (difference, bool) {
	p := 0
	for p < min(len(have), len(want)) && have[p] == want[p] {
		p++
	}
	s := 0
	for s < min(len(have), len(want))-p && have[len(have)-1-s] == want[len(want)-1-s] {
		s++
	}
	lines, should := have[p:len(have)-s], want[p:len(want)-s]
	switch {
	case len(should) == 0 && (len(lines) == 0 || more && s == 0):
		return difference{}, false
	case len(should) == 0:
		return difference{Inserted, p, 0, len(lines)}, true
	case len(lines) == 0 && s == 0:
		return difference{CutShort, p, 0, len(should)}, true
	case len(lines) == 0:
		return difference{Removed, p, 0, len(should)}, true
	}
	later := indexOf(should, lines[0])  // the line stands here, and should later
	before := indexOf(lines, should[0]) // the line should stand here, and does later
	switch {
	case later > 0 && before > 0:
		return difference{Swapped, p, p + later, 0}, true
	case later > 0:
		return difference{Removed, p, 0, later}, true
	case before > 0:
		return difference{Inserted, p, 0, before}, true
	}
	return difference{Changed, p, 0, 1}, true
}

// indexOf is where an entry stands; -1: nowhere.
func indexOf(in []tree.Entry, what tree.Entry) int {
	for i := range in {
		if in[i] == what {
			return i
		}
	}
	return -1
}

// swappedIn finds two lines that make the hash over them right when they change places: the one that is nearest first.
func swappedIn(lines []tree.Entry, hash tlog.Hash) (i, j int, found bool) {
	leaves := make([]tlog.Hash, len(lines))
	for n := range lines {
		leaves[n] = lines[n].Leaf()
	}
	made := map[[2]int]tlog.Hash{}
	var over func(lo, hi int) tlog.Hash
	touched := func(lo, hi int) bool { return i >= lo && i < hi || j >= lo && j < hi }
	over = func(lo, hi int) tlog.Hash {
		if hi-lo == 1 {
			return leaves[lo]
		}
		if h, there := made[[2]int{lo, hi}]; there && !touched(lo, hi) {
			return h
		}
		mid := lo + int(split(int64(hi-lo)))
		return tlog.NodeHash(over(lo, mid), over(mid, hi))
	}
	i, j = -1, -1
	if len(lines) == 0 {
		return 0, 0, false
	}
	var fill func(lo, hi int)
	fill = func(lo, hi int) {
		if hi-lo > 1 {
			mid := lo + int(split(int64(hi-lo)))
			fill(lo, mid)
			fill(mid, hi)
		}
		made[[2]int{lo, hi}] = over(lo, hi)
	}
	fill(0, len(lines))
	for apart := 1; apart < len(lines); apart++ {
		for i = 0; i+apart < len(lines); i++ {
			j = i + apart
			leaves[i], leaves[j] = leaves[j], leaves[i]
			right := over(0, len(lines)) == hash
			leaves[i], leaves[j] = leaves[j], leaves[i]
			if right {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}

// insertedIn finds lines, one behind the other, without which the hash over the others is right. Before and behind
// are lines that stand in other segments.
func insertedIn(before, lines, behind []tree.Entry, count int, hash tlog.Hash) (at int, found bool) {
	for at := range len(lines) - count + 1 {
		var edge tree.Edge
		for _, all := range [][]tree.Entry{before, lines[:at], lines[at+count:], behind} {
			for i := range all {
				edge.Append(all[i][:], nil)
			}
		}
		if edge.Tree().Hash == hash {
			return at, true
		}
	}
	return 0, false
}
