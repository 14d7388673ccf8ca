package scrub

var (
	bsnLabels   = []string{"bsn", "burgerservice", "sofi"}
	peselLabels = []string{"pesel"}
	taxLabels   = []string{"steuer", "idnr", "tin", "taxid"}
)

// nationalNumber finds national numbers that are digits: US, France, Spain, Germany, Poland, the Netherlands. Those without a form of
// their own want a label or an expecting caller.
func (s *scan) nationalNumber(i, j int) (finding, bool) {
	if !s.want.Has(NationalID) {
		return finding{}, false
	}
	if c := s.before(i); c == '-' || c == '.' || c == '_' || c == '~' || isWord(c) {
		return finding{}, false
	}
	if end := s.dni(i, j); end > 0 {
		return finding{span: span{i, end}, kind: NationalID}, true
	}
	if end := s.nir(i); end > 0 {
		return finding{span: span{i, end}, kind: NationalID}, true
	}
	var d digits
	seen := d.collect(s.text, i, sepSpace|sepDash|sepDot, 1)
	if d.n < 8 || !s.endsNumber(d.last()) {
		return finding{}, false
	}
	expected := s.want.expects(NationalID)
	found := false
	switch d.n {
	case 8:
		found = (expected || s.labelled(i, 3, bsnLabels)) && bsn(&d)
	case 9:
		ssn := seen == sepDash && d.gaps() == 2 && d.gap[2] && d.gap[4] && socialSecurity(&d)
		found = ssn || expected && seen == 0 && socialSecurity(&d) || (expected || s.labelled(i, 3, bsnLabels)) && bsn(&d)
	case 11:
		grouped := seen == sepSpace && d.gaps() == 3 && d.gap[1] && d.gap[4] && d.gap[7]
		found = (expected || grouped || s.labelled(i, 3, taxLabels)) && taxID(&d) ||
			(expected || s.labelled(i, 3, peselLabels)) && pesel(&d)
	}
	return finding{span: span{i, d.last()}, kind: NationalID}, found
}

// socialSecurity checks the ranges of a US number.
func socialSecurity(d *digits) bool {
	area := d.number(0, 3)
	return area != 0 && area != 666 && area < 900 && d.number(3, 5) != 0 && d.number(5, 9) != 0
}

// bsn checks a Dutch number of 8 or 9 digits (the test of eleven).
func bsn(d *digits) bool {
	sum := 0
	for k := range d.n {
		weight := d.n - k
		if weight == 1 {
			weight = -1
		}
		sum += weight * int(d.d[k]-'0')
	}
	return sum != 0 && sum%11 == 0
}

// taxID checks a German number: ISO 7064 mod 11,10, and one digit that occurs two or three times among the first ten.
func taxID(d *digits) bool {
	if d.d[0] == '0' {
		return false
	}
	var count [10]int
	product := 10
	for _, c := range d.d[:10] {
		count[c-'0']++
		sum := (int(c-'0') + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	repeated := 0
	for _, n := range count {
		if n > 3 {
			return false
		}
		if n > 1 {
			repeated++
		}
	}
	return repeated == 1 && (11-product)%10 == int(d.d[10]-'0')
}

// pesel checks a Polish number.
func pesel(d *digits) bool {
	sum := 0
	for k, w := range [...]int{1, 3, 7, 9, 1, 3, 7, 9, 1, 3} {
		sum += w * int(d.d[k]-'0')
	}
	month := d.number(2, 4) % 20
	return month >= 1 && month <= 12 && (10-sum%10)%10 == int(d.d[10]-'0')
}

// nir returns where a French number of 15 characters ends, 0 where there is none. Departments 2A and 2B have letters.
func (s *scan) nir(i int) int {
	var c [15]byte
	n, k := 0, i
	for n < 15 && k < len(s.text) {
		b := s.text[k]
		switch {
		case isDigit(b), n == 6 && (b|0x20 == 'a' || b|0x20 == 'b'):
			c[n] = b
			n++
		case b == ' ' && n > 0 && s.text[k-1] != ' ':
		default:
			return 0
		}
		k++
	}
	if n < 15 || !s.endsNumber(k) || c[0] == '0' || c[0] == '5' || c[0] == '6' || c[0] == '9' {
		return 0
	}
	month := int(c[3]-'0')*10 + int(c[4]-'0')
	if month == 0 || month > 12 && month < 20 {
		return 0
	}
	body := 0
	for p, b := range c[:13] {
		v := int(b - '0')
		if p == 6 && !isDigit(b) {
			v = 9 // 2A counts as 19, 2B as 18
			if b|0x20 == 'b' {
				v = 8
			}
			body -= 10 // the 2 in front becomes a 1
		}
		body = body*10 + v
	}
	if 97-body%97 != int(c[13]-'0')*10+int(c[14]-'0') {
		return 0
	}
	return k
}

const dniLetters = "trwagmyfpdxbnjzsqvhlcke"

// dni returns where a Spanish number (eight digits, perhaps a dash, letter) ends, 0 where there is none.
func (s *scan) dni(i, j int) int {
	if j-i != 9 && j-i != 8 {
		return 0
	}
	v := 0
	for _, c := range s.text[i : i+8] {
		if !isDigit(c) {
			return 0
		}
		v = v*10 + int(c-'0')
	}
	k := i + 8
	if j == k {
		if s.after(k) != '-' {
			return 0
		}
		k++
	}
	if !isLetter(s.after(k)) || isWord(s.after(k+1)) || s.after(k+1) == '-' || lower(s.text[k]) != dniLetters[v%23] {
		return 0
	}
	return k + 1
}

// nationalLetters finds national numbers that start with a letter: Spain (NIE), Italy, the United Kingdom.
func (s *scan) nationalLetters(i, j int) (finding, bool) {
	if !s.want.Has(NationalID) {
		return finding{}, false
	}
	w := s.text[i:j]
	switch {
	case len(w) == 9 && nie(w), len(w) == 16 && fiscalCode(w):
		return finding{span: span{i, j}, kind: NationalID}, true
	case len(w) == 2 || len(w) == 9:
		if end := s.nino(i); end > 0 {
			return finding{span: span{i, end}, kind: NationalID}, true
		}
	}
	return finding{}, false
}

// nie checks a Spanish number for foreigners.
func nie(w []byte) bool {
	v := int(lower(w[0]) - 'x')
	if v < 0 || v > 2 {
		return false
	}
	for _, c := range w[1:8] {
		if !isDigit(c) {
			return false
		}
		v = v*10 + int(c-'0')
	}
	return lower(w[8]) == dniLetters[v%23]
}

// nino returns where a British number ends, 0 where there is none.
func (s *scan) nino(i int) int {
	var c [9]byte
	n, k := 0, i
	for n < 9 && k < len(s.text) {
		b := s.text[k]
		if b == ' ' && n > 0 && s.text[k-1] != ' ' {
			k++
			continue
		}
		if isLetter(b) != (n < 2 || n == 8) || !isLetter(b) && !isDigit(b) {
			return 0
		}
		c[n] = lower(b)
		n++
		k++
	}
	if n < 9 || isWord(s.after(k)) || c[8] > 'd' {
		return 0
	}
	for _, b := range c[:2] {
		if b == 'd' || b == 'f' || b == 'i' || b == 'q' || b == 'u' || b == 'v' {
			return 0
		}
	}
	switch string(c[:2]) {
	case "bg", "gb", "kn", "nk", "nt", "tn", "zz":
		return 0
	}
	if c[1] == 'o' {
		return 0
	}
	return k
}

// fiscalCode checks an Italian number of 16 characters.
func fiscalCode(w []byte) bool {
	const form = "aaaaaa99a99a999a"
	odd := [26]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	sum := 0
	for k := range 15 {
		c := lower(w[k])
		if isLetter(c) != (form[k] == 'a') || !isLetter(c) && !isDigit(c) {
			return false
		}
		v := int(c - '0')
		if isLetter(c) {
			v = int(c - 'a')
		}
		if k%2 == 0 {
			v = odd[v]
		}
		sum += v
	}
	return int(lower(w[15])) == 'a'+sum%26
}
