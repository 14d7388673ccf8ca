package growth

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestFitOfInventedNumbers: what grows by a law that is known is said to, with its power, also where
// much is fixed and all is a little off.
func TestFitOfInventedNumbers(t *testing.T) {
	law := func(a, b, k float64) func(float64) float64 {
		return func(size float64) float64 { return a + b*math.Pow(size, k) }
	}
	for _, c := range []struct {
		name   string
		of     func(float64) float64
		growth Growth
		beyond float64 // 0: not asked
		slope  float64 // NaN: not asked
	}{
		{"a constant", law(30, 0, 1), Flat, 0, 0},
		{"a size, and nothing beside", law(0, 2, 1), Linear, 1, 1},
		{"a size beside much that is fixed", law(30, 0.1, 1), Linear, 1, math.NaN()},
		{"a square", law(0, 0.5, 2), Neither, 2, 2},
		{"a square beside much that is fixed", law(30, 0.01, 2), Neither, 2, math.NaN()},
		{"a root", law(1, 3, 0.5), Neither, 0.5, math.NaN()},
		{"a size times its logarithm", func(size float64) float64 {
			return 0.5 * size * math.Log2(size+1)
		}, Neither, 1.32, math.NaN()},
		{"hardly more", law(30, 0.005, 1), Flat, 0, 0},
		{"less and less", func(size float64) float64 { return 30 + 3/size }, Flat, 0, 0},
		{"a step", func(size float64) float64 {
			if size < 60 {
				return 10
			}
			return 40
		}, Neither, 0, math.NaN()},
	} {
		for _, noise := range []float64{0, 0.02} {
			random := rand.New(rand.NewPCG(1, 2))
			var sizes, times []float64
			for size := 1.0; size <= 1024; size *= 2 {
				sizes = append(sizes, size)
				times = append(times, c.of(size)*(1+noise*(2*random.Float64()-1)))
			}
			f := FitOf(sizes, times)
			if f.Growth != c.growth || c.beyond > 0 && math.Abs(f.Beyond-c.beyond) > 0.15 || !math.IsNaN(c.slope) &&
				math.Abs(f.Slope-c.slope) > 0.05 {
				t.Errorf("%s, %v off: %+v", c.name, noise, f)
			}
			if want := times[len(times)-1] / times[0]; c.growth == Linear && math.Abs(f.Ratio/want-1) > 0.15 {
				t.Errorf("%s, %v off: %.2f times, wanted %.2f", c.name, noise, f.Ratio, want)
			}
		}
	}
}

// TestOneSizeSaysNothing of how something grows.
func TestOneSizeSaysNothing(t *testing.T) {
	for _, f := range []Fit{FitOf(nil, nil), FitOf([]float64{1}, []float64{3})} {
		if f.Growth != Neither || f.Slope != 0 {
			t.Errorf("%+v", f)
		}
	}
}
