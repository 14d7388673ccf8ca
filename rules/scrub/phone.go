package scrub

import "bytes"

// phones finds phone numbers.
type phones struct{ *view }

var phoneLabels = newLabels(phoneBit,
	"tel", "tél", "tlf", "tlm", "phone", "mobil", "móvil", "movil", "handy", "call", "cell", "fax", "whatsapp",
	"sms", "ring", "fon", "rufnummer", "portable",
	"msisdn", "komórk", "puhelin", "gsm", "mobiel", "celular", "cellular", "anruf", "rückruf", "appel", "rappel",
	"llám",
	"llam", "chiam", "dzwo", "zadzwo", "ligue",
)

// userLabels are what a user is called. A phone's number is what many of them are known by.
var userLabels = newVocabulary(
	"user", "usr", "uid", "customer", "client", "contact", "member", "nutzer", "kunde", "kontakt", "mitglied",
	"utilisateur",
	"usuario", "cliente", "utente", "gebruiker", "klant", "klient", "użytkownik", "wa",
)

// phoneBehind are what a number may be called behind it: "781 1704 office".
var phoneBehind = newVocabulary("office", "fax", "mobile", "cell", "home", "desk", "tel", "tél",
	"phone", "mobil", "handy")

// international finds E.164 numbers that start with a plus: 7 to 15 digits.
func (in phones) international(i int) (finding, bool) {
	if !in.want.Has(Phone) {
		return finding{}, false
	}
	k := i + 1
	if isSpace(in.after(k)) || in.after(k) == '(' {
		k++
	}
	if c := in.after(k); c < '1' || c > '9' {
		return finding{}, false
	}
	d := in.numberAt(k)
	in.spend(costLong)
	least := 7
	if in.want&plusOnly != 0 {
		least = 8
	}
	if c := in.before(i); isWord(c) || c == '+' || c == '_' { // a plus that is a space, or part of something else
		least = 10
		if looksLikeTime(&d) {
			return finding{}, false
		}
		if f, ok := cards(in).at(k, &d); ok {
			return f, true
		}
	}
	return in.cut(i, &d, least, 15)
}

// looksLikeTime tells whether the number is a bare Unix time in seconds, milliseconds or microseconds.
func looksLikeTime(d *digits) bool {
	if d.n == 0 || d.gaps() > 0 || d.d[0] != '1' {
		return false
	}
	return d.n == 10 || d.n == 13 || d.n == 16
}

// cut cuts a number to a phone's length and checks what follows it.
func (in phones) cut(i int, d *digits, least, most int) (finding, bool) {
	if !d.cut(least, most) {
		return finding{}, false
	}
	if c := in.after(d.last()); isWord(c) && (d.gaps() == 0 || isDigit(c)) {
		return finding{}, false
	}
	return finding{span: span{i, in.extension(d.last())}, kind: Phone}, true
}

// extension returns where the extension behind a number ends, "x123" or " ext. 123";
// where there is none, the number's end.
func (in phones) extension(end int) int {
	k := end
	for k < min(end+2, len(in.text)) && (isSpace(in.after(k)) || in.after(k) == 'x') {
		k++
	}
	if t := in.text[k:]; hasFold(t, "ext") {
		for k += 3; k < min(end+7, len(in.text)) && (in.text[k] == '.' || isSpace(in.text[k])); k++ {
		}
	} else if k == end || in.text[k-1] != 'x' {
		return end
	}
	start := k
	for k < len(in.text) && k-start < 6 && isDigit(in.text[k]) {
		k++
	}
	if k == start || isWord(in.after(k)) {
		return end
	}
	return k
}

// mayEnd tells whether a phone number may end in front of i, perhaps with an extension.
func (in phones) mayEnd(i int) bool { return in.endsNumber(i) || in.extension(i) > i }

// national finds numbers without a country code, or with one behind "00". Separators are asked for, else a label.
func (in phones) national(i int) (finding, bool) {
	if !in.want.Has(Phone) || in.want&plusOnly != 0 {
		return finding{}, false
	}
	switch c := in.before(i); {
	case c == '_' && i > 1 && isLetter(in.text[i-2]) && isDigit(in.text[i]): // "_" ends a word, as of a label
		d := in.numberAt(i)
		if in.spend(costPhone); d.n < 7 {
			return finding{}, false
		}
		if in.isUser(i, &d) {
			return in.cut(i, &d, 10, 15)
		}
		return in.byLabel(i, &d)
	case c == '-' || c == '_' || c == '~' || c == ',' && (i < 2 || isDigit(in.text[i-2])) || isWord(c):
		return finding{}, false
	case c == '.' && (i < 2 || !isLetter(in.text[i-2])):
		return finding{}, false
	}
	start := i
	if in.text[i] == '(' {
		if start++; !isDigit(in.after(start)) {
			return finding{}, false
		}
	}
	d := in.numberAt(start)
	if d.n < 7 {
		return finding{}, false
	}
	in.spend(costPhone)
	if rising(&d) {
		return finding{}, false
	}
	if f, ok := in.written(i, d); ok && !in.isThings(i) {
		return f, true
	}
	return finding{}, false
}

// isThings tells whether the number at i is called that of a thing.
func (in phones) isThings(i int) bool {
	return in.labelled(i, 1, thingLabels) || in.labelled(i, 4, goodsLabels) && !in.labelled(i, 1, phoneLabels)
}

// written finds a number that is written as phone numbers are, or called one.
func (in phones) written(i int, d digits) (finding, bool) {
	seen := d.seen()
	if in.text[i] == '(' {
		seen |= sepParen
	}
	whole := d
	if d.d[0] == '0' && d.d[1] == '0' && d.d[2] >= '1' && !d.gapAt(0) && seen&sepDot == 0 {
		least := 13
		if d.gaps() > 0 {
			least = 10
		}
		if f, ok := in.cut(i, &d, least, 17); ok {
			return f, true
		}
		d = whole
	}
	if american(&d) && in.mayEnd(int(d.end[9+btoi(d.d[0] == '1')])) {
		d.shorten(10 + btoi(d.d[0] == '1'))
		return finding{span: span{i, in.extension(d.last())}, kind: Phone}, true
	}
	if in.text[i] == '(' && in.areaCode(&d) {
		return in.cut(i, &d, 8, 12)
	}
	if d.d[0] == '0' && d.d[1] != '0' && !d.gapAt(0) && d.gaps() > 0 && !dated(&d) {
		pairs := french(&d)
		if seen&sepDot == 0 || pairs {
			if pairs && d.n >= 20 && d.d[10] == '0' { // another one follows
				d.shorten(10)
			}
			if f, ok := in.cut(i, &d, 9, 12); ok && (pairs || wideGroups(&d)) && in.endsNumber(f.end) {
				return f, true
			}
			d = whole
		}
	}
	return in.byLabel(i, &d)
}

// isUser tells whether the number stands behind what a user is called and has the form of a phone's number: in one, a
// country's code in front or a 0, and no time.
func (in phones) isUser(i int, d *digits) bool {
	return d.gaps() == 0 && d.n >= 10 && d.n <= 15 && !looksLikeTime(d) && userLabels.has(in.of(in.wordBefore(i)))
}

// areaCode tells whether the number is written "(37) 788-063": two or three digits in
// brackets, then groups of three or more.
func (in phones) areaCode(d *digits) bool {
	first := d.group(0)
	if first < 2 || first > 3 || in.after(int(d.end[first-1])) != ')' || d.group(1) < 3 ||
		d.n < 8 || d.n > 12 || d.gaps() < 2 {
		return false
	}
	return d.group(2) >= 3 && in.mayEnd(d.last())
}

// byLabel finds numbers that have nothing of a phone's form but a label in front, or groups and a label behind.
func (in phones) byLabel(i int, d *digits) (finding, bool) {
	expected := in.want.expects(Phone) || in.before(i) == '/' && bytes.HasSuffix(in.text[:i], []byte("wa.me/"))
	behind := !expected && d.gaps() > 0 && d.n <= 12 && wideGroups(d) && in.labelBehind(d.last())
	if !expected && !behind && !in.labelled(i, 3, phoneLabels) {
		return finding{}, false
	}
	if d.gaps() > 0 && !expected && !behind &&
		(!wideGroups(d) || dated(d) || yearFirst(d) || d.n < 8 && !in.labelled(i, 1, phoneLabels)) {
		if !d.cut(7, d.group(0)) {
			return finding{}, false
		}
	}
	return in.cut(i, d, 7, 15)
}

// labelBehind tells whether the word behind i is what a number is called.
func (in phones) labelBehind(i int) bool {
	if c := in.after(i); !isSpace(c) && c != '-' {
		return false
	}
	j := i + 1
	for j < len(in.text) && j <= i+9 && isWord(in.text[j]) {
		j++
	}
	return j <= i+9 && j > i+1 && phoneBehind.has(in.text[i+1:j])
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

// rising tells whether the number is six pairs of digits or more, each above the last: what was drawn in a lottery.
func rising(d *digits) bool {
	const pairs = 1<<1 | 1<<3 | 1<<5 | 1<<7 | 1<<9
	if d.n < 12 || d.gap&(1<<11-1)&^(1<<11) != pairs {
		return false
	}
	for k := 2; k < 12; k += 2 {
		if d.number(k, k+2) <= d.number(k-2, k) {
			return false
		}
	}
	return true
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
