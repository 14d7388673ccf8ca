package plot

import (
	"fmt"
	"math"
	"strings"
)

// Panel is how a time grows with a size.
type Panel struct {
	Label string
	Said  string // what is said of it
	Sizes []float64
	Times []float64 // microseconds
}

// Panels draws each in a frame of its own, sizes and times in equal ratios, over as many doublings upwards as to the
// right: a straight line from corner to corner is linear, one that lies is flat.
func Panels(title, description string, all []Panel) []byte {
	const columns, wide, high, gap, top = 3, 264, 150, 18, 44
	rows := (len(all) + columns - 1) / columns
	width := columns*(wide+gap) + gap
	c := begin(width, top+rows*(high+gap+34)+10, title, description)
	for i, p := range all {
		left := float64(gap + i%columns*(wide+gap))
		over := float64(top + i/columns*(high+gap+34))
		c.panel(&p, left, over+30, wide, high)
	}
	return c.end()
}

func (c *canvas) panel(p *Panel, left, top, width, height float64) {
	c.text(left, top-18, "", p.Label)
	c.text(left, top-5, "small", p.Said)
	c.rect(left, top, width, height, "frame")
	if len(p.Sizes) == 0 {
		return
	}
	low, most := math.Inf(1), 0.0
	for _, t := range p.Times {
		low, most = min(low, t), max(most, t)
	}
	// As many doublings up as to the right: slopes are to be seen as they are.
	ratio := max(p.Sizes[len(p.Sizes)-1]/p.Sizes[0], most/low, 4)
	x := scale{low: p.Sizes[0], high: p.Sizes[0] * ratio, from: left + 8, to: left + width - 8, log: true}
	middle := math.Sqrt(low * most)
	y := scale{low: middle / math.Sqrt(ratio), high: middle * math.Sqrt(ratio), from: top + height - 16,
		to: top + 8, log: true}
	var points []string
	for i, size := range p.Sizes {
		points = append(points, fmt.Sprintf("%.1f,%.1f", x.at(size), y.at(p.Times[i])))
		c.dot(x.at(size), y.at(p.Times[i]), 2, "ours")
	}
	fmt.Fprintf(c, "<polyline points=\"%s\" class=\"line\"/>\n", strings.Join(points, " "))
	last := len(p.Sizes) - 1
	c.text(left+6, top+height-4, "small", fmt.Sprintf("%.0f: %s", p.Sizes[0], inWords(p.Times[0])))
	c.text(left+width-6, top+height-4, "small end", fmt.Sprintf("%.0f: %s", p.Sizes[last], inWords(p.Times[last])))
}
