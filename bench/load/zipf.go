package load

import "math"

// zipf draws ranks by Zipf's law: rank r, from 0 on, with a share that goes like 1/(r+1)^s. Drawing takes one number
// and no loop (the alias method of Walker and Vose).
type zipf struct {
	keep  []uint32 // of 1<<32: how often a column stands for itself
	other []uint32 // whom it stands for otherwise
}

// newZipf makes the table of n ranks.
func newZipf(n int, s float64) *zipf {
	z := &zipf{make([]uint32, n), make([]uint32, n)}
	shares := zipfShares(n, s)
	var small, large []int
	for i := range shares {
		if shares[i] *= float64(n); shares[i] < 1 {
			small = append(small, i)
		} else {
			large = append(large, i)
		}
	}
	for len(small) > 0 && len(large) > 0 {
		few, many := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		z.keep[few], z.other[few] = uint32(shares[few]*(1<<32-1)), uint32(many)
		if shares[many] -= 1 - shares[few]; shares[many] < 1 {
			large = large[:len(large)-1]
			small = append(small, many)
		}
	}
	for _, i := range append(small, large...) { // what is left is 1, but for rounding
		z.keep[i], z.other[i] = math.MaxUint32, uint32(i)
	}
	return z
}

// zipfShares are the shares of n ranks: together 1.
func zipfShares(n int, s float64) []float64 {
	all, sum := make([]float64, n), 0.0
	for i := range all {
		all[i] = math.Pow(float64(i+1), -s)
		sum += all[i]
	}
	for i := range all {
		all[i] /= sum
	}
	return all
}

// rank draws one by 64 bits in which nothing is to be seen.
func (z *zipf) rank(random uint64) uint64 {
	column := (random >> 32) * uint64(len(z.keep)) >> 32
	if uint32(random) <= z.keep[column] {
		return column
	}
	return uint64(z.other[column])
}
