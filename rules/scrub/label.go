package scrub

// labelBit is a vocabulary of labels, as a bit of what is known of a word.
type labelBit uint32

// The vocabularies of labels.
const (
	phoneBit labelBit = 1 << iota
	birthBit
	hashBit
	versionBit
	pensionBit
	nationalBit // the first of those in nationals
)

// maxLabel bounds how far in front of a value its label may stand.
const maxLabel = 32

// front are the words in front of a place, the nearest first, as far as a label may stand.
type front struct {
	at, floor int // the place; and where the last finding ended when it was looked at
	w         [4]span
	n         int
}

// labelMemo is what is known of a word: whether it is a label of the vocabularies that were asked.
type labelMemo struct {
	span
	asked, yes labelBit
}

// labelled tells whether one of the n words in front of i, four at most, is one of the labels, starts with one, or ends with a long one.
func (v *view) labelled(i, n int, labels *vocabulary) bool {
	f := v.frontOf(i)
	v.spend(costLabel)
	for k := range min(n, f.n) {
		if v.isLabel(f.w[k], labels) {
			return true
		}
	}
	return false
}

// frontOf returns the words in front of i. Separators of fields end them.
func (v *view) frontOf(i int) *front {
	f := &v.front
	if f.at == i && f.floor == v.floor {
		return f
	}
	f.at, f.floor, f.n = i, v.floor, 0
	low := max(v.floor, i-maxLabel)
	k := i
	for f.n < len(f.w) {
		end := k
		for end > low && !isWord(v.text[end-1]) {
			end--
			if c := v.text[end]; c == ';' || c == '&' || c == '\n' && (end == 0 || v.text[end-1] != ':') {
				v.spend(i - end)
				return f
			}
		}
		k = end
		for k > low && isWord(v.text[k-1]) {
			k--
		}
		if k == end {
			break
		}
		f.w[f.n] = span{k, end}
		f.n++
	}
	v.spend(i - k)
	return f
}

// isLabel tells whether the word is, or starts with, one of the labels, or ends with one of five letters or more as in userPhone. A word is
// looked up once, however many numbers stand behind it.
func (v *view) isLabel(w span, labels *vocabulary) bool {
	m := &v.memo[w.start%len(v.memo)]
	if m.span != w {
		*m = labelMemo{span: w}
	}
	if m.asked&labels.bit == 0 {
		v.spend(costLookup)
		m.asked |= labels.bit
		word := v.of(w)
		product := len(word) >= 6 && hasFold(word, "iphone") || hasFold(word, "headphone")
		if !product && (labels.starts(word) || labels.ending(word, 5, 1) != "") {
			m.yes |= labels.bit
		}
	}
	return m.yes&labels.bit != 0
}
