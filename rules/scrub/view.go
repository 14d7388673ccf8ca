package scrub

import "github.com/tagwarden/tagwarden/rules/ascii"

// view is what detectors see of a text. They read it, and spend of its budget; all else that changes is what was read
// already, which they share, so that nothing is read twice.
type view struct {
	budget
	want  Set
	text  []byte
	floor int  // end of the last finding
	mail  span // the next e-mail address; it starts past the text where there is none

	digit int          // where the next digit is, as it was looked for last
	run64 span         // the base64url run that was measured last
	front front        // the words in front of a place
	memo  [4]labelMemo // whether they are labels
	ahead ahead        // the words behind a place
	row   numbers      // the digits from a place on
}

// before returns the byte in front of i; a finding in front of i counts as its marker's bracket, the text's start as a
// space.
func (v *view) before(i int) byte {
	switch i {
	case 0:
		return ' '
	case v.floor:
		return ']'
	}
	return v.text[i-1]
}

// after returns the byte at i, a space at the text's end.
func (v *view) after(i int) byte {
	if i < len(v.text) {
		return v.text[i]
	}
	return ' '
}

// spaces tells whether the plus at i stands for a space, as in forms: a word is in front of it.
func (v *view) spaces(i int) bool { return isWord(v.before(i)) }

// endsNumber tells whether a number may end in front of i: no letter or digit follows, also not behind a dot or dash.
func (v *view) endsNumber(i int) bool {
	c := v.after(i)
	if isWord(c) || c == '_' {
		return false
	}
	if c == '.' || c == '-' || c == ',' {
		return !isDigit(v.after(i + 1))
	}
	return true
}

// wordAt returns the word that starts at i.
func (v *view) wordAt(i int) word {
	end, some, all := i, uint16(0), uint16(1<<16-1)
	for ; end < len(v.text); end++ {
		f := flags[v.text[end]]
		if f&fWord == 0 {
			break
		}
		some |= f
		all &= f
	}
	return word{span{i, end}, some, all}
}

// wordEnd returns the end of the word that starts at i.
func (v *view) wordEnd(i int) int {
	for i < len(v.text) && isWord(v.text[i]) {
		i++
	}
	return i
}

// wordBefore returns the word in front of i, with at most three other bytes between, but for separators of fields;
// empty where there is none.
func (v *view) wordBefore(i int) span {
	end := i
	for end > v.floor && i-end < 3 && !isWord(v.text[end-1]) {
		end--
		if c := v.text[end]; c == ';' || c == '&' || c == '\n' {
			return span{}
		}
	}
	start := end
	for start > v.floor && end-start < maxLabel && isWord(v.text[start-1]) {
		start--
	}
	return span{start, end}
}

func (v *view) of(w span) []byte { return v.text[w.start:w.end] }

// named tells whether the word could be (part of) a street's name: it starts with an upper-case letter.
func (v *view) named(w span) bool { c := v.text[w.start]; return ascii.IsUpper(c) || c >= 0x80 }

func (v *view) runEnd(i int, alphabet uint16) int {
	end := i
	for end < len(v.text) && flags[v.text[end]]&alphabet != 0 {
		end++
	}
	v.spend(end - i)
	return end
}

// urlEnd returns where the base64url run around a word's start ends. A run is measured once, wherever in it the
// question is asked.
func (v *view) urlEnd(w *word) int {
	if i := w.start; i < v.run64.start || i >= v.run64.end {
		end := i
		if w.some&fHigh == 0 { // all of the word is part of it
			end = w.end
		}
		v.run64 = span{i, v.runEnd(end, fURL)}
	}
	return v.run64.end
}

// digitWithin tells whether one of the n bytes behind i is a digit. Each byte of a text is looked at once.
func (v *view) digitWithin(i, n int) bool {
	if v.digit < i {
		k := i
		for k < len(v.text) && !isDigit(v.text[k]) {
			k++
		}
		v.spend(k - i)
		v.digit = k
	}
	return v.digit < len(v.text) && v.digit-i < n
}
