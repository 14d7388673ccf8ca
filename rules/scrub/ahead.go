package scrub

// Bounds on the words of an address: separators between two of them, and bytes of one.
const (
	maxApart    = 3
	maxNextWord = 40
)

// wordKind is what a word may be in an address, as bits.
type wordKind uint8

// The kinds of word. Known is set once they were looked up.
const (
	knownWord wordKind = 1 << iota
	behindWord
	betweenWord
	frontWord
)

// nextWord is a word that follows another.
type nextWord struct {
	span
	prior int // end of the word in front of it
	kind  wordKind
}

// ahead are the words behind a place. Places that follow each other share them: a word is read once.
type ahead struct {
	w    [12]nextWord
	from int  // the word that follows the place
	n    int  // words read
	end  int  // of the last one
	done bool // no word follows in reach
}

// words are the next words behind a place, each at most 40 bytes, with spaces, dots, commas or form separators between.
type words struct {
	w []nextWord
	n int
}

// wordsFrom collects up to most words, five at the most, behind i, where a word ends.
func (v *view) wordsFrom(i, most int) words {
	a := &v.ahead
	for a.from < a.n && a.w[a.from].prior < i {
		a.from++
	}
	if a.from == a.n && (a.end != i || !a.done) || a.from < a.n && a.w[a.from].prior != i {
		a.from, a.n, a.end, a.done = 0, 0, i, false
	}
	for a.n-a.from < most && !a.done {
		v.readWord(a)
	}
	n := min(a.n-a.from, most)
	return words{a.w[a.from : a.from+n], n}
}

// readWord reads one more word.
func (v *view) readWord(a *ahead) {
	if a.n == len(a.w) {
		a.n = copy(a.w[:], a.w[a.from:a.n])
		a.from = 0
	}
	k := a.end
	for k < len(v.text) && k-a.end < maxApart && gapByte(v.text[k]) {
		k++
	}
	if k == a.end || k == len(v.text) || !isWord(v.text[k]) {
		a.done = true
		return
	}
	end := k
	for end < len(v.text) && end-k <= maxNextWord && isWord(v.text[end]) {
		end++
	}
	v.spend(end - a.end)
	if end-k > maxNextWord {
		a.done = true
		return
	}
	a.w[a.n] = nextWord{span: span{k, end}, prior: a.end}
	a.n++
	a.end = end
}

// is tells whether a word may be of a kind. It is looked up once.
func (v *view) is(w *nextWord, kind wordKind) bool {
	if w.kind == 0 {
		v.spend(costLookup)
		w.kind = knownWord
		text := v.of(w.span)
		if typeBehind.has(text) {
			w.kind |= behindWord
		}
		if typeBetween.has(text) {
			w.kind |= betweenWord
		}
		if typeFront.has(text) {
			w.kind |= frontWord
		}
	}
	return w.kind&kind != 0
}

func gapByte(c byte) bool { return flags[c]&fGap != 0 }
