package scrub

var phoneLabels = []string{"tel", "phone", "mobil", "handy", "call", "fax", "whatsapp", "sms", "ring", "fon", "rufnummer", "portable"}

// phoneInternational finds E.164 numbers that start with a plus: 7 to 15 digits.
func (s *scan) phoneInternational(i int) (finding, bool) {
	if !s.want.Has(Phone) {
		return finding{}, false
	}
	k := i + 1
	if s.after(k) == ' ' || s.after(k) == '(' {
		k++
	}
	if c := s.after(k); c < '1' || c > '9' {
		return finding{}, false
	}
	var d digits
	d.collect(s.text, k, sepSpace|sepDash|sepDot|sepSlash|sepParen, 3)
	least := 7
	if c := s.before(i); isWord(c) || c == '+' || c == '_' { // a plus that is a space, or part of something else
		least = 10
		if looksLikeTime(&d) {
			return finding{}, false
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
	return finding{span: span{i, d.last()}, kind: Phone}, true
}

// phoneNational finds numbers without a country code, or with one behind "00". Separators are asked for, else a label.
func (s *scan) phoneNational(i int) (finding, bool) {
	if !s.want.Has(Phone) {
		return finding{}, false
	}
	switch c := s.before(i); {
	case c == '-' || c == '_' || c == '~' || c == ',' || isWord(c):
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
	var d digits
	seen := d.collect(s.text, start, sepSpace|sepDash|sepDot|sepSlash|sepParen, 3)
	if d.n < 7 {
		return finding{}, false
	}
	if s.text[i] == '(' {
		seen |= sepParen
	}
	whole := d
	if d.d[0] == '0' && d.d[1] == '0' && d.d[2] >= '1' && !d.gap[0] && seen&sepDot == 0 {
		least := 13
		if d.gaps() > 0 {
			least = 10
		}
		if f, ok := s.phone(i, &d, least, 17); ok {
			return f, true
		}
		d = whole
	}
	if american(&d) && s.endsNumber(d.end[9+btoi(d.d[0] == '1')]) {
		d.n = 10 + btoi(d.d[0] == '1')
		return finding{span: span{i, d.last()}, kind: Phone}, true
	}
	if d.d[0] == '0' && d.d[1] != '0' && !d.gap[0] && d.gaps() > 0 && !dated(&d) {
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

// phoneLabelled finds numbers that have nothing of a phone's form but a label in front.
func (s *scan) phoneLabelled(i int, d *digits) (finding, bool) {
	if !s.want.expects(Phone) && !s.labelled(i, 3, phoneLabels) {
		return finding{}, false
	}
	if d.gaps() > 0 && (d.group(0) < 3 || d.n < 9) && !s.want.expects(Phone) {
		if !d.cut(7, d.group(0)) {
			return finding{}, false
		}
	}
	return s.phone(i, d, 7, 15)
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
	if d.n >= 11 && d.d[0] == '1' && d.gap[0] {
		k = 1
	}
	if d.n < 10+k || !d.gap[k+2] || !d.gap[k+5] || d.d[k] < '2' || d.d[k+3] < '2' {
		return false
	}
	for j := k; j < k+9; j++ {
		if d.gap[j] != (j == k+2 || j == k+5) {
			return false
		}
	}
	return d.n == 10+k || d.gap[k+9]
}

// french tells whether the number starts with five pairs of digits.
func french(d *digits) bool {
	if d.n < 10 {
		return false
	}
	for k := range 9 {
		if d.gap[k] != (k%2 == 1) {
			return false
		}
	}
	return d.n == 10 || d.gap[9]
}

// wideGroups tells whether no group has fewer than two digits, save a last one.
func wideGroups(d *digits) bool {
	for k := range d.gaps() {
		if d.group(k) < 2 {
			return false
		}
	}
	return true
}

// dated tells whether the number starts with a date: day, month, year.
func dated(d *digits) bool {
	if d.n < 8 || !d.gap[1] || !d.gap[3] {
		return false
	}
	century := d.number(4, 6)
	return d.number(2, 4) <= 12 && (century == 19 || century == 20) && (d.n == 8 || d.gap[7])
}
