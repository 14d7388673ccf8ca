package plot

import "fmt"

// Bar is a ratio to the measure, with the lowest and the highest of all rounds.
type Bar struct {
	Label           string
	Value, Low, Top float64
	Goal            float64 // that Value should not exceed; 0: none
	Ours            bool
}

// Bars draws ratios, one below the other, with a line at 1 and one at each goal.
func Bars(title, description string, all []Bar) []byte {
	const left, right, top, row = 300, 60, 44, 30
	const width = 860
	most := 1.0
	for _, b := range all {
		most = max(most, b.Top, b.Value, b.Goal)
	}
	height := top + row*len(all) + 30
	c := begin(width, height, title, description)
	x := scale{low: 0, high: most * 1.05, from: left, to: width - right}
	bottom := float64(top + row*len(all))
	for tick := 0.0; tick <= x.high; tick += 0.5 {
		c.line(x.at(tick), top, x.at(tick), bottom, "grid")
		c.text(x.at(tick), bottom+16, "small middle", fmt.Sprintf("%.1f", tick))
	}
	c.line(x.at(1), top-6, x.at(1), bottom, "measure")
	for i, b := range all {
		y := float64(top + row*i)
		c.text(left-8, y+row/2+4, "end", b.Label)
		c.rect(left, y+6, x.at(b.Value)-left, row-12, class(b.Ours))
		c.line(x.at(b.Low), y+row/2, x.at(b.Top), y+row/2, "range")
		after := max(b.Value, b.Top, b.Goal)
		said := fmt.Sprintf("%.2f", b.Value)
		if b.Goal > 0 {
			c.line(x.at(b.Goal), y+1, x.at(b.Goal), y+row-1, "goal")
			said += fmt.Sprintf(" (≤ %.1f)", b.Goal)
		}
		c.text(x.at(after)+6, y+row/2+4, "", said)
	}
	return c.end()
}
