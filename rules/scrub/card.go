package scrub

// cards finds numbers of payment cards.
type cards struct{ *view }

// at finds payment card numbers: of an issuer, as long as that issuer's are, and bare or in the groups that it prints.
// all is the number at i with all separators.
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
	for n := 12; n <= 19 && n <= d.n; n++ {
		if n < d.n && !d.gapAt(n-1) || !printed(&d, n) || !issued(&d, n) {
			continue
		}
		in.spend(2 * n)
		if luhn(d.d[:n]) && in.mayEnd(&d, n) && (n != 13 || !in.labelled(i, 1, thingLabels)) {
			return finding{span: span{i, int(d.end[n-1])}, kind: Card}, true
		}
	}
	return finding{}, false
}

// printed tells whether the first n digits are in one, or in groups as they are printed on cards: of four digits, the
// last of them perhaps shorter or longer by one; 4-6-5 and 4-6-4; six and all others.
func printed(d *digits, n int) bool {
	gap := d.gap & (1<<(n-1) - 1)
	const fours = 1<<3 | 1<<7 | 1<<11 | 1<<15
	switch gap {
	case 0, fours & (1<<(n-2) - 1), fours & (1<<(n-1) - 1):
		return true
	case 1<<3 | 1<<9:
		return n == 14 || n == 15
	case 1 << 5:
		return n == 19
	}
	return false
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
	case four == 5018, four == 5020, four == 5038, four == 5893, four == 6304, four == 6759, four >= 6761 && four <= 6763:
		// Maestro
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
