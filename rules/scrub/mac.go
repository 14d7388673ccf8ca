package scrub

import "github.com/tagwarden/tagwarden/rules/ascii"

// macs finds hardware addresses.
type macs struct{ *view }

// at finds hardware addresses: six pairs with colons, with dashes (then with a letter among them), or three groups of
// four with dots. Left alone are all zeros and all ones.
func (in macs) at(i int) (finding, bool) {
	if !in.want.Has(MAC) {
		return finding{}, false
	}
	t := in.text[i:]
	if len(t) < 14 {
		return finding{}, false
	}
	sep, pair, size := t[2], 2, 17
	if t[4] == '.' {
		sep, pair, size = '.', 4, 14
	}
	if sep != ':' && sep != '-' && sep != '.' || len(t) < size {
		return finding{}, false
	}
	b, a := in.before(i), in.after(i+size)
	if isWord(b) || b == sep || isWord(a) {
		return finding{}, false
	}
	in.spend(costMachine)
	letters, zeros, ones := 0, 0, 0
	for k := range size {
		if k%(pair+1) == pair {
			if t[k] != sep {
				return finding{}, false
			}
			continue
		}
		switch c := t[k]; {
		case !isHex(c):
			return finding{}, false
		case c == '0':
			zeros++
		case ascii.Lower(c) == 'f':
			ones++
			letters++
		case isLetter(c):
			letters++
		}
	}
	if zeros == 12 || ones == 12 || letters == 0 && sep != ':' || a == sep && isHex(in.after(i+size+1)) {
		return finding{}, false
	}
	return finding{span: span{i, i + size}, kind: MAC}, true
}
