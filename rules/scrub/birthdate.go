package scrub

var birthLabels = newLabels(birthBit,
	"birth", "born", "geb", "dob", "bday", "bdate", "naiss", "née", "nacim", "nacid", "nascit", "nascim", "nascid", "urodz", "narozen", "syntym", "född", "fødsel", "doğum",
)

// birthWords are labels that other words start with.
var birthWords = newVocabulary("né", "nato", "nata", "ur", "nar")

// date finds birth dates: year, month, day in either order with one of "-", "/", "." between, eight digits, or a month by its name. A
// label is asked for, or a caller that expects one: every time is a date.
func (s *scan) date(i, j int) (finding, bool) {
	if !s.want.Has(BirthDate) {
		return finding{}, false
	}
	end := s.dateEnd(i, j)
	if end == 0 || isWord(s.before(i)) || isDigit(s.after(end)) {
		return finding{}, false
	}
	return finding{span: span{i, end}, kind: BirthDate}, s.birth(i)
}

// birth tells whether what stands at i is called a birth date, or expected to be one.
func (s *scan) birth(i int) bool {
	if s.want.expects(BirthDate) || s.labelled(i, 4, birthLabels) {
		return true
	}
	var w span
	for k, n := i, 0; n < 2; n++ { // "né le", "nato il"
		if w = s.wordBefore(k); w.start == w.end {
			return false
		}
		if birthWords.has(s.of(w)) {
			return true
		}
		k = w.start
	}
	return false
}

// wordBefore returns the word in front of i, with at most three other bytes between, but for separators of fields; empty where there is none.
func (s *scan) wordBefore(i int) span {
	end := i
	for end > s.floor && i-end < 3 && !isWord(s.text[end-1]) {
		end--
		if c := s.text[end]; c == ';' || c == '&' || c == '\n' {
			return span{}
		}
	}
	start := end
	for start > s.floor && end-start < maxLabel && isWord(s.text[start-1]) {
		start--
	}
	return span{start, end}
}

// monthFirst finds birth dates that start with a month's name: "March 7, 1984".
func (s *scan) monthFirst(i, j int) (finding, bool) {
	if !s.want.Has(BirthDate) || !isDigit(s.after(j+1)) && !isDigit(s.after(j+2)) || !isMonth(s.text[i:j]) {
		return finding{}, false
	}
	d := s.wordsFrom(j, 2)
	if d.n < 2 || !isDay(s.of(d.w[0].span)) || !isBirthYear(s.of(d.w[1].span)) {
		return finding{}, false
	}
	return finding{span: span{i, d.w[1].end}, kind: BirthDate}, s.birth(i)
}

// dateEnd returns where a date that starts with the word [i, j) ends, 0 where there is none.
func (s *scan) dateEnd(i, j int) int {
	t := s.text[i:]
	switch j - i {
	case 8:
		if day(t[:4], t[4:6], t[6:8]) || day(t[4:8], t[2:4], t[:2]) {
			return j
		}
	case 4:
		if len(t) >= 10 && t[4] == t[7] && dateMark(t[4]) && day(t[:4], t[5:7], t[8:10]) {
			return i + 10
		}
	}
	if j-i <= 2 || j-i <= 4 && isLetter(s.text[j-1]) { // "7", "7th"
		return s.dayFirst(i, j)
	}
	return 0
}

// dayFirst returns where "7.3.1984", "07/03/1984" or "7 March 1984" ends, 0 where the word [i, j) starts no such date.
func (s *scan) dayFirst(i, j int) int {
	c := s.after(j)
	if !dateMark(c) && !isSpace(c) {
		return 0
	}
	if dateMark(c) && isDigit(s.after(j+1)) {
		m := j + 1
		n := m
		for n < len(s.text) && n-m < 2 && isDigit(s.text[n]) {
			n++
		}
		if s.after(n) != c || n+5 > len(s.text) {
			return 0
		}
		year := s.text[n+1 : n+5]
		if day(year, s.text[m:n], s.text[i:j]) || day(year, s.text[i:j], s.text[m:n]) {
			return n + 5
		}
		return 0
	}
	if !isDay(s.text[i:j]) {
		return 0
	}
	ws := s.wordsFrom(j, 1)
	if ws.n == 0 || isDigit(s.text[ws.w[0].start]) {
		return 0
	}
	ws = s.wordsFrom(j, 4)
	k := 0
	if equalFold(s.of(ws.w[0].span), "de") {
		k++
	}
	if k >= ws.n || !isMonth(s.of(ws.w[k].span)) {
		return 0
	}
	if k++; k < ws.n && equalFold(s.of(ws.w[k].span), "de") {
		k++
	}
	if k < ws.n && isBirthYear(s.of(ws.w[k].span)) {
		return ws.w[k].end
	}
	return 0
}

// months are the beginnings of the months' names in the languages of birthLabels, at least three letters long.
var months = newVocabulary(
	"jan", "ene", "gen", "sty", "feb", "fév", "fev", "lut", "mar", "mär", "maa", "mrz", "apr", "avr", "abr", "kwi", "may", "mai", "mag", "maj", "mei",
	"jun", "juin", "giu", "cze", "jul", "juil", "lug", "lip", "aug", "aoû", "aou", "ago", "sie", "sep", "set", "wrz", "oct", "okt", "ott", "out", "paź", "nov",
	"lis", "dec", "déc", "dez", "dic", "gru",
)

func isMonth(word []byte) bool {
	return len(word) >= 3 && len(word) <= 12 && months.starts(word)
}

// isDay tells whether the word is a day of a month: "7", "07", "7th".
func isDay(word []byte) bool {
	if n := len(word) - 2; n > 0 && n <= 2 && !isDigit(word[n]) {
		word = word[:n]
	}
	d := small(word)
	return len(word) <= 2 && d >= 1 && d <= 31
}

func isBirthYear(word []byte) bool {
	y := small(word)
	return len(word) == 4 && y >= 1900 && y < 2100
}

func dateMark(c byte) bool { return c == '-' || c == '/' || c == '.' }

// day tells whether the digits are a year from 1900 to 2099, a month and a day.
func day(year, month, day []byte) bool {
	y, m, d := small(year), small(month), small(day)
	return y >= 1900 && y < 2100 && m >= 1 && m <= 12 && d >= 1 && d <= 31
}

// small returns what up to four digits mean, -1 where something else is among them.
func small(text []byte) int {
	v := 0
	for _, c := range text {
		if !isDigit(c) {
			return -1
		}
		v = v*10 + int(c-'0')
	}
	return v
}
