package names

// part is a part of a name: a word of the table, or one that it does not know.
type part struct {
	*word
	plural bool
}

// strange is what is said of a word that the table does not know.
var strange = new(word)

func (p part) known() bool { return p.word != strange }

func (p part) is(r role) bool { return p.roles&r != 0 }

// mostParts is how many parts of a name are looked at: the last ones.
const mostParts = 12

// parts are the words of a name, in order.
type parts struct {
	list [mostParts + 1]part // one is free for what is put in front
	n    int
}

// What it costs to read a name so: the cheapest way of reading it is taken.
const (
	costWord    = 10
	costGlued   = 3  // it begins or ends inside a part
	costPlural  = 1  // a letter
	costStrange = 60 // a part that is no word
	unread      = 1 << 30
)

// step is the cheapest way to a place in a name's letters.
type step struct {
	cost int32
	from int32
	part
}

// divide finds the words that a name is made of.
func (d *dictionary) divide(s *spelling, into *parts) {
	var way [2*longest + 1]step
	for i := 1; i <= s.n; i++ {
		way[i].cost = unread
	}
	for i := range s.n {
		if way[i].cost == unread {
			continue
		}
		if s.begins[i] {
			next := i + 1
			for !s.begins[next] {
				next++
			}
			reach(&way, i, next, costStrange, part{word: strange})
		}
		at := uint16(0)
		for k := i; k < s.n && s.letters[k] != other; k++ {
			if at = d.after(at, s.letters[k]); at == 0 {
				break
			}
			if w := d.said(at); w.inNames() {
				d.step(s, &way, i, k+1, w)
			}
		}
	}
	into.n = 0
	if s.n == 0 || way[s.n].cost == unread {
		return
	}
	count := 0
	for i := s.n; i > 0; i = int(way[i].from) {
		count++
	}
	skip := max(0, count-mostParts)
	into.n = count - skip
	for i, k := s.n, into.n-1; k >= 0; i, k = int(way[i].from), k-1 {
		into.list[k] = way[i].part
	}
}

// step goes over a word from i to k, and over a plural's ending.
func (d *dictionary) step(s *spelling, way *[2*longest + 1]step, i, k int, w *word) {
	for ending := range 3 { // none, s, es
		cost := int32(costWord + ending*costPlural)
		switch {
		case ending == 1 && (k >= s.n || s.letters[k] != 's'),
			ending == 2 && (k+1 >= s.n || s.letters[k] != 'e' || s.letters[k+1] != 's'):
			continue
		case !s.begins[i] || !s.begins[k+ending]:
			if w.roles&glued == 0 {
				continue
			}
			cost += costGlued
		}
		reach(way, i, k+ending, cost, part{word: w, plural: ending > 0})
	}
}

func reach(way *[2*longest + 1]step, from, to int, cost int32, p part) {
	if cost += way[from].cost; cost < way[to].cost {
		way[to] = step{cost: cost, from: int32(from), part: p}
	}
}
