package scrub

var birthLabels = []string{"birth", "born", "geb", "dob", "bday", "naiss", "nacim", "nascit", "nato"}

// date finds birth dates: year, month, day in either order with one of "-", "/", "." between, or eight digits. A label is asked for,
// or a caller that expects one: every time is a date.
func (s *scan) date(i, j int) (finding, bool) {
	if !s.want.Has(BirthDate) {
		return finding{}, false
	}
	end := s.dateEnd(i, j)
	if end == 0 || isWord(s.before(i)) || isDigit(s.after(end)) {
		return finding{}, false
	}
	if !s.want.expects(BirthDate) && !s.labelled(i, 4, birthLabels) {
		return finding{}, false
	}
	return finding{span: span{i, end}, kind: BirthDate}, true
}

// dateEnd returns where a date that starts with the word [i, j) ends, 0 where there is none.
func (s *scan) dateEnd(i, j int) int {
	t := s.text[i:]
	if j-i == 8 && (day(t[:4], t[4:6], t[6:8]) || day(t[4:8], t[2:4], t[:2])) {
		return j
	}
	if j-i == 4 && len(t) >= 10 && t[4] == t[7] && dateMark(t[4]) && day(t[:4], t[5:7], t[8:10]) {
		return i + 10
	}
	if j-i == 2 && len(t) >= 10 && t[2] == t[5] && dateMark(t[2]) && (day(t[6:10], t[3:5], t[:2]) || day(t[6:10], t[:2], t[3:5])) {
		return i + 10
	}
	return 0
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
