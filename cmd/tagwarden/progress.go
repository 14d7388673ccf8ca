package main

import (
	"io"
	"strings"
	"sync/atomic"
	"time"
)

// progress shows on a terminal how much of a file has been read, and how long the rest will take. Where nobody looks on
// it shows nothing. Read may be called beside the other methods.
type progress struct {
	t     *terminal
	on    io.Writer // the terminal itself: a bar is drawn with escapes, and holds nothing of others'
	from  io.Reader
	size  int64
	read  atomic.Int64
	begun time.Time
	shown bool
	quiet bool
}

// newProgress makes a progress bar of a file that is read through it.
func newProgress(t *terminal, from io.Reader, size int64) *progress {
	f := behind(t.err)
	return &progress{t: t, on: f, from: from, size: size, begun: t.now(), quiet: f == nil || !isTerminal(f)}
}

// Read reads the file.
func (p *progress) Read(b []byte) (int, error) {
	n, err := p.from.Read(b)
	p.read.Add(int64(n))
	return n, err
}

// barWidth is how wide a bar is, in characters.
const barWidth = 30

// show draws the bar anew.
func (p *progress) show() {
	if p.quiet || p.size == 0 {
		return
	}
	share := min(float64(p.read.Load())/float64(p.size), 1)
	left := ""
	if spent := p.t.now().Sub(p.begun); share > 0 && share < 1 && spent > time.Second {
		left = sprintf(", %s left", time.Duration(float64(spent)*(1-share)/share).Round(time.Second))
	}
	done := int(share * barWidth)
	printf(p.on, "\r\x1b[K[%s%s] %3.0f %%%s", strings.Repeat("=", done), strings.Repeat(" ", barWidth-done),
		100*share, left)
	p.shown = true
}

// clear takes the bar away, so that a line can be written.
func (p *progress) clear() {
	if p.shown {
		printf(p.on, "\r\x1b[K")
		p.shown = false
	}
}

// end takes the bar away for good.
func (p *progress) end() {
	p.clear()
	p.quiet = true
}
