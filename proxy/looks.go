package proxy

import "sync"

// looks are by what hits were judged of late, each below a number. What a hit puts into the queue has the number beside
// it, in memory alone: what is delivered before anything else could be found of it need not be judged again.
type looks struct {
	mu     sync.Mutex
	newest uint64
	all    [8]looked // by number, modulo the length; those before were a second or an act ago
}

// number is that of what a hit was judged by.
func (l *looks) number(of *looked) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	for back := range uint64(len(l.all)) {
		if l.all[(l.newest-back)%uint64(len(l.all))].finds(of) {
			return l.newest - back
		}
	}
	l.newest++
	l.all[l.newest%uint64(len(l.all))] = *of
	return l.newest
}

// of is what has a number; zero where that is forgotten, and for 0.
func (l *looks) of(number uint64) looked {
	l.mu.Lock()
	defer l.mu.Unlock()
	if number == 0 || l.newest-number >= uint64(len(l.all)) {
		return looked{}
	}
	return l.all[number%uint64(len(l.all))]
}
