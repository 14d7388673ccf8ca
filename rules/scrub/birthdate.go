package scrub

// birthDates finds birth dates.
type birthDates struct{ *view }

var birthLabels = newLabels(birthBit,
	"birth", "born", "gebor", "geboor", "geburt", "gebdat", "dob", "bday", "bdate", "naiss", "née", "nacim",
	"nacid", "nascit", "nascim", "nascid", "nasc", "birthd", "urodz", "narozen", "syntym", "född", "fødsel",
	"doğum",
)

// birthWords are labels that other words start with.
var birthWords = newVocabulary("geb", "nací", "nació", "naci", "nacio", "né", "nato", "nata", "ur", "nar")

// at finds birth dates: year, month, day in either order with one of "-", "/", "." between, eight digits, or a month by
// its name. A label is asked for, or a caller that expects one: every time is a date.
func (in birthDates) at(i, j int) (finding, bool) {
	if !in.want.Has(BirthDate) {
		return finding{}, false
	}
	end := in.end(i, j)
	if end == 0 || isWord(in.before(i)) || isDigit(in.after(end)) {
		return finding{}, false
	}
	return finding{span: span{i, end}, kind: BirthDate}, in.byLabel(i)
}

// byLabel tells whether what stands at i is called a birth date, or expected to be one.
func (in birthDates) byLabel(i int) bool {
	if in.want.expects(BirthDate) || in.before(i) == '*' || in.labelled(i, 4, birthLabels) { // "*14.03.1985"
		return true
	}
	var w span
	for k, n := i, 0; n < 2; n++ { // "né le", "nato il"
		if w = in.wordBefore(k); w.start == w.end {
			return false
		}
		if birthWords.has(in.of(w)) {
			return true
		}
		k = w.start
	}
	return false
}

// monthFirst finds birth dates that start with a month's name: "March 7, 1984".
func (in birthDates) monthFirst(i, j int) (finding, bool) {
	if !in.want.Has(BirthDate) || !isDigit(in.after(j+1)) && !isDigit(in.after(j+2)) || !isMonth(in.text[i:j]) {
		return finding{}, false
	}
	d := in.wordsFrom(j, 2)
	if d.n < 2 || !isDay(in.of(d.w[0].span)) || !isBirthYear(in.of(d.w[1].span)) {
		return finding{}, false
	}
	return finding{span: span{i, d.w[1].end}, kind: BirthDate}, in.byLabel(i)
}

// end returns where a date that starts with the word [i, j) ends, 0 where there is none.
func (in birthDates) end(i, j int) int {
	t := in.text[i:]
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
	if j-i <= 2 || j-i <= 4 && isLetter(in.text[j-1]) { // "7", "7th"
		return in.dayFirst(i, j)
	}
	return 0
}

// dayFirst returns where "7.3.1984", "07/03/1984" or "7 March 1984" ends, 0 where the word [i, j) starts no such date.
func (in birthDates) dayFirst(i, j int) int {
	c := in.after(j)
	if !dateMark(c) && !isSpace(c) {
		return 0
	}
	if dateMark(c) && isDigit(in.after(j+1)) {
		m := j + 1
		n := m
		for n < len(in.text) && n-m < 2 && isDigit(in.text[n]) {
			n++
		}
		if in.after(n) != c || n+3 > len(in.text) {
			return 0
		}
		if n+5 > len(in.text) || !isDigit(in.text[n+3]) || !isDigit(in.text[n+4]) { // "14.3.85"
			return in.shortYear(i, j, m, n)
		}
		year := in.text[n+1 : n+5]
		if day(year, in.text[m:n], in.text[i:j]) || day(year, in.text[i:j], in.text[m:n]) {
			return n + 5
		}
		return 0
	}
	if !isDay(in.text[i:j]) {
		return 0
	}
	ws := in.wordsFrom(j, 1)
	if ws.n == 0 || isDigit(in.text[ws.w[0].start]) {
		return 0
	}
	ws = in.wordsFrom(j, 4)
	k := 0
	if equalFold(in.of(ws.w[0].span), "de") {
		k++
	}
	if k >= ws.n || !isMonth(in.of(ws.w[k].span)) {
		return 0
	}
	if k++; k < ws.n && equalFold(in.of(ws.w[k].span), "de") {
		k++
	}
	if k < ws.n && isBirthYear(in.of(ws.w[k].span)) {
		return ws.w[k].end
	}
	return 0
}

// shortYear returns where a date ends whose day is [i, j), or its month, the other [m, n), and whose year has two
// digits; 0 where there is none. It wants a label: so are versions written.
func (in birthDates) shortYear(i, j, m, n int) int {
	a, b := small(in.text[i:j]), small(in.text[m:n])
	if min(a, b) < 1 || min(a, b) > 12 || max(a, b) > 31 || small(in.text[n+1:n+3]) < 0 || isWord(in.after(n+3)) ||
		!in.endsNumber(n+3) || in.before(i) == '.' || in.before(i) == '-' || in.before(i) == '/' {
		return 0
	}
	if written := in.after(j) == '/' || j-i == 2 && n-m == 2; !written && in.want.expects(BirthDate) || !in.byLabel(i) {
		return 0
	}
	return n + 3
}

// months are the beginnings of the months' names in the languages of birthLabels, at least three letters long.
var months = newVocabulary(
	"jan", "ene", "gen", "sty", "feb", "fév", "fev", "lut", "mar", "mär", "maa", "mrz", "apr", "avr", "abr", "kwi", "may",
	"mai", "mag", "maj", "mei",
	"jun", "juin", "giu", "cze", "jul", "juil", "lug", "lip", "aug", "aoû", "aou", "ago", "sie", "sep", "set", "wrz",
	"oct", "okt", "ott", "out", "paź", "nov",
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
