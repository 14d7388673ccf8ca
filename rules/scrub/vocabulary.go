package scrub

import "github.com/tagwarden/tagwarden/rules/ascii"

// vocabulary is a list of words in lower case that is asked often. It is kept by the words' first two bytes, and by
// their last two: who asks is told of a word in a few steps, however long the list.
type vocabulary struct {
	heads, tails index
	bit          labelBit
}

// index holds words by a number that two of their bytes give; at says where those of a number start.
type index struct {
	words []string
	at    [257]uint8
}

// newVocabulary makes a vocabulary of at most 255 words.
func newVocabulary(list ...string) *vocabulary {
	v := new(vocabulary)
	v.heads.fill(list, headOf)
	v.tails.fill(list, tailOf)
	return v
}

// newLabels makes a vocabulary of what values are called.
func newLabels(bit labelBit, list ...string) *vocabulary {
	v := newVocabulary(list...)
	v.bit = bit
	return v
}

// fill sorts the words by their numbers; those of one stay in order.
func (x *index) fill(list []string, of func(w string) uint8) {
	for _, w := range list {
		x.at[int(of(w))+1]++
	}
	for n := range 256 {
		x.at[n+1] += x.at[n]
	}
	x.words = make([]string, len(list))
	next := x.at
	for _, w := range list {
		n := of(w)
		x.words[next[n]] = w
		next[n]++
	}
}

func (x *index) of(n uint8) []string { return x.words[x.at[n]:x.at[int(n)+1]] }

// any tells whether there may be a word of two bytes or more that starts with these two.
func (x *index) any(a, b byte) bool {
	n := pair(a, b)
	return x.at[n] != x.at[int(n)+1]
}

// pair gives two bytes a number, in any ASCII case.
func pair(a, b byte) uint8 { return ascii.Lower(a)*5 + ascii.Lower(b)*29 }

func headOf(w string) uint8 {
	if len(w) == 1 {
		return pair(w[0], 0)
	}
	return pair(w[0], w[1])
}

func tailOf(w string) uint8 {
	if len(w) == 1 {
		return pair(0, w[0])
	}
	return pair(w[len(w)-2], w[len(w)-1])
}

// has tells whether the text is one of the words, in any ASCII case.
func (v *vocabulary) has(text []byte) bool {
	var n uint8
	switch len(text) {
	case 0:
		return false
	case 1:
		n = pair(text[0], 0)
	default:
		n = pair(text[0], text[1])
	}
	for _, w := range v.heads.of(n) {
		if equalFold(text, w) {
			return true
		}
	}
	return false
}

// starts tells whether the text starts with one of the words. All of them have two bytes or more.
func (v *vocabulary) starts(text []byte) bool {
	if len(text) < 2 {
		return false
	}
	for _, w := range v.heads.of(pair(text[0], text[1])) {
		if hasFold(text, w) {
			return true
		}
	}
	return false
}

// leading returns the length of the longest word that the text starts with and that ends there, 0 where there is
// none. A space in a word stands for a plus, a dash or an underscore too.
func (v *vocabulary) leading(text []byte) (length int) {
	if len(text) < 2 {
		return 0
	}
	for _, w := range v.heads.of(pair(text[0], text[1])) {
		n := len(w)
		if n > length && n <= len(text) && (n == len(text) || !isWord(text[n])) && equalSpaced(text[:n], w) {
			length = n
		}
	}
	return length
}

// equalSpaced tells whether text is the lower-case words, in any ASCII case, with any joint in place of each space.
func equalSpaced(text []byte, words string) bool {
	for k, c := range text {
		if ascii.Lower(c) != words[k] && (words[k] != ' ' || c != '+' && c != '-' && c != '_') {
			return false
		}
	}
	return true
}

// ending returns the word, of least bytes or more, that the text ends with behind at least
// front others; "" where there is none.
func (v *vocabulary) ending(text []byte, least, front int) string {
	if len(text) < 2 {
		return ""
	}
	for _, w := range v.tails.of(pair(text[len(text)-2], text[len(text)-1])) {
		if n := len(text) - len(w); len(w) >= least && n >= front && hasFold(text[n:], w) {
			return w
		}
	}
	return ""
}
