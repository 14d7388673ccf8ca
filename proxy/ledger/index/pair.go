package index

import "slices"

// pair is a term and a block that holds it.
type pair struct {
	term  uint64
	block uint32
}

func (p pair) compare(q pair) int {
	switch {
	case p.term < q.term:
		return -1
	case p.term > q.term:
		return 1
	}
	return int(p.block) - int(q.block)
}

// sortedBits are the first bits of terms that pairs are sorted by at first, where there are many of them.
const sortedBits = 14

// sortPairs sorts pairs by their terms, and those of one by their blocks. Terms are hashes: their first bits part them
// evenly. What they are sorted by in the first pass takes no room beside them.
func sortPairs(all []pair) {
	if len(all) < 1<<sortedBits {
		slices.SortFunc(all, pair.compare)
		return
	}
	const first = 64 - sortedBits
	next, ends := make([]int, 1<<sortedBits), make([]int, 1<<sortedBits)
	for i := range all {
		ends[all[i].term>>first]++
	}
	at := 0
	for i, n := range ends {
		next[i] = at
		at += n
		ends[i] = at
	}
	from := 0
	for i, end := range ends {
		for next[i] < end {
			p := all[next[i]]
			for to := p.term >> first; to != uint64(i); to = p.term >> first {
				p, all[next[to]] = all[next[to]], p
				next[to]++
			}
			all[next[i]] = p
			next[i]++
		}
		slices.SortFunc(all[from:end], pair.compare)
		from = end
	}
}
