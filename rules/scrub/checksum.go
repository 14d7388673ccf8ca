package scrub

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// checksum is what a site's own detector may ask of a match. The zero checksum asks nothing.
type checksum uint8

const (
	noChecksum  checksum = iota
	sumLuhn              // ISO/IEC 7812-1, annex B
	sumMod97             // ISO 7064 mod 97,10 as in an IBAN: the first four characters moved to the end
	sumMod11             // weights that rise by one from the right, a last X counting ten
	sumMod11x10          // ISO 7064 mod 11,10
	sumEAN               // GS1
	sumVerhoeff          // J. Verhoeff, 1969
)

var checksumNames = []string{"", "luhn", "mod97", "mod11", "iso7064_mod11_10", "ean", "verhoeff"}

// Checksums lists the checksums that a site's own detector may ask for.
func Checksums() []string { return slices.Clone(checksumNames[1:]) }

func parseChecksum(name string) (checksum, bool) {
	i := slices.Index(checksumNames, name)
	return checksum(max(i, 0)), i >= 0
}

// maxChecked bounds how many letters and digits a checksum is asked of: no number is longer.
const maxChecked = 64

// holds tells whether the letters and digits of a match pass.
func (c checksum) holds(text []byte) bool {
	if c == noChecksum {
		return true
	}
	var compact [maxChecked]byte
	n, letters := 0, 0
	for _, b := range text {
		if !isDigit(b) && !isLetter(b) {
			continue
		}
		if n == maxChecked {
			return false
		}
		if isLetter(b) {
			letters++
		}
		compact[n] = ascii.Lower(b)
		n++
	}
	number := compact[:n]
	switch {
	case n < 2:
		return false
	case c == sumMod97:
		return n > 4 && mod97(number)
	case c == sumMod11:
		return mod11(number)
	case letters > 0:
		return false
	case c == sumLuhn:
		return luhn(number)
	case c == sumMod11x10:
		return mod11x10(number)
	case c == sumEAN:
		return ean(number)
	default:
		return verhoeff(number)
	}
}

// mod11 checks weights that rise by one from the right, a last X counting ten:
// ISBN-10, and the Dutch BSN but for its sign.
func mod11(c []byte) bool {
	sum := 0
	for k, b := range c {
		v := int(b - '0')
		if b == 'x' && k == len(c)-1 {
			v = 10
		} else if !isDigit(b) {
			return false
		}
		sum += (len(c) - k) * v
	}
	return sum%11 == 0
}

// mod11x10 checks ISO 7064, mod 11,10.
func mod11x10(c []byte) bool {
	product := 10
	for _, b := range c[:len(c)-1] {
		sum := (int(b-'0') + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	return (11-product)%10 == int(c[len(c)-1]-'0')
}

// ean checks the digit of GS1 numbers: weights 3 and 1 in turn from the right, behind the last.
func ean(c []byte) bool {
	sum := 0
	for k := range c {
		v := int(c[len(c)-1-k] - '0')
		if k%2 == 1 {
			v *= 3
		}
		sum += v
	}
	return sum%10 == 0
}

// verhoeff checks the dihedral digit of J. Verhoeff (1969): India's Aadhaar has it.
func verhoeff(c []byte) bool {
	turn := [10]int{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}
	state := 0
	for k := range c {
		v := int(c[len(c)-1-k] - '0')
		for range k % 8 {
			v = turn[v]
		}
		state = dihedral(state, v)
	}
	return state == 0
}

// dihedral multiplies in the group of the symmetries of a pentagon.
func dihedral(a, b int) int {
	switch {
	case a < 5 && b < 5:
		return (a + b) % 5
	case a < 5:
		return 5 + (a+b-5)%5
	case b < 5:
		return 5 + (a-5-b+5)%5
	default:
		return (a - b + 5) % 5
	}
}
