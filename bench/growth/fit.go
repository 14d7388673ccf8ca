package growth

import "math"

// Growth is how something grows, in a word.
type Growth string

// What is said of a figure.
const (
	Flat    Growth = "flat"    // by the curve that fits, the largest size takes less than a quarter more than the smallest
	Linear  Growth = "linear"  // what comes on top of a fixed part goes with the size to a power of 0.8 to 1.2
	Neither Growth = "neither" // it goes to another power, or no curve fits
)

// Fit is what a curve through sizes and times says.
type Fit struct {
	// of the straight line through the logarithms of all points: 0 is flat; 1 is linear, with nothing fixed beside
	Slope  float64
	Beyond float64 // of what comes on top of a part that is the same for all sizes: the power that the size goes in with
	Ratio  float64 // the largest size's time to the smallest's, by the curve
	Error  float64 // of the curve: the root of the mean of squared relative errors
	Growth Growth
}

// Which powers are tried for Beyond, and from where on a curve does not fit.
const (
	steepest  = 3.0
	step      = 0.01
	mostError = 0.15
)

// FitOf fits times to sizes. A time is a fixed part and one that goes with the size to a power: time = a + b·size^k,
// with a and b not below 0; k is the one whose relative errors are least.
func FitOf(sizes, times []float64) Fit {
	if len(sizes) < 2 {
		return Fit{Ratio: 1, Growth: Neither}
	}
	f, least := Fit{Slope: slope(sizes, times)}, math.Inf(1)
	for k := step; k <= steepest; k += step {
		a, b, e := curve(sizes, times, k)
		if e >= least {
			continue
		}
		at := func(size float64) float64 { return a + b*math.Pow(size, k) }
		least, f.Beyond, f.Ratio = e, k, at(sizes[len(sizes)-1])/at(sizes[0])
	}
	f.Error = math.Sqrt(least / float64(len(sizes)))
	switch {
	case f.Error > mostError:
		f.Growth = Neither
	case f.Ratio < 1.25:
		f.Growth, f.Beyond = Flat, 0
	case f.Beyond >= 0.8 && f.Beyond <= 1.2:
		f.Growth = Linear
	default:
		f.Growth = Neither
	}
	return f
}

// slope is that of the straight line through the logarithms of all points (least squares).
func slope(sizes, times []float64) float64 {
	var x, y, xx, xy float64
	n := float64(len(sizes))
	for i := range sizes {
		a, b := math.Log(sizes[i]), math.Log(times[i])
		x, y, xx, xy = x+a, y+b, xx+a*a, xy+a*b
	}
	return (n*xy - x*y) / (n*xx - x*x)
}

// curve is the a + b·size^k whose sum of squared relative errors is least, and that sum.
func curve(sizes, times []float64, k float64) (a, b, sum float64) {
	// Divided by its time each point is a/t + b·s/t = 1: a plane through the origin.
	var pp, pq, qq, p1, q1 float64
	for i := range sizes {
		p, q := 1/times[i], math.Pow(sizes[i], k)/times[i]
		pp, pq, qq, p1, q1 = pp+p*p, pq+p*q, qq+q*q, p1+p, q1+q
	}
	b = q1 / qq
	if d := pp*qq - pq*pq; d > 0 {
		a, b = (p1*qq-q1*pq)/d, (q1*pp-p1*pq)/d
	}
	if a < 0 {
		a, b = 0, q1/qq
	}
	if b < 0 {
		a, b = p1/pp, 0
	}
	for i := range sizes {
		e := (a+b*math.Pow(sizes[i], k))/times[i] - 1
		sum += e * e
	}
	return a, b, sum
}
