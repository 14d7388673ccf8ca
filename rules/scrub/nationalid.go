package scrub

import "github.com/tagwarden/tagwarden/rules/ascii"

// nationalIDs finds national numbers of persons.
type nationalIDs struct{ *view }

// national is a person number of digits that has no letters: how it is written,
// what it is called, and how it is checked.
type national struct {
	digits int
	// lengths of the groups that make it known without a label, such as "3-2-4"; "" where it always wants one
	groups string
	marks  uint8 // the separators that the groups may have
	labels *vocabulary
	check  check
}

// nationals are the numbers that are digits alone, by how many. "-" in groups stands for any separator of marks.
var nationals = func() (by [14][]national) {
	social := newLabels(nationalBit, "ssn", "social")
	burger := newLabels(nationalBit<<1, "bsn", "burgerservice", "sofi")
	nif := newLabels(nationalBit<<2, "nif", "contribuinte")
	health := newLabels(nationalBit<<3, "nhs")
	svnr := newLabels(nationalBit<<4, "svnr", "sv", "sozialvers", "versicherungsn")
	person := newLabels(nationalBit<<5, "personnummer", "personnr", "pnr")
	tax := taxLabels
	pesel := newLabels(nationalBit<<7, "pesel")
	register := newLabels(nationalBit<<8, "rijksreg", "insz", "niss", "national", "rrn")
	cpf := newLabels(nationalBit<<9, "cpf")
	ahv := newLabels(nationalBit<<10, "ahv", "avs", "navs", "oasi")
	nip := newLabels(nationalBit<<11, "nip")
	fiscal := newLabels(nationalBit<<12, "fiscal", "spi", "impot", "impôt")
	spanish := newLabels(nationalBit<<13, "nuss", "naf", "seguridad", "afiliac")
	niss := newLabels(nationalBit<<14, "niss", "segurança", "seguranca")
	utr := newLabels(nationalBit<<15, "utr", "taxpayer")
	danish := newLabels(nationalBit<<16, "cpr")
	born := newLabels(nationalBit<<17, "fødsel", "fodsel", "personnummer", "personnr")
	for _, n := range []national{
		{9, "3-2-4", sepDash, social, checkSocialSecurity},             // US: Social Security number
		{8, "", 0, burger, checkBsn},                                   // NL: of old
		{9, "", 0, burger, checkBsn},                                   // NL: burgerservicenummer
		{9, "", 0, nif, checkTaxPT},                                    // PT: número de identificação fiscal
		{10, "", 0, health, checkNhs},                                  // UK: National Health Service
		{10, "4-6", sepSpace, svnr, checkSocialAT},                     // AT: Sozialversicherungsnummer
		{10, "6-4", sepDash, person, checkPersonSE},                    // SE: personnummer
		{12, "8-4", sepDash, person, checkPersonSE},                    // SE: with the century
		{11, "2-3-3-3", sepSpace, tax, checkTaxID},                     // DE: steuerliche Identifikationsnummer
		{11, "", 0, pesel, checkPesel},                                 // PL
		{11, "2-2-2-3-2", sepDot | sepDash, register, checkRegisterBE}, // BE: rijksregisternummer
		{11, "3-3-3-2", sepDot | sepDash, cpf, checkTaxBR},             // BR: cadastro de pessoas físicas
		{10, "3-3-2-2", sepDash, nip, checkTaxPL},                      // PL: numer identyfikacji podatkowej
		{10, "3-2-2-3", sepDash, nip, checkTaxPL},                      // PL: as it is written too
		{13, "", 0, fiscal, checkTaxFR},                                // FR: numéro fiscal de référence
		{12, "", 0, spanish, checkSocialES},                            // ES: número de la Seguridad Social
		{11, "", 0, niss, checkSocialPT},                               // PT: número de identificação de segurança social
		{10, "", 0, utr, checkTaxUK},                                   // UK: unique taxpayer reference
		{10, "", 0, danish, checkPersonDK},                             // DK: CPR number
		{11, "", 0, born, checkPersonNO},                               // NO: fødselsnummer
		{13, "3-4-4-2", sepDot, ahv, checkSocialCH},                    // CH: AHV number, GS1 prefix 756
	} {
		by[n.digits] = append(by[n.digits], n)
	}
	return by
}()

// ofDigits finds national numbers that start with a digit; all is the number at i with all separators. Those without a
// form of their own want a label or an expecting caller.
func (in nationalIDs) ofDigits(i, j int, all *digits) (finding, bool) {
	if !in.want.Has(NationalID) {
		return finding{}, false
	}
	if c := in.before(i); c == '-' || c == '.' || c == '_' || c == '~' || isWord(c) {
		return finding{}, false
	}
	if end := max(in.dni(i, j), in.nir(i, all), in.pensionDE(i, all), in.hetu(i, j)); end > 0 {
		return finding{span: span{i, end}, kind: NationalID}, true
	}
	if in.taxOffice(i, all) || in.paper(i, j) {
		return finding{span: span{i, max(j, in.slashed(all))}, kind: NationalID}, true
	}
	d := all.narrow(sepSpace | sepDash | sepDot)
	if d.n < 8 || d.n > 13 || !in.endsNumber(d.last()) {
		return finding{}, false
	}
	seen, expected, named := d.seen(), in.want.expects(NationalID), in.frontOf(i).letters
	for k := range nationals[d.n] {
		n := &nationals[d.n][k]
		sure := n.check == checkPesel && seen == 0 && bornPL(&d)
		if !named && !expected && !sure && (seen == 0 || n.groups == "") {
			continue
		}
		if in.spend(2 * d.n); !n.check.holds(&d) {
			continue
		}
		formed := n.groups != "" && seen != 0 && seen&^n.marks == 0 && grouped(&d, n.groups)
		if formed || sure || expected && n.check != checkPersonDK || in.labelled(i, 3, n.labels) {
			return finding{span: span{i, d.last()}, kind: NationalID}, true
		}
	}
	return finding{}, false
}

var taxLabels = newLabels(nationalBit<<6, "steuer", "identifikationsn", "idnr", "tin", "taxid")

// taxOffice tells whether the number is one of a German tax office, "93/815/08152", and called so. It has no digit that
// checks it.
func (in nationalIDs) taxOffice(i int, all *digits) bool {
	return all.n >= 10 && all.n <= 13 && all.seen() == sepSlash && all.gaps() == 2 && in.endsNumber(all.last()) &&
		in.labelled(i, 3, taxLabels)
}

// slashed returns where a number in slashes ends, 0 where it has other separators.
func (in nationalIDs) slashed(all *digits) int {
	if all.seen() != sepSlash {
		return 0
	}
	return all.last()
}

// grouped tells whether the number is written in groups of these lengths.
func grouped(d *digits, groups string) bool {
	at := 0
	for k := 0; k < len(groups); k += 2 {
		at += int(groups[k] - '0')
		if at > d.n || at < d.n && !d.gapAt(at-1) {
			return false
		}
	}
	return at == d.n && d.gaps() == len(groups)/2
}

// nir returns where a French number of 15 characters ends, 0 where there is none. Departments 2A and 2B have letters.
func (in nationalIDs) nir(i int, all *digits) int {
	if all.n < 6 || all.d[0] == '0' || all.d[0] == '5' || all.d[0] == '6' || all.d[0] == '9' {
		return 0
	}
	if month := all.number(3, 5); month == 0 || month > 12 && month < 20 {
		return 0
	}
	if all.n >= 15 {
		end := int(all.end[14])
		if all.spaced(15) && in.endsNumber(end) && 97-all.modulo97() == all.number(13, 15) {
			return end
		}
		return 0
	}
	if c := in.after(all.last()); all.n != 6 || !isSpace(c) && !isLetter(c) {
		return 0
	}
	return in.nirCorsica(i)
}

// nirCorsica returns where a French number of the departments 2A and 2B ends, 0 where there is none.
func (in nationalIDs) nirCorsica(i int) int {
	var c [15]byte
	n, k := 0, i
	for n < 15 && k < len(in.text) {
		b := in.text[k]
		switch {
		case n != 6 && isDigit(b), n == 6 && (b|0x20 == 'a' || b|0x20 == 'b'):
			c[n] = b
			n++
		case isSpace(b) && n > 0 && !isSpace(in.text[k-1]):
		default:
			return 0
		}
		k++
	}
	in.spend(k - i)
	if n < 15 || !in.endsNumber(k) {
		return 0
	}
	body := 0
	for p, b := range c[:13] {
		v := int(b - '0')
		if p == 6 {
			v = 9 // 2A counts as 19, 2B as 18
			if b|0x20 == 'b' {
				v = 8
			}
			body-- // the 2 in front becomes a 1
		}
		body = body*10 + v
	}
	if 97-body%97 != int(c[13]-'0')*10+int(c[14]-'0') {
		return 0
	}
	return k
}

var pensionLabels = newLabels(pensionBit, "rentenv", "rvnr", "vsnr", "sozialv", "sv")

// pensionDE returns where a German pension number (area, birth date, letter, serial, digit: 15
// 070649 C 103) ends, 0 where there is none.
func (in nationalIDs) pensionDE(i int, all *digits) int {
	if all.n != 8 { // a letter ends them
		return 0
	}
	if c := in.after(all.last()); !isSpace(c) && !isLetter(c) {
		return 0
	}
	var c [12]byte
	n, k := 0, i
	for n < 12 && k < len(in.text) {
		b := in.text[k]
		switch {
		case n == 8 && isLetter(b), n != 8 && isDigit(b):
			c[n] = ascii.Lower(b)
			n++
		case isSpace(b) && n > 0 && !isSpace(in.text[k-1]):
		default:
			return 0
		}
		k++
	}
	in.spend(k - i)
	if n < 12 || isWord(in.after(k)) {
		return 0
	}
	letter := int(c[8]-'a') + 1
	row := [12]int{0, 0, 0, 0, 0, 0, 0, 0, letter / 10, letter % 10}
	for p := range 8 {
		row[p] = int(c[p] - '0')
	}
	row[10], row[11] = int(c[9]-'0'), int(c[10]-'0')
	sum := 0
	for p, w := range [12]int{2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1} {
		v := row[p] * w
		sum += v/10 + v%10
	}
	if month := row[4]*10 + row[5]; month == 0 || month > 12 || sum%10 != int(c[11]-'0') {
		return 0
	}
	if in.want.expects(NationalID) || in.labelled(i, 2, pensionLabels) || isSpace(in.after(i+2)) {
		return k
	}
	return 0
}

// hetu returns where a Finnish number (DDMMYY, a sign for the century, three
// digits, letter) ends, 0 where there is none.
func (in nationalIDs) hetu(i, j int) int {
	t := in.text[i:]
	if len(t) < 11 || j-i != 6 && j-i != 11 || isWord(in.after(i+11)) {
		return 0
	}
	switch t[6] {
	case '-', '+', 'A', 'B', 'C', 'D', 'E', 'F', 'U', 'V', 'W', 'X', 'Y':
	default:
		return 0
	}
	v := 0
	for p, c := range t[:10] {
		if p == 6 {
			continue
		}
		if !isDigit(c) {
			return 0
		}
		v = v*10 + int(c-'0')
	}
	day, month := v/10_000_000, v/100_000%100
	if day == 0 || day > 31 || month == 0 || month > 12 || t[10] != "0123456789ABCDEFHJKLMNPRSTUVWXY"[v%31] {
		return 0
	}
	return i + 11
}

const dniLetters = "trwagmyfpdxbnjzsqvhlcke"

// dni returns where a Spanish number (eight digits, perhaps a dash, letter) ends, 0 where there is none.
func (in nationalIDs) dni(i, j int) int {
	k, v := i, 0
	switch j - i {
	case 8, 9:
		for ; k < i+8; k++ {
			if !isDigit(in.text[k]) {
				return 0
			}
			v = v*10 + int(in.text[k]-'0')
		}
	case 2: // "12.345.678-Z"
		if len(in.text) < i+11 || in.text[j] != '.' || in.text[i+6] != '.' {
			return 0
		}
		for ; k < i+10; k++ {
			if k == i+2 || k == i+6 {
				continue
			}
			if !isDigit(in.text[k]) {
				return 0
			}
			v = v*10 + int(in.text[k]-'0')
		}
		j = k
		if isLetter(in.after(k)) {
			j = k + 1
		}
	default:
		return 0
	}
	if j == k {
		if in.after(k) != '-' {
			return 0
		}
		k++
	}
	if !isLetter(in.after(k)) || isWord(in.after(k+1)) || in.after(k+1) == '-' ||
		ascii.Lower(in.text[k]) != dniLetters[v%23] {
		return 0
	}
	return k + 1
}

// ofLetters finds national numbers that start with a letter: Spain (NIE), Italy, the United Kingdom.
func (in nationalIDs) ofLetters(i, j int) (finding, bool) {
	if !in.want.Has(NationalID) {
		return finding{}, false
	}
	w := in.text[i:j]
	switch {
	case len(w) == 9 && nie(w), len(w) == 16 && fiscalCode(w):
		return finding{span: span{i, j}, kind: NationalID}, true
	case len(w) == 2 || len(w) == 9:
		if end := in.nino(i); end > 0 && (len(w) == 2 || !in.labelled(i, 2, thingLabels)) {
			return finding{span: span{i, end}, kind: NationalID}, true
		}
	}
	if in.paper(i, j) {
		return finding{span: span{i, j}, kind: NationalID}, true
	}
	return finding{}, false
}

// nie checks a Spanish number for foreigners.
func nie(w []byte) bool {
	v := int(ascii.Lower(w[0]) - 'x')
	if v < 0 || v > 2 {
		return false
	}
	for _, c := range w[1:8] {
		if !isDigit(c) {
			return false
		}
		v = v*10 + int(c-'0')
	}
	return ascii.Lower(w[8]) == dniLetters[v%23]
}

// nino returns where a British number ends, 0 where there is none.
func (in nationalIDs) nino(i int) int {
	var c [9]byte
	n, k := 0, i
	for n < 9 && k < len(in.text) {
		b := in.text[k]
		if isSpace(b) && n > 0 && !isSpace(in.text[k-1]) {
			k++
			continue
		}
		if isLetter(b) != (n < 2 || n == 8) || !isLetter(b) && !isDigit(b) {
			return 0
		}
		c[n] = ascii.Lower(b)
		n++
		k++
	}
	if n < 9 || isWord(in.after(k)) || c[8] > 'd' {
		return 0
	}
	for _, b := range c[:2] {
		if b == 'd' || b == 'f' || b == 'i' || b == 'q' || b == 'u' || b == 'v' {
			return 0
		}
	}
	if c[0] == 'x' { // none was ever issued
		return 0
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

// bornPL tells whether a Polish number begins with a date of birth that somebody living may have, with the century in
// its month: with that, and the digit that checks it, one in two hundred numbers of eleven digits passes.
func bornPL(d *digits) bool {
	month, day := d.number(2, 4), d.number(4, 6)
	century := month / 20 // 0: 1900, 1: 2000
	month %= 20
	return century <= 1 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && (century == 0 || d.number(0, 2) <= 40)
}
