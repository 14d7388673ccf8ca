package catalog

// lookup finds where a name leads. It is made of a map when a vendor is compiled, for every key of every hit is looked
// up in one: it goes by a name's length and by three of its bytes, which tell the names of a vendor's fields apart, or
// nearly so.
type lookup []led

// led is a name and the state that it leads to. State 0 is where nothing is known: no name leads there.
type led struct {
	name string
	to   int32
}

// newLookup makes a lookup with more room than names, so that most of what is not in it is missed at once.
func newLookup(names map[string]int32) lookup {
	if len(names) == 0 {
		return nil
	}
	size := 4
	for size < 4*len(names) {
		size *= 2
	}
	l := make(lookup, size)
	for name, to := range names {
		at := l.start([]byte(name))
		for l[at].to != 0 {
			at = (at + 1) % len(l)
		}
		l[at] = led{name, to}
	}
	return l
}

// start is where a name is looked for first.
func (l lookup) start(name []byte) int {
	n := len(name)
	if n == 0 {
		return 0
	}
	sum := uint32(n)*7 + uint32(name[0])*31 + uint32(name[n/2])*131 + uint32(name[n-1])*521
	return int(sum) & (len(l) - 1)
}

// find returns the state that a name leads to.
func (l lookup) find(name []byte) (to int32, ok bool) {
	if len(l) == 0 {
		return 0, false
	}
	for at := l.start(name); l[at].to != 0; at = (at + 1) & (len(l) - 1) {
		if l[at].name == string(name) {
			return l[at].to, true
		}
	}
	return 0, false
}
