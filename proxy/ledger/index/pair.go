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

// pairBytes are what a pair comes to in steps, each time that it is moved; between two steps at most movedAtOnce are.
const (
	pairBytes   = 16
	movedAtOnce = 1 << 10
)

// sortPairs sorts pairs by their terms, and those of one by their blocks. Terms are hashes: their first bits part them
// evenly. What they are sorted by in the first pass takes no room beside them. Where step fails they are of no use.
func sortPairs(all []pair, step func(bytes int) error) error {
	if len(all) < 1<<sortedBits {
		slices.SortFunc(all, pair.compare)
		return step(len(all) * pairBytes)
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
	from, moved := 0, 0
	rested := func(more int) (err error) {
		if moved += more; moved >= movedAtOnce {
			err = step(moved * pairBytes)
			moved = 0
		}
		return err
	}
	for i, end := range ends {
		for ; next[i] < end; next[i]++ {
			p := all[next[i]]
			for to := p.term >> first; to != uint64(i); to = p.term >> first {
				p, all[next[to]] = all[next[to]], p
				next[to]++
				if err := rested(1); err != nil {
					return err
				}
			}
			all[next[i]] = p
		}
		slices.SortFunc(all[from:end], pair.compare)
		if err := rested(end - from); err != nil {
			return err
		}
		from = end
	}
	return nil
}
