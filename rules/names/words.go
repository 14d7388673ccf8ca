package names

import (
	_ "embed"
	"math/bits"
	"strconv"
	"strings"
	"sync"

	"github.com/tagwarden/tagwarden/rules/hit"
)

//go:embed names.yaml
var text []byte

// Text returns the text of the table: it is part of what decides.
func Text() []byte { return text }

// spelled is the table in plain letters: what labels there are, what is said of words, by number, and each word with
// the number of what is said of it, in the order of their letters. It is made of names.yaml, which is what people
// write: a test says whether one is what the other would give.
//
//go:embed names.txt
var spelled string

// role is what a word does in a name.
type role uint16

// The roles, as names.yaml calls them.
const (
	person role = 1 << iota
	own
	where
	number
	ident // a number that no count is
	title // names
	goods
	thing
	about
	small
	asking
	holder
	glued // it may stand in one part with others
	many  // its number is not one person's
)

// word is what the table says of a word, or of several that are read as one.
type word struct {
	anywhere, last, alone, whole hit.Class
	theirs                       hit.Class
	numbered                     hit.Class // of its number
	roles                        role
}

// inNames tells whether the word is one that names are made of; others count as whole names alone.
func (w *word) inNames() bool {
	return w.roles&^glued != 0 || w.anywhere|w.last|w.alone|w.theirs|w.numbered != hit.Unknown
}

// classes are where a word says a class, as names.yaml calls it.
func (w *word) classes() []struct {
	called string
	class  *hit.Class
} {
	return []struct {
		called string
		class  *hit.Class
	}{
		{"anywhere", &w.anywhere},
		{"last", &w.last},
		{"alone", &w.alone},
		{"whole", &w.whole},
		{"theirs", &w.theirs},
		{"numbered", &w.numbered},
	}
}

// roleNames are the roles, by their bits.
var roleNames = [...]string{
	"person", "own", "where", "number", "ident", "title", "goods", "thing", "about", "small", "asking", "holder", "glued", "many",
}

// dictionary holds the words by their letters: node 0 is the beginning of all.
type dictionary struct {
	nodes []node
	words []word // what is said, each once; 0 is nothing
	says  [hit.NumClasses]bool
}

// node is where some letters end. What goes on from there stands in a row, in the order of the letters.
type node struct {
	letters uint32 // that words go on with, as bits
	next    uint16 // the node of the first of them
	word    uint16 // what is said of the letters
}

// words is the dictionary, read when it is first asked for.
var words = sync.OnceValue(func() *dictionary {
	_, rest, _ := strings.Cut(spelled, "\n\n")
	said, list, _ := strings.Cut(rest, "\n\n")
	d := &dictionary{words: make([]word, 1)}
	for line := range strings.Lines(said) {
		d.words = append(d.words, d.meaning(strings.Fields(line)[1:]))
	}
	d.says[hit.UserID] = true // a person's number is one
	d.grow(strings.FieldsFunc(list, func(r rune) bool { return r == '\n' }))
	return d
})

// meaning reads what is said of words.
func (d *dictionary) meaning(said []string) (w word) {
	for _, one := range said {
		called, name, isClass := strings.Cut(one, "=")
		if !isClass {
			for i, role := range roleNames {
				if role == one {
					w.roles |= 1 << i
				}
			}
			continue
		}
		for _, at := range w.classes() {
			if at.called == called {
				*at.class, _ = hit.ParseClass(name)
				d.says[*at.class] = true
			}
		}
	}
	return w
}

// grow makes the nodes of sorted lines: the letters of a word, a blank and the number of what is said of it.
func (d *dictionary) grow(lines []string) {
	type some struct{ from, to int } // of the lines: those that begin with a node's letters
	d.nodes = make([]node, 1, 5*len(lines))
	begun := append(make([]some, 0, cap(d.nodes)), some{0, len(lines)})
	depth, deeper := 0, 1 // deeper is the first node of those with one letter more
	for at := 0; at < len(d.nodes); at++ {
		if at == deeper {
			depth, deeper = depth+1, len(d.nodes)
		}
		of := begun[at]
		if line := lines[of.from]; line[depth] == ' ' {
			number, _ := strconv.Atoi(line[depth+1:])
			d.nodes[at].word = uint16(number) // there are some hundreds
			of.from++
		}
		d.nodes[at].next = uint16(len(d.nodes)) // a test says how many there are
		for of.from < of.to {
			letter, end := lines[of.from][depth], of.from+1
			for end < of.to && lines[end][depth] == letter {
				end++
			}
			d.nodes[at].letters |= 1 << (letter - 'a')
			d.nodes, begun = append(d.nodes, node{}), append(begun, some{of.from, end})
			of.from = end
		}
	}
}

// after is where a letter leads to from a node; 0 where no word goes on with it.
func (d *dictionary) after(at uint16, letter byte) uint16 {
	n, bit := &d.nodes[at], uint32(1)<<(letter-'a')
	if n.letters&bit == 0 {
		return 0
	}
	return n.next + uint16(bits.OnesCount32(n.letters&(bit-1)))
}

// said is what is said of a node's letters.
func (d *dictionary) said(at uint16) *word { return &d.words[d.nodes[at].word] }

// find returns what the table says of the letters as a whole; nil where they are no word.
func (d *dictionary) find(letters []byte) *word {
	at := uint16(0)
	for _, c := range letters {
		if c == other {
			return nil
		}
		if at = d.after(at, c); at == 0 {
			return nil
		}
	}
	return d.said(at)
}
