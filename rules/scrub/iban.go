package scrub

import "github.com/tagwarden/tagwarden/rules/ascii"

// ibans finds numbers of bank accounts.
type ibans struct{ *view }

// ibanLengths are the lengths of ISO 13616 numbers by country (SWIFT IBAN registry), a row of countries for each first letter.
var ibanLengths = func() (by [26][26]uint8) {
	for _, c := range []struct {
		country string
		length  uint8
	}{
		{"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22}, {"BR", 29}, {"CH", 21},
		{"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FO", 18},
		{"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23},
		{"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"MC", 27},
		{"MD", 24}, {"ME", 22}, {"MK", 19}, {"MT", 31}, {"MU", 30}, {"NL", 18}, {"NO", 15}, {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25},
		{"QA", 29}, {"RO", 24}, {"RS", 22}, {"SA", 24}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"TN", 24}, {"TR", 26}, {"UA", 29},
		{"VA", 22}, {"XK", 20},
	} {
		by[c.country[0]-'A'][c.country[1]-'A'] = c.length
	}
	return by
}()

// at finds bank account numbers, bare or in groups.
func (in ibans) at(i int) (finding, bool) {
	t := in.text[i:]
	if !in.want.Has(IBAN) || len(t) < 15 || !isLetter(t[0]) || !isLetter(t[1]) || !isDigit(t[2]) || !isDigit(t[3]) {
		return finding{}, false
	}
	length := int(ibanLengths[ascii.Lower(t[0])-'a'][ascii.Lower(t[1])-'a'])
	if length == 0 {
		return finding{}, false
	}
	var compact [34]byte
	n, k := 0, 0
	for n < length && k < len(t) {
		switch c := t[k]; {
		case isDigit(c) || isLetter(c):
			compact[n] = ascii.Lower(c)
			n++
		case (c == ' ' || c == '-' || c == '+') && k > 0 && isWord(t[k-1]):
		default:
			return finding{}, false
		}
		k++
	}
	in.spend(2 * (k + n))
	if n < length || isWord(in.after(i+k)) || !mod97(compact[:n]) {
		return finding{}, false
	}
	return finding{span: span{i, i + k}, kind: IBAN}, true
}

// mod97 checks the digits of ISO 7064 as ISO 13616 has them: the first four characters moved to the end. Letters are lower case.
func mod97(compact []byte) bool {
	var rest uint64
	at := 4
	for range compact {
		c := compact[at]
		if at++; at == len(compact) {
			at = 0
		}
		if isDigit(c) {
			rest = rest*10 + uint64(c-'0')
		} else {
			rest = rest*100 + uint64(c-'a') + 10
		}
		if rest > 1<<56 {
			rest %= 97
		}
	}
	return rest%97 == 1
}
