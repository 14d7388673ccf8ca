package scrub

import "math/bits"

// maxDigits bounds how many digits are collected: a longer number is nothing a detector knows.
const maxDigits = 22

// maxGap is how many separators may stand between two digits of a number.
const maxGap = 3

// Separators inside numbers. A plus is a space in forms.
const (
	sepSpace uint8 = 1 << iota
	sepDash
	sepDot
	sepSlash
	sepParen

	numSeps = 5
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

// numbers are the digits from a place on, with what stands between them. All detectors share them, and places that
// follow each other in one row of digits do: a digit is read once.
type numbers struct {
	d    [64]byte        // the digits
	end  [64]int32       // where in the text each ends
	rest [65]uint8       // what the digits in front of each mean, modulo 97
	gap  uint64          // bit k: separators follow the k-th digit, and then another one
	wide uint64          // bit k: more than one separator
	bare uint64          // bit k: a single space
	sep  [numSeps]uint64 // bit k: separators of that sort are among them
	from int             // the digit that stands at the place
	n    int             // digits read
	next int             // where the text was read to
	done bool            // no digit follows in reach
}

// numberAt returns the number that starts at i, which is a digit, with all separators.
func (v *view) numberAt(i int) digits {
	r := &v.row
	for r.from < r.n && int(r.end[r.from]) <= i {
		r.from++
	}
	if r.from == r.n || int(r.end[r.from]) != i+1 {
		r.gap, r.wide, r.bare, r.sep = 0, 0, 0, [numSeps]uint64{}
		r.from, r.n, r.next, r.done = 0, 0, i, false
		r.rest[0] = 0
	}
	for r.n-r.from < maxDigits && !r.done {
		v.readDigit(r)
	}
	d := digits{row: r, n: min(r.n-r.from, maxDigits)}
	d.d, d.end = r.d[r.from:r.from+d.n], r.end[r.from:r.from+d.n]
	d.gap = uint32(r.gap>>r.from) & (1<<(d.n-1) - 1)
	return d
}

// readDigit reads one more digit, and the separators in front of it.
func (v *view) readDigit(r *numbers) {
	if r.n == len(r.d) {
		r.drop()
	}
	k := r.next
	var here uint8
	for k < len(v.text) && k-r.next <= maxGap && !isDigit(v.text[k]) {
		sep := separator(v.text[k])
		if sep == 0 {
			r.done = true
			return
		}
		here |= sep
		k++
	}
	v.spend(k - r.next + 1)
	if k == len(v.text) || k-r.next > maxGap {
		r.done = true
		return
	}
	if here != 0 {
		bit := uint64(1) << (r.n - 1)
		r.gap |= bit
		switch {
		case k-r.next > 1:
			r.wide |= bit
		case isSpace(v.text[r.next]):
			r.bare |= bit
		}
		for ; here != 0; here &= here - 1 {
			r.sep[bits.TrailingZeros8(here)] |= bit
		}
	}
	c := v.text[k]
	r.rest[r.n+1] = uint8((uint(r.rest[r.n])*10 + uint(c-'0')) % 97)
	r.d[r.n], r.end[r.n] = c, int32(k+1)
	r.n++
	r.next = k + 1
}

// drop forgets the digits in front of the place.
func (r *numbers) drop() {
	n := r.from
	copy(r.d[:], r.d[n:r.n])
	copy(r.end[:], r.end[n:r.n])
	copy(r.rest[:], r.rest[n:r.n+1])
	r.gap, r.wide, r.bare = r.gap>>n, r.wide>>n, r.bare>>n
	for k := range r.sep {
		r.sep[k] >>= n
	}
	r.from, r.n = 0, r.n-n
}

// digits is a number with separators between its digits: a view of numbers, cut to what a detector allows.
type digits struct {
	row *numbers
	n   int
	d   []byte  // the digits' characters, n or more
	end []int32 // where in the text each ends
	gap uint32  // bit k: separators follow the k-th of n digits, and then another one
}

// narrow returns the number with single separators of the allowed sorts alone: up to where others stand.
func (d *digits) narrow(allowed uint8) digits {
	bad := d.row.wide
	for k := range numSeps {
		if allowed&(1<<k) == 0 {
			bad |= d.row.sep[k]
		}
	}
	less := *d
	less.shorten(bits.TrailingZeros32(uint32(bad>>d.row.from)|1<<31) + 1)
	return less
}

// shorten leaves at most n digits.
func (d *digits) shorten(n int) {
	d.n = min(d.n, n)
	d.gap &= 1<<max(d.n-1, 0) - 1
}

// seen returns the sorts of separators inside the number.
func (d *digits) seen() (seen uint8) {
	within := uint32(1)<<max(d.n-1, 0) - 1
	for k, at := range d.row.sep {
		if uint32(at>>d.row.from)&within != 0 {
			seen |= 1 << k
		}
	}
	return seen
}

// spaced tells whether nothing but single spaces separates the first n digits.
func (d *digits) spaced(n int) bool {
	return d.gap&^uint32(d.row.bare>>d.row.from)&(1<<(n-1)-1) == 0
}

// modulo97 is what the first 13 digits mean, modulo 97.
func (d *digits) modulo97() int {
	const power = 10_000_000_000_000 % 97
	from := d.row.from
	return (int(d.row.rest[from+13]) + 97*97 - int(d.row.rest[from])*power) % 97
}

// gapAt tells whether separators follow the k-th digit.
func (d *digits) gapAt(k int) bool { return d.gap>>k&1 != 0 }

// cut shortens the number to at most most digits, at a gap, and tells whether at least least are left.
func (d *digits) cut(least, most int) bool {
	if d.n > most {
		d.shorten(bits.Len32(d.gap & (1<<most - 1)))
	}
	return d.n >= least
}

// gaps counts the groups' borders.
func (d *digits) gaps() int { return bits.OnesCount32(d.gap) }

// group returns the length of the k-th group.
func (d *digits) group(k int) int {
	if d.n == 0 {
		return 0
	}
	from, gap := 0, d.gap|1<<(d.n-1)
	for ; gap != 0; gap &= gap - 1 {
		end := bits.TrailingZeros32(gap) + 1
		if k == 0 {
			return end - from
		}
		k--
		from = end
	}
	return 0
}

// last is where the number ends in the text.
func (d *digits) last() int { return int(d.end[d.n-1]) }

// number returns the digits [a, b) as a number.
func (d *digits) number(a, b int) int {
	v := 0
	for _, c := range d.d[a:b] {
		v = v*10 + int(c-'0')
	}
	return v
}
