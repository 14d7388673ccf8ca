// Package plot draws the figures of the bench as SVG: bars with goals, spans of times, and small panels of
// how something grows. A picture is text that a browser renders, reads well on light and on dark ground,
// says in its title and description what it shows, and holds no script and no address. It promises that
// the same figures give the same bytes.
package plot

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// style is what all pictures look like. Colours are told apart by lightness too, and nothing is said by colour alone.
const style = `<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 } .small { font-size: 10px; fill: #59636e } .end { text-anchor: end } .middle { text-anchor: middle }
.grid { stroke: #d1d9e0 } .measure { stroke: #59636e; stroke-width: 1.5 } .goal { stroke: #bc4c00; stroke-width: 2; stroke-dasharray: 4 2 } .goal-text { fill: #bc4c00 }
.other { fill: #8c959f } .ours { fill: #0969da } .range { stroke: #1f2328 } .line { stroke: #0969da; stroke-width: 1.5; fill: none }
.other-line { stroke: #8c959f; stroke-width: 3 } .ours-line { stroke: #0969da; stroke-width: 3 } .frame { fill: none; stroke: #d1d9e0 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9198a1 } .grid, .frame { stroke: #3d444d } .measure { stroke: #9198a1 } .goal { stroke: #f0883e } .goal-text { fill: #f0883e }
.other { fill: #656c76 } .ours { fill: #4493f8 } .range { stroke: #e6edf3 } .line { stroke: #4493f8 } .other-line { stroke: #656c76 } .ours-line { stroke: #4493f8 }
}
</style>
`

// canvas is a picture on its way.
type canvas struct{ strings.Builder }

// begin opens a picture with its title above.
func begin(width, height int, title, description string) *canvas {
	c := &canvas{}
	fmt.Fprintf(c, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="title description">`+
		"\n",
		width, height, width, height)
	fmt.Fprintf(c, "<title id=\"title\">%s</title>\n<desc id=\"description\">%s</desc>\n%s", escaped(title),
		escaped(description), style)
	c.text(12, 24, "title", title)
	return c
}

// end closes it.
func (c *canvas) end() []byte {
	c.WriteString("</svg>\n")
	return []byte(c.String())
}

func (c *canvas) text(x, y float64, class, text string) {
	fmt.Fprintf(c, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n", x, y, class, escaped(text))
}

func (c *canvas) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(c, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2, y2, class)
}

func (c *canvas) rect(x, y, width, height float64, class string) {
	fmt.Fprintf(c, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"/>\n", x,
		y, width, height, class)
}

func (c *canvas) dot(x, y, radius float64, class string) {
	fmt.Fprintf(c, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"%s\"/>\n", x, y, radius, class)
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}

// scale maps values to places, in equal steps or, as log says, in equal ratios.
type scale struct {
	low, high float64 // values
	from, to  float64 // places
	log       bool
}

func (s *scale) at(value float64) float64 {
	low, high := s.low, s.high
	if s.log {
		low, high, value = math.Log(low), math.Log(high), math.Log(max(value, s.low))
	}
	if high == low {
		return s.from
	}
	return s.from + (value-low)/(high-low)*(s.to-s.from)
}

// class is which of two looks something has: ours, or another's.
func class(ours bool) string {
	if ours {
		return "ours"
	}
	return "other"
}
