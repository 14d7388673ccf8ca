package scrub

// starts finds what starts at a place. Which detectors are asked there, and in which order where two might find
// something, is written out: calls through a table would have every text's view on the heap.
type starts struct{ *view }

// mark looks for findings that start with something other than a letter or digit.
func (in starts) mark(i int) (finding, bool) {
	switch in.text[i] {
	case '+':
		return phones(in).international(i)
	case '(':
		if isDigit(in.after(i + 1)) {
			return phones(in).national(i)
		}
	case '-':
		if f, ok := secrets(in).pem(i); ok {
			return f, true
		}
		if isDigit(in.after(i + 1)) {
			return coordinates(in).at(i)
		}
	case ':':
		if in.after(i+1) == ':' {
			return ips(in).v6(i)
		}
	}
	return finding{}, false
}

// number looks for findings that start with a digit.
func (in starts) number(w *word) (finding, bool) {
	in.spend(costNumber)
	i, j := w.start, w.end
	b, c, n := in.before(i), in.after(j), j-i
	if c == '.' && n <= 3 && b != '.' {
		if f, ok := ips(in).v4(i); ok {
			return f, true
		}
	}
	if f, ok := in.machine(i, n, c); ok {
		return f, true
	}
	if n <= 8 {
		if f, ok := birthDates(in).at(i, j); ok {
			return f, true
		}
	}
	if b == '.' { // as in a version: of all the others, phone numbers alone may stand there
		if i < 2 || !isLetter(in.text[i-2]) {
			return finding{}, false
		}
		return phones(in).national(i)
	}
	if c == '.' && n <= 3 || w.some&fHigh != 0 { // a degree sign is part of the word
		if f, ok := coordinates(in).at(i); ok {
			return f, true
		}
	}
	if c == ',' && n <= 3 && isDigit(in.after(j+4)) {
		if f, ok := coordinates(in).comma(i, j); ok {
			return f, true
		}
	}
	if n >= 6 || separator(c) != 0 {
		if all := in.numberAt(i); all.n >= 6 {
			if f, ok := in.longNumber(w, &all); ok {
				return f, true
			}
		}
	}
	if n <= 6 && flags[c]&fGap != 0 {
		return addresses(in).titled(addresses(in).fromNumber(i, j))
	}
	return finding{}, false
}

// longNumber looks for findings that start with a word of digits and have six or more; all is the number with all
// separators.
func (in starts) longNumber(w *word, all *digits) (finding, bool) {
	in.spend(costLong)
	i, j := w.start, w.end
	if n := j - i; n == 4 || n >= 12 {
		if f, ok := cards(in).at(i, all); ok {
			return f, true
		}
	}
	if f, ok := nationalIDs(in).ofDigits(i, j, all); ok {
		return f, true
	}
	return phones(in).national(i)
}

// machine looks for addresses of machines, in hex, that start with the word of n bytes at i; c follows it.
func (in starts) machine(i, n int, c byte) (finding, bool) {
	if c == ':' && n <= 4 {
		if f, ok := ips(in).v6(i); ok {
			return f, true
		}
	}
	if n == 2 && (c == ':' || c == '-' || c == '.') || n == 4 && c == '.' {
		return macs(in).at(i)
	}
	return finding{}, false
}

// letters looks for findings that start with a letter.
func (in starts) letters(w *word) (finding, bool) {
	i, j := w.start, w.end
	if j-i <= 4 && w.all&fHex != 0 {
		if f, ok := in.machine(i, j-i, in.after(j)); ok {
			return f, true
		}
	}
	if w.some&fDigit != 0 {
		if f, ok := ibans(in).at(i); ok {
			return f, true
		}
	}
	if w.some&fDigit != 0 || j-i == 2 {
		if f, ok := nationalIDs(in).ofLetters(i, j); ok {
			return f, true
		}
	}
	if isDigit(in.after(j+1)) || isDigit(in.after(j+2)) {
		if f, ok := birthDates(in).monthFirst(i, j); ok {
			return f, true
		}
	}
	c := in.after(j)
	if in.want.expects(Name) || flags[c]&fJoint != 0 {
		if f, ok := personNames(in).at(i, j); ok {
			return f, true
		}
	}
	if c == '/' && j-i == 1 && in.digitWithin(j, maxAddress) {
		return addresses(in).titled(addresses(in).calle(i, j))
	}
	if flags[c]&fGap != 0 && in.digitWithin(j, maxAddress) {
		return addresses(in).titled(addresses(in).fromName(i, j))
	}
	return finding{}, false
}
