package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/bench/growth"
	"github.com/tagwarden/tagwarden/bench/plot"
)

func runGrowth(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "tagwarden-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	told := func(f *growth.Figure) {
		fmt.Printf("%-52s %-8s slope %5.2f, beyond what is fixed %4.2f, %6.2f times  %.1f µs to %.1f µs\n",
			f.Name, f.Fit.Growth, f.Fit.Slope, f.Fit.Beyond, f.Fit.Ratio, f.Times[0], f.Times[len(f.Times)-1])
	}
	all, err := growth.Measure(ctx, growthOptions(dir, o.doublings, o.rounds, 2*time.Millisecond, told))
	if err != nil {
		return err
	}
	var text bytes.Buffer
	writeGrowth(&text, all, o.rounds, machine(), time.Now())
	fmt.Print("\n", text.String())
	if err := drawBeside(o.out, "growth.svg", growthPicture(all)); err != nil {
		return err
	}
	return writeDown(o.out, text.String())
}

// growthOptions are those of a measurement of this bench's configuration.
func growthOptions(dir string, doublings, rounds int, batch time.Duration, told func(*growth.Figure)) growth.Options {
	return growth.Options{
		Files: files, Dir: dir, Doublings: doublings, Rounds: rounds, Batch: batch, Told: told,
		Write: func(dir string, files map[string]string) (string, error) {
			return writeFiles(dir, files, "UPSTREAM", "127.0.0.1:1", "MODE", "direct")
		},
	}
}

func writeGrowth(w *bytes.Buffer, all []growth.Figure, rounds int, facts []string, now time.Time) {
	fmt.Fprintf(w, "# How a hit's time grows\n\nWritten by `make bench-growth` on %s. CPU time of a hit between "+
		"receiving and recording (finding its route, reading, looking objections up,\njudging, minimising, encoding), in "+
		"one process, while one thing is doubled again and again.\n\n",
		now.Format("2006-01-02"))
	fmt.Fprintf(w, "![The time of a hit over each thing that grows, in a frame each: the figures are in the table "+
		"below](growth.svg)\n\n")
	fmt.Fprintf(w, "| what grows | from | to | a hit at first | at last | times | growth | slope | beyond what is fixed "+
		"|\n|---|--:|--:|--:|--:|--:|---|--:|--:|\n")
	var neither []string
	for i := range all {
		f := &all[i]
		last, beyond := len(f.Sizes)-1, fmt.Sprintf("%.2f", f.Fit.Beyond)
		if f.Fit.Growth == growth.Flat {
			beyond = ""
		}
		if f.Fit.Growth == growth.Neither {
			neither = append(neither, f.Name)
		}
		fmt.Fprintf(w, "| %s | %.0f | %.0f | %.1f µs | %.1f µs | %.2f | %s | %.2f | %s |\n", f.Name, f.Sizes[0],
			f.Sizes[last], f.Times[0], f.Times[last],
			f.Fit.Ratio, f.Fit.Growth, f.Fit.Slope, beyond)
	}
	fmt.Fprintf(w, "\n- Flat: the largest size takes less than a quarter more than the smallest. Linear: what comes on "+
		"top of a fixed part goes with the size to a power of 0.8 to 1.2 (the last column). Neither, by another power or "+
		"because no curve fits to 15 %%: %s.\n", inWords(neither))
	fmt.Fprintf(w, "- Slope: of the line through the logarithms of sizes and times, fixed part and all. Beyond what is "+
		"fixed: k of time = a + b·size^k, by least relative errors, a and b not below 0. Times (largest to smallest) are "+
		"by that curve.\n")
	fmt.Fprintf(w, "- %d rounds, in each every size of everything in turn (objectors: one size after the other, until "+
		"three times agree); the least time counts. Times are the thread's own, from the kernel's clock, and what others "+
		"who are at work do to caches can only add to them. 32 hits of other visitors and pages in turn.\n", rounds)
	fmt.Fprintf(w, "- The configuration is that of the comparison (`bench/warden.go`), read from files as `serve` reads "+
		"them, with what grows added; hits are `bench/load`'s. Nothing is kept between hits. Each has to end as it is "+
		"meant to: permitted, or denied where the name says refused, or one of those who objected.\n")
	fmt.Fprintf(w, "- Objectors are in the store as the product has it, on disk; the visitor is another one at each "+
		"hit. Sizes end below what the server refuses.\n")
	for _, f := range facts {
		fmt.Fprintf(w, "- %s\n", f)
	}
}

// inWords is a list in words.
func inWords(names []string) string {
	if len(names) == 0 {
		return "none here"
	}
	return strings.Join(names, "; ")
}

// growthPicture is the table as a picture.
func growthPicture(all []growth.Figure) []byte {
	var panels []plot.Panel
	for i := range all {
		f := &all[i]
		panels = append(panels, plot.Panel{Label: strings.ReplaceAll(f.Name, "`", ""), Said: fmt.Sprintf("%s, slope %.2f",
			f.Fit.Growth, f.Fit.Slope), Sizes: f.Sizes, Times: f.Times})
	}
	return plot.Panels("How the time of a hit grows", "A frame for each thing that grows, sizes to the right and times "+
		"upwards, both as logarithms. The figures are in bench/RESULTS.md.", panels)
}
