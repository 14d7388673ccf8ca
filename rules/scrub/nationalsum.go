package scrub

import "github.com/tagwarden/tagwarden/rules/ascii"

// check is how the number of a country is checked.
type check uint8

const (
	checkSocialSecurity check = iota
	checkBsn
	checkTaxPT
	checkNhs
	checkSocialAT
	checkPersonSE
	checkTaxID
	checkPesel
	checkRegisterBE
	checkTaxBR
	checkSocialCH
	checkTaxPL
	checkTaxFR
	checkSocialES
	checkSocialPT
	checkTaxUK
	checkPersonDK
	checkPersonNO
)

// holds tells whether the number passes. It has the length that the check is for.
func (c check) holds(d *digits) bool {
	switch c {
	case checkSocialSecurity:
		return socialSecurity(d)
	case checkBsn:
		return bsn(d)
	case checkTaxPT:
		return taxPT(d)
	case checkNhs:
		return nhs(d)
	case checkSocialAT:
		return socialAT(d)
	case checkPersonSE:
		return personSE(d)
	case checkTaxID:
		return taxID(d)
	case checkPesel:
		return pesel(d)
	case checkRegisterBE:
		return registerBE(d)
	case checkTaxBR:
		return taxBR(d)
	case checkSocialCH:
		return socialCH(d)
	case checkTaxPL:
		return weighted(d, 11, 6, 5, 7, 2, 3, 4, 5, 6, 7) == int(d.d[9]-'0')
	case checkTaxFR:
		return d.d[0] <= '3' && d.number(0, 10)%511 == d.number(10, 13)
	case checkSocialES:
		return d.number(0, 10) > 0 && d.number(0, 10)%97 == d.number(10, 12)
	case checkSocialPT:
		return d.d[0] == '1' && 9-weighted(d, 10, 29, 23, 19, 17, 13, 11, 7, 5, 3, 2) == int(d.d[10]-'0')
	case checkTaxUK:
		return taxUK(d)
	case checkPersonDK:
		return dayAndMonth(d)
	case checkPersonNO:
		return personNO(d)
	default:
		return false
	}
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
	for _, c := range d.d[:10] {
		count[c-'0']++
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
	return repeated == 1 && mod11x10(d.d[:11])
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

// nhs checks a British number of 10 digits: weights from 10 down, mod 11.
func nhs(d *digits) bool {
	sum := 0
	for k := range 9 {
		sum += (10 - k) * int(d.d[k]-'0')
	}
	return sum > 0 && (11-sum%11)%11 == int(d.d[9]-'0')
}

// taxPT checks a Portuguese number of 9 digits: weights from 9 down, mod 11, ten counting as nought.
func taxPT(d *digits) bool {
	sum := 0
	for k := range 8 {
		sum += (9 - k) * int(d.d[k]-'0')
	}
	return sum > 0 && (11-sum%11)%11%10 == int(d.d[8]-'0')
}

// socialAT checks an Austrian number: serial, digit, birth date.
func socialAT(d *digits) bool {
	sum := 0
	for k, w := range [10]int{3, 7, 9, 0, 5, 8, 4, 2, 1, 6} {
		sum += w * int(d.d[k]-'0')
	}
	month := d.number(6, 8)
	return d.d[0] != '0' && month >= 1 && month <= 15 && sum%11 == int(d.d[3]-'0')
}

// personSE checks a Swedish number, with or without the century: birth date, serial, Luhn digit over the last ten.
func personSE(d *digits) bool {
	from := d.n - 10
	month, day := d.number(from+2, from+4), d.number(from+4, from+6)
	century := from == 0 || d.number(0, 2) == 19 || d.number(0, 2) == 20
	return century && month >= 1 && month <= 12 && (day >= 1 && day <= 31 || day >= 61 && day <= 91) && luhn(d.d[from:d.n])
}

// registerBE checks a Belgian number: birth date, serial, 97 less the rest of the nine
// digits, of those born since 2000 behind a 2.
func registerBE(d *digits) bool {
	body, digit := d.number(0, 9), d.number(9, 11)
	month := d.number(2, 4) % 20
	return month <= 12 && body > 0 && (97-body%97 == digit || 97-(body+2_000_000_000)%97 == digit)
}

// taxBR checks a Brazilian number of 11 digits: two digits mod 11, and not one digit all along.
func taxBR(d *digits) bool {
	same := true
	for _, n := range [2]int{9, 10} {
		sum := 0
		for k := range n {
			sum += (n + 1 - k) * int(d.d[k]-'0')
			same = same && d.d[k] == d.d[0]
		}
		if sum*10%11%10 != int(d.d[n]-'0') {
			return false
		}
	}
	return !same
}

// socialCH checks a Swiss number: 756 and the digit of GS1.
func socialCH(d *digits) bool { return d.number(0, 3) == 756 && ean(d.d[:13]) }

// weighted is the sum of the first digits with these weights, modulo m.
func weighted(d *digits, m int, weights ...int) int {
	sum := 0
	for k, w := range weights {
		sum += w * int(d.d[k]-'0')
	}
	return sum % m
}

// taxUK checks a British number of 10 digits, the first of which checks the others.
func taxUK(d *digits) bool {
	sum := 0
	for k, w := range [9]int{6, 7, 8, 9, 10, 5, 4, 3, 2} {
		sum += w * int(d.d[k+1]-'0')
	}
	return sum > 0 && "21987654321"[sum%11] == d.d[0]
}

// dayAndMonth tells whether the number starts with a day and a month. A Danish number has no more that is checked.
func dayAndMonth(d *digits) bool {
	day, month := d.number(0, 2), d.number(2, 4)
	return day >= 1 && day <= 31 && month >= 1 && month <= 12
}

// personNO checks a Norwegian number: birth date, serial, two digits mod 11.
func personNO(d *digits) bool {
	first := weighted(d, 11, 3, 7, 6, 1, 8, 9, 4, 5, 2)
	second := weighted(d, 11, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
	return dayAndMonth(d) && (11-first)%11 == int(d.d[9]-'0') && (11-second)%11 == int(d.d[10]-'0')
}

// fiscalCode checks an Italian number of 16 characters.
func fiscalCode(w []byte) bool {
	const form = "aaaaaa99a99a999a"
	odd := [26]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	sum := 0
	for k := range 15 {
		c := ascii.Lower(w[k])
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
	return int(ascii.Lower(w[15])) == 'a'+sum%26
}
