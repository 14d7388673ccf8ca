package scrub

// cards finds numbers of payment cards.
type cards struct{ *view }

// at finds payment card numbers, bare or in groups that start with one of four digits. all is the number at i with all
// separators.
func (in cards) at(i int, all *digits) (finding, bool) {
	if !in.want.Has(Card) {
		return finding{}, false
	}
	if c := in.before(i); isWord(c) || c == '.' || c == '~' || c == '+' && !in.spaces(i-1) {
		return finding{}, false
	}
	d := all.narrow(sepSpace | sepDash)
	if d.n < 12 {
		return finding{}, false
	}
	first := d.group(0)
	for n := 12; n <= 19 && n <= d.n && (first == 4 || first >= n); n++ {
		if n < d.n && !d.gapAt(n-1) || !issued(&d, n) {
			continue
		}
		in.spend(2 * n)
		if luhn(d.d[:n]) && in.mayEnd(&d, n) {
			return finding{span: span{i, int(d.end[n-1])}, kind: Card}, true
		}
	}
	return finding{}, false
}

// mayEnd tells whether the number may end behind its n-th digit.
func (in cards) mayEnd(d *digits, n int) bool {
	return n < d.n || in.endsNumber(int(d.end[n-1]))
}

// issued tells whether an issuer has numbers of n digits that start like this.
func issued(d *digits, n int) bool {
	two, three, four := d.number(0, 2), d.number(0, 3), d.number(0, 4)
	switch {
	case d.d[0] == '4': // Visa
		return n == 13 || n == 16 || n == 19
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720: // Mastercard
		return n == 16
	case two == 34, two == 37: // American Express
		return n == 15
	case four == 6011, two == 65, three >= 644 && three <= 649: // Discover
		return n >= 16
	case four >= 3528 && four <= 3589: // JCB
		return n >= 16
	case two == 30, two == 36, two == 38: // Diners Club
		return n >= 14 && n <= 19
	case two == 62: // UnionPay
		return n >= 16
	case four == 1800, four == 2131: // JCB, of old
		return n == 15
	case four == 5018, four == 5020, four == 5038, four == 5893, four == 6304, four == 6759, four >= 6761 && four <= 6763: // Maestro
		return true
	}
	return false
}

// luhn checks the digit of ISO/IEC 7812-1, annex B.
func luhn(d []byte) bool {
	sum := 0
	twice := len(d)%2 == 0 // the digit in front of the last one counts twice
	for _, c := range d {
		v := int(c - '0')
		if twice {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
		twice = !twice
	}
	return sum%10 == 0
}
