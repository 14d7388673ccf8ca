package minimise

import "github.com/tagwarden/tagwarden/rules/ascii"

// appendBucket appends the number cut to the nearest 1, 2 or 5 times a power of ten towards zero: 1234.5 is 1000,
// 0.037 is 0.02. An exponent is refused.
func appendBucket(dst, b []byte) ([]byte, bool) {
	whole, decimals := numberParts(b)
	if whole == 0 || whole+decimals != len(b) {
		return dst, false
	}
	start := len(dst)
	done := false
	for i, c := range b {
		switch {
		case !ascii.IsDigit(c):
			if done && i >= whole {
				return dst, true
			}
			dst = append(dst, c)
		case done:
			if i >= whole {
				return dst, true
			}
			dst = append(dst, '0')
		case c == '0':
			dst = append(dst, c)
		default:
			done = true
			dst = append(dst, "0122255555"[c-'0'])
		}
	}
	if !done {
		return append(dst[:start], '0'), true
	}
	return dst, true
}

// appendScreen appends the bucket of a screen: of "1512x982" (also with "*" or ","), of one length in pixels, or of a
// colour depth or pixel ratio (numbers below 64).
func appendScreen(dst, b []byte) ([]byte, bool) {
	w, n := leading(b)
	if n == 0 {
		return dst, false
	}
	rest := b[n:]
	switch {
	case len(rest) == 0 || string(rest) == "-bit" || string(rest) == "px":
		return append(appendInt(dst, floor(w)), rest...), true
	case rest[0] == '.': // a pixel ratio, or lengths of a zoomed page
		for _, c := range rest[1:] {
			if !ascii.IsDigit(c) {
				return dst, false
			}
		}
		return appendInt(dst, floor(w)), true
	case rest[0] == 'x' || rest[0] == 'X' || rest[0] == '*' || rest[0] == ',':
		if _, m := leading(rest[1:]); m == 0 || m != len(rest)-1 {
			return dst, false
		}
		for _, s := range coarse.Sizes {
			if w >= s.From {
				return append(append(append(dst, s.Width...), rest[0]), s.Height...), true
			}
		}
	}
	return dst, false
}

// leading reads up to five digits.
func leading(b []byte) (v, n int) {
	for n < len(b) && n < 5 && ascii.IsDigit(b[n]) {
		v = v*10 + int(b[n]-'0')
		n++
	}
	if n < len(b) && ascii.IsDigit(b[n]) {
		return 0, 0
	}
	return v, n
}

// floor returns the largest usual length, or below 64 the largest usual depth or ratio, that is not above v.
func floor(v int) int {
	last := 0
	if v < 64 {
		for _, d := range coarse.Depths {
			if d <= v {
				last = d
			}
		}
		return last
	}
	for _, s := range coarse.Lengths {
		if s <= v {
			last = s
		}
	}
	return last
}

func appendInt(dst []byte, v int) []byte {
	if v >= 10 {
		dst = appendInt(dst, v/10)
	}
	return append(dst, byte('0'+v%10))
}
