package index

// within are the terms of a block: a set in an open-addressed table, which is emptied by counting on. Terms
// are hashes, whose bits are all as good.
type within struct {
	slots []withinSlot
	n     int
	since uint32 // what was added since the last time it was emptied
}

type withinSlot struct {
	term  uint64
	since uint32
}

// fewest is how many slots there are at least.
const fewest = 1 << 10

// clear empties it.
func (w *within) clear() {
	if w.n, w.since = 0, w.since+1; w.since == 0 {
		clear(w.slots)
		w.since = 1
	}
}

// add adds a term, and tells whether it was not there yet.
func (w *within) add(term uint64) bool {
	if 2*w.n >= len(w.slots) {
		w.grow()
	}
	for i := term; ; i++ {
		s := &w.slots[i&uint64(len(w.slots)-1)]
		if s.since != w.since {
			*s = withinSlot{term, w.since}
			w.n++
			return true
		}
		if s.term == term {
			return false
		}
	}
}

// grow makes room for twice as many.
func (w *within) grow() {
	was := w.slots
	w.slots = make([]withinSlot, max(fewest, 2*len(was)))
	w.n = 0
	for _, s := range was {
		if s.since == w.since {
			w.add(s.term)
		}
	}
}
