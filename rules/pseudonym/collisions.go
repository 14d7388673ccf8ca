package pseudonym

import "math"

// Sharing returns how many of n visitors share their pseudonym with another one, and how many
// different pseudonyms there are, as expectations, where pseudonyms are cut to so many bits:
// n(1-(1-1/N)^(n-1)) and N(1-(1-1/N)^n) for N = 2^bits.
func Sharing(bits int, n float64) (sharing, different float64) {
	if n <= 0 {
		return 0, 0
	}
	if bits <= 0 {
		return 0, n
	}
	all := math.Ldexp(1, bits)
	alone := math.Log1p(-1 / all) // of the probability that one visitor does not get a given pseudonym
	return n * -math.Expm1((n-1)*alone), all * -math.Expm1(n*alone)
}
