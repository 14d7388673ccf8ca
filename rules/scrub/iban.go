package scrub

import "github.com/tagwarden/tagwarden/rules/ascii"

// ibans finds numbers of bank accounts.
type ibans struct{ *view }

// ibanLengths are the lengths of ISO 13616 numbers by country, a row of countries for each first letter: those of the
// SWIFT IBAN registry (release 99 of December 2024), and behind them the countries whose banks write such numbers
// without being in it.
var ibanLengths = func() (by [26][26]uint8) {
	for _, c := range []struct {
		country string
		length  uint8
	}{
		{"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22},
		{"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24},
		{"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18},
		{"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27},
		{"GT", 28}, {"HN", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26},
		{"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20},
		{"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20},
		{"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24},
		{"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24},
		{"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25},
		{"SV", 28}, {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20},
		{"YE", 30},

		{"AO", 25}, {"BF", 28}, {"BJ", 28}, {"CF", 27}, {"CG", 27}, {"CI", 28}, {"CM", 27}, {"CV", 25},
		{"DZ", 26}, {"GA", 27}, {"GQ", 27}, {"GW", 25}, {"IR", 26}, {"KM", 27}, {"MA", 28}, {"MG", 27},
		{"ML", 28}, {"MZ", 25}, {"NE", 28}, {"SN", 28}, {"TD", 27}, {"TG", 28},
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
		return in.unregistered(i)
	}
	var compact [34]byte
	n, k := 0, 0
	for n < length && k < len(t) {
		switch c := t[k]; {
		case isDigit(c) || isLetter(c):
			compact[n] = ascii.Lower(c)
			n++
		case (c == ' ' || c == '-' || c == '+' || c == '.') && k > 0 && isWord(t[k-1]):
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

// minUnregistered is the length of the shortest number of a country that is in no list.
const minUnregistered = 20

// unregistered finds numbers of countries that are in no list: in capitals, bare or in groups of four, two thirds of
// them digits. What random letters and digits look like passes the check once in 97 times; so what is called a thing's
// number is none.
func (in ibans) unregistered(i int) (finding, bool) {
	var compact [34]byte
	n, digits, k := 0, 0, i
	for grouped := in.after(i+4) == ' '; k < len(in.text) && n < len(compact); k++ {
		c := in.text[k]
		if grouped && n%4 == 0 && n > 0 && isWord(in.text[k-1]) {
			if next := in.after(k + 1); c != ' ' || !isDigit(next) && !ascii.IsUpper(next) {
				break
			}
			continue
		}
		if !isDigit(c) && !ascii.IsUpper(c) {
			break
		}
		if isDigit(c) {
			digits++
		}
		compact[n] = ascii.Lower(c)
		n++
	}
	in.spend(2 * (k - i))
	if n < minUnregistered || 3*digits < 2*n || isWord(in.after(k)) || !mod97(compact[:n]) ||
		in.labelled(i, 2, thingLabels) {
		return finding{}, false
	}
	return finding{span: span{i, k}, kind: IBAN}, true
}

// mod97 checks the digits of ISO 7064 as ISO 13616 has them: the first four characters
// moved to the end. Letters are lower case.
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
