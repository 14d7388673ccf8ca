package jsontext

// MostDepth is how deep a text may be nested at most for [Measure].
const MostDepth = 512

// Size is what a text holds, as far as it was read.
type Size struct {
	Members int // values, those in others counted
	Depth   int // how deep objects and lists are nested
}

// Fault is what is wrong with a text.
type Fault uint8

// The faults of a text. The zero value is that there is none.
const (
	Malformed Fault = iota + 1 // it is not one value of JSON
	TooDeep                    // it is nested deeper than it may be
	TooMany                    // it has more members than it may have
)

// measure goes over a text once: what is open is a bit each, that of an object set.
type measure struct {
	text  []byte
	most  Size
	size  Size
	depth int
	open  [MostDepth / 64]uint64
}

// Measure tells whether a text is one value of JSON within its bounds, and how much is in it: the fault that comes
// first in the text, none where all is well.
func Measure(text []byte, most Size) (Size, Fault) {
	m := measure{text: text, most: most}
	m.most.Depth = min(most.Depth, MostDepth)
	fault := m.all()
	return m.size, fault
}

// Valid tells whether a text is one value of JSON, nested no deeper than [MostDepth].
func Valid(text []byte) bool {
	_, fault := Measure(text, Size{Members: len(text) + 1, Depth: MostDepth})
	return fault == 0
}

// all reads the text: value after value, and what stands between them.
func (m *measure) all() Fault {
	i, fault := Space(m.text, 0), Fault(0)
	for {
		if m.size.Members++; m.size.Members > m.most.Members {
			return TooMany
		}
		opens := false
		if i, opens, fault = m.value(i); fault != 0 {
			return fault
		}
		if opens { // and what comes is the first value in it
			continue
		}
		if i = m.behind(i); i == Nowhere {
			return Malformed
		} else if m.depth == 0 {
			return 0
		}
	}
}

// value reads a value, or what opens one and stands before the first that is in it.
func (m *measure) value(i int) (next int, opens bool, fault Fault) {
	if i >= len(m.text) {
		return Nowhere, false, Malformed
	}
	c := m.text[i]
	if c != '{' && c != '[' {
		if i = LeafEnd(m.text, i); i == Nowhere {
			return Nowhere, false, Malformed
		}
		return i, false, 0
	}
	if m.depth == m.most.Depth {
		return Nowhere, false, TooDeep
	}
	m.push(c == '{')
	if i = Space(m.text, i+1); i < len(m.text) && m.text[i] == c+2 { // what closes stands two behind what opens, in ASCII
		m.depth--
		return i + 1, false, 0
	}
	if c == '{' {
		if i = m.key(i); i == Nowhere {
			return Nowhere, false, Malformed
		}
	}
	return i, true, 0
}

// key reads a member's name and what stands before its value.
func (m *measure) key(i int) (next int) {
	if i >= len(m.text) || m.text[i] != '"' {
		return Nowhere
	}
	if i, _ = StringEnd(m.text, i); i == Nowhere {
		return Nowhere
	}
	if i = Space(m.text, i); i >= len(m.text) || m.text[i] != ':' {
		return Nowhere
	}
	return Space(m.text, i+1)
}

// behind reads what stands behind a value: to where the next one begins, or to the
// text's end, where nothing is open any more.
func (m *measure) behind(i int) (next int) {
	for i = Space(m.text, i); m.depth > 0; i = Space(m.text, i) {
		if i >= len(m.text) {
			return Nowhere
		}
		switch inObject := m.inObject(); {
		case m.text[i] == ',':
			if i = Space(m.text, i+1); inObject {
				return m.key(i)
			}
			return i
		case m.text[i] == '}' && inObject, m.text[i] == ']' && !inObject:
			m.depth--
			i++
		default:
			return Nowhere
		}
	}
	if i < len(m.text) {
		return Nowhere
	}
	return i
}

func (m *measure) push(object bool) {
	word, bit := &m.open[m.depth/64], uint64(1)<<(m.depth%64)
	if *word &^= bit; object {
		*word |= bit
	}
	m.depth++
	m.size.Depth = max(m.size.Depth, m.depth)
}

// inObject tells whether what is open is an object.
func (m *measure) inObject() bool { return m.open[(m.depth-1)/64]>>((m.depth-1)%64)&1 == 1 }
