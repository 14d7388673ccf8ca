package plot

import (
	"fmt"
	"math"
)

// Span is how long something takes: half of the times, 99 of a hundred, 999 of a thousand, in microseconds.
type Span struct {
	Label          string
	P50, P99, P999 float64
	Ours           bool
}

// Spans draws times, one below the other, in equal ratios from left to right.
func Spans(title, description string, all []Span) []byte {
	const left, right, top, row = 300, 150, 44, 30
	const width = 860
	low, high := math.Inf(1), 1.0
	for _, s := range all {
		low, high = min(low, s.P50), max(high, s.P999)
	}
	low, high = math.Pow(10, math.Floor(math.Log10(max(min(low, high), 1)))),
		math.Pow(10, math.Ceil(math.Log10(high*1.01)))
	height := top + row*len(all) + 48
	c := begin(width, height, title, description)
	x := scale{low: low, high: high, from: left, to: width - right, log: true}
	bottom := float64(top + row*len(all))
	for tick := low; tick <= high*1.01; tick *= 10 {
		c.line(x.at(tick), top, x.at(tick), bottom, "grid")
		c.text(x.at(tick), bottom+16, "small middle", inWords(tick))
	}
	for i, s := range all {
		y := float64(top+row*i) + row/2
		c.text(left-8, y+4, "end", s.Label)
		c.line(x.at(s.P50), y, x.at(s.P999), y, class(s.Ours)+"-line")
		c.dot(x.at(s.P50), y, 3, class(s.Ours))
		c.dot(x.at(s.P99), y, 5, class(s.Ours))
		c.dot(x.at(s.P999), y, 7, class(s.Ours))
		c.text(x.at(s.P999)+12, y+4, "small", fmt.Sprintf("%s, %s, %s", inWords(s.P50), inWords(s.P99), inWords(s.P999)))
	}
	c.text(left, bottom+34, "small", "small dot: p50, middle dot: p99, large dot: p99.9")
	return c.end()
}

// inWords is a number of microseconds in words.
func inWords(us float64) string {
	switch {
	case us < 1000:
		return fmt.Sprintf("%.0f µs", us)
	case us < 1e6:
		return fmt.Sprintf("%.3g ms", us/1000)
	default:
		return fmt.Sprintf("%.3g s", us/1e6)
	}
}
