package scrub

var phoneLabels = newLabels(phoneBit,
	"tel", "tél", "tlf", "phone", "mobil", "móvil", "movil", "handy", "call", "cell", "fax", "whatsapp", "sms", "ring", "fon", "rufnummer", "portable",
	"msisdn", "komórk", "puhelin", "gsm",
)

// phoneBehind are what a number may be called behind it: "781 1704 office".
var phoneBehind = newVocabulary("office", "fax", "mobile", "cell", "home", "desk", "tel", "tél", "phone", "mobil", "handy")

// phoneInternational finds E.164 numbers that start with a plus: 7 to 15 digits.
func (s *scan) phoneInternational(i int) (finding, bool) {
	if !s.want.Has(Phone) {
		return finding{}, false
	}
	k := i + 1
	if isSpace(s.after(k)) || s.after(k) == '(' {
		k++
	}
	if c := s.after(k); c < '1' || c > '9' {
		return finding{}, false
	}
	d := s.numberAt(k)
	s.spend(costLong)
	least := 7
	if c := s.before(i); isWord(c) || c == '+' || c == '_' { // a plus that is a space, or part of something else
		least = 10
		if looksLikeTime(&d) {
			return finding{}, false
		}
		if f, ok := s.card(k, &d); ok {
			return f, true
		}
	}
	return s.phone(i, &d, least, 15)
}

// looksLikeTime tells whether the number is a bare Unix time in seconds, milliseconds or microseconds.
func looksLikeTime(d *digits) bool {
	if d.n == 0 || d.gaps() > 0 || d.d[0] != '1' {
		return false
	}
	return d.n == 10 || d.n == 13 || d.n == 16
}

// phone cuts a number to a phone's length and checks what follows it.
func (s *scan) phone(i int, d *digits, least, most int) (finding, bool) {
	if !d.cut(least, most) {
		return finding{}, false
	}
	if c := s.after(d.last()); isWord(c) && (d.gaps() == 0 || isDigit(c)) {
		return finding{}, false
	}
	return finding{span: span{i, s.extension(d.last())}, kind: Phone}, true
}

// extension returns where the extension behind a number ends, "x123" or " ext. 123"; where there is none, the number's end.
func (s *scan) extension(end int) int {
	k := end
	for k < min(end+2, len(s.text)) && (isSpace(s.after(k)) || s.after(k) == 'x') {
		k++
	}
	if t := s.text[k:]; hasFold(t, "ext") {
		for k += 3; k < min(end+7, len(s.text)) && (s.text[k] == '.' || isSpace(s.text[k])); k++ {
		}
	} else if k == end || s.text[k-1] != 'x' {
		return end
	}
	start := k
	for k < len(s.text) && k-start < 6 && isDigit(s.text[k]) {
		k++
	}
	if k == start || isWord(s.after(k)) {
		return end
	}
	return k
}

// endsPhone tells whether a phone number may end in front of i, perhaps with an extension.
func (s *scan) endsPhone(i int) bool { return s.endsNumber(i) || s.extension(i) > i }

// phoneNational finds numbers without a country code, or with one behind "00". Separators are asked for, else a label.
func (s *scan) phoneNational(i int) (finding, bool) {
	if !s.want.Has(Phone) {
		return finding{}, false
	}
	switch c := s.before(i); {
	case c == '-' || c == '_' || c == '~' || c == ',' && (i < 2 || isDigit(s.text[i-2])) || isWord(c):
		return finding{}, false
	case c == '.' && (i < 2 || !isLetter(s.text[i-2])):
		return finding{}, false
	}
	start := i
	if s.text[i] == '(' {
		if start++; !isDigit(s.after(start)) {
			return finding{}, false
		}
	}
	d := s.numberAt(start)
	if d.n < 7 {
		return finding{}, false
	}
	s.spend(costPhone)
	seen := d.seen()
	if s.text[i] == '(' {
		seen |= sepParen
	}
	whole := d
	if d.d[0] == '0' && d.d[1] == '0' && d.d[2] >= '1' && !d.gapAt(0) && seen&sepDot == 0 {
		least := 13
		if d.gaps() > 0 {
			least = 10
		}
		if f, ok := s.phone(i, &d, least, 17); ok {
			return f, true
		}
		d = whole
	}
	if american(&d) && s.endsPhone(int(d.end[9+btoi(d.d[0] == '1')])) {
		d.shorten(10 + btoi(d.d[0] == '1'))
		return finding{span: span{i, s.extension(d.last())}, kind: Phone}, true
	}
	if s.text[i] == '(' && s.areaCode(&d) {
		return s.phone(i, &d, 8, 12)
	}
	if d.d[0] == '0' && d.d[1] != '0' && !d.gapAt(0) && d.gaps() > 0 && !dated(&d) {
		pairs := french(&d)
		if seen&sepDot == 0 || pairs {
			if f, ok := s.phone(i, &d, 9, 12); ok && (pairs || wideGroups(&d)) && s.endsNumber(f.end) {
				return f, true
			}
			d = whole
		}
	}
	return s.phoneLabelled(i, &d)
}

// areaCode tells whether the number is written "(37) 788-063": two or three digits in brackets, then groups of three or more.
func (s *scan) areaCode(d *digits) bool {
	first := d.group(0)
	if first < 2 || first > 3 || s.after(int(d.end[first-1])) != ')' || d.group(1) < 3 || d.n < 8 || d.n > 12 || d.gaps() < 2 {
		return false
	}
	return d.group(2) >= 3 && s.endsPhone(d.last())
}

// phoneLabelled finds numbers that have nothing of a phone's form but a label in front, or groups and a label behind.
func (s *scan) phoneLabelled(i int, d *digits) (finding, bool) {
	expected := s.want.expects(Phone)
	behind := !expected && d.gaps() > 0 && d.n <= 12 && wideGroups(d) && s.phoneBehind(d.last())
	if !expected && !behind && !s.labelled(i, 3, phoneLabels) {
		return finding{}, false
	}
	if d.gaps() > 0 && !expected && !behind && (!wideGroups(d) || dated(d) || yearFirst(d) || d.n < 8 && !s.labelled(i, 1, phoneLabels)) {
		if !d.cut(7, d.group(0)) {
			return finding{}, false
		}
	}
	return s.phone(i, d, 7, 15)
}

// phoneBehind tells whether the word behind i is what a number is called.
func (s *scan) phoneBehind(i int) bool {
	if c := s.after(i); !isSpace(c) && c != '-' {
		return false
	}
	j := i + 1
	for j < len(s.text) && j <= i+9 && isWord(s.text[j]) {
		j++
	}
	return j <= i+9 && j > i+1 && phoneBehind.has(s.text[i+1:j])
}

// yearFirst tells whether the number starts with a date: year, month, day.
func yearFirst(d *digits) bool {
	return d.n >= 8 && d.gapAt(3) && d.gapAt(5) && (d.number(0, 2) == 19 || d.number(0, 2) == 20) && d.number(4, 6) <= 12
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// american tells whether the number is of the North American plan, written 3-3-4 with separators, perhaps behind a 1.
func american(d *digits) bool {
	k := 0
	if d.n >= 11 && d.d[0] == '1' && d.gapAt(0) {
		k = 1
	}
	if d.n < 10+k || !d.gapAt(k+2) || !d.gapAt(k+5) || d.d[k] < '2' || d.d[k+3] < '2' {
		return false
	}
	const threes = 1<<2 | 1<<5
	return d.gap>>k&(1<<9-1) == threes && (d.n == 10+k || d.gapAt(k+9))
}

// french tells whether the number starts with five pairs of digits.
func french(d *digits) bool {
	const pairs = 1<<1 | 1<<3 | 1<<5 | 1<<7
	return d.n >= 10 && d.gap&(1<<9-1) == pairs && (d.n == 10 || d.gapAt(9))
}

// wideGroups tells whether no group has fewer than two digits, save a last one.
func wideGroups(d *digits) bool {
	return d.gap&(d.gap<<1|1) == 0
}

// dated tells whether the number starts with a date: day, month, year.
func dated(d *digits) bool {
	if d.n < 8 || !d.gapAt(1) || !d.gapAt(3) {
		return false
	}
	century := d.number(4, 6)
	return d.number(2, 4) <= 12 && (century == 19 || century == 20) && (d.n == 8 || d.gapAt(7))
}
