package scrub

// maxDigits bounds how many digits are collected: a longer number is nothing a detector knows.
const maxDigits = 22

// digits is a number with separators between its digits.
type digits struct {
	n   int             // digits collected
	d   [maxDigits]byte // their characters
	end [maxDigits]int  // where in the text the k-th ends
	gap [maxDigits]bool // whether a separator follows the k-th, and then another digit
}

// Separators inside numbers. A plus is a space in forms.
const (
	sepSpace uint8 = 1 << iota
	sepDash
	sepDot
	sepSlash
	sepParen
)

func separator(c byte) uint8 {
	switch c {
	case ' ', '+':
		return sepSpace
	case '-':
		return sepDash
	case '.':
		return sepDot
	case '/':
		return sepSlash
	case '(', ')':
		return sepParen
	}
	return 0
}

// collect reads digits from i on, with at most width of the allowed separators between two of them, and returns the separators seen.
func (d *digits) collect(text []byte, i int, allowed uint8, width int) (seen uint8) {
	d.n = 0
	for i < len(text) && d.n < maxDigits {
		c := text[i]
		if isDigit(c) {
			d.d[d.n], d.end[d.n], d.gap[d.n] = c, i+1, false
			d.n++
			i++
			continue
		}
		k := i
		var here uint8
		for k < len(text) && k-i <= width && !isDigit(text[k]) {
			sep := separator(text[k])
			if sep&allowed == 0 {
				return seen
			}
			here |= sep
			k++
		}
		if k-i > width || k == len(text) {
			return seen
		}
		if d.n > 0 {
			d.gap[d.n-1] = true
			seen |= here
		}
		i = k
	}
	return seen
}

// cut shortens the number to at most most digits, at a gap, and tells whether at least least are left.
func (d *digits) cut(least, most int) bool {
	if d.n > most {
		k := most
		for k > 0 && !d.gap[k-1] {
			k--
		}
		d.n = k
	}
	return d.n >= least
}

// gaps counts the groups' borders.
func (d *digits) gaps() int {
	n := 0
	for k := range max(0, d.n-1) {
		if d.gap[k] {
			n++
		}
	}
	return n
}

// group returns the length of the k-th group.
func (d *digits) group(k int) int {
	length := 0
	for i := range d.n {
		length++
		if d.gap[i] || i == d.n-1 {
			if k == 0 {
				return length
			}
			k--
			length = 0
		}
	}
	return 0
}

// last is where the number ends in the text.
func (d *digits) last() int { return d.end[d.n-1] }

// number returns the digits [a, b) as a number.
func (d *digits) number(a, b int) int {
	v := 0
	for _, c := range d.d[a:b] {
		v = v*10 + int(c-'0')
	}
	return v
}
