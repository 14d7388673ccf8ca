// Package growth measures how the time of a hit grows with what it is judged by and with what it holds: the same code as the server's, read
// from files as the server reads them, without sockets, log and delivery. It promises that a hit which does not end as it is meant to ends
// the measurement: a figure is never that of a refusal.
package growth

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// Options say what is measured, and how long.
type Options struct {
	Files map[string]string                                                    // a configuration, to be changed
	Write func(dir string, files map[string]string) (server string, err error) // writes one, and returns the server file
	Dir   string                                                               // where all of it is written

	Doublings int           // how often each size is doubled at most
	Rounds    int           // how often each size is measured, in turn with the others; the least time counts: what is at work beside can only add
	Batch     time.Duration // how long hits are judged each time, in CPU time

	Told func(*Figure) // is told of each that is done; nil: nobody
}

// Figure is how the time of a hit grows with one thing.
type Figure struct {
	Name  string
	Sizes []float64 // ascending
	Times []float64 // CPU time of a hit, in microseconds
	Fit   Fit
}

// dimension is one thing that grows.
type dimension struct {
	name   string
	sizes  []int
	denied bool                                 // nothing is forwarded
	policy func(n int, files map[string]string) // changes the configuration; nil: it is the same for all sizes
	hit    func(n int, serial uint64) []byte    // a request
	store  func(*judging, int) error            // fills the store of objections up to so many objectors; nil: there is none
	anew   func(j *judging, serial uint64)      // before each hit, of those who object
}

// doubled are 1, 2, 4 ... times from, no further than to.
func doubled(from, to int) (all []int) {
	for n := from; n <= to; n *= 2 {
		all = append(all, n)
	}
	return all
}

// Measure measures all of it.
func Measure(ctx context.Context, o Options) (all []Figure, err error) {
	for _, d := range dimensions() {
		if o.Doublings > 0 && len(d.sizes) > o.Doublings+1 {
			d.sizes = d.sizes[:o.Doublings+1]
		}
		measure := d.measure
		if d.store != nil {
			measure = d.measureFilling
		}
		f, err := measure(ctx, &o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.name, err)
		}
		if all = append(all, f); o.Told != nil {
			o.Told(&all[len(all)-1])
		}
	}
	return all, nil
}

// measure makes one of each size, and measures them in turn.
func (d *dimension) measure(ctx context.Context, o *Options) (f Figure, err error) {
	dir, err := os.MkdirTemp(o.Dir, "growth-")
	if err != nil {
		return f, err
	}
	var all []*judging
	for _, n := range d.sizes {
		if len(all) > 0 && d.policy == nil {
			all = append(all, all[0].beside())
		} else {
			j, err := load(o, filepath.Join(dir, strconv.Itoa(n)), d.policy, n)
			if err != nil {
				return f, fmt.Errorf("at %d: %w", n, err)
			}
			all = append(all, j)
		}
		if err := all[len(all)-1].take(d, n); err != nil {
			return f, fmt.Errorf("at %d: %w", n, err)
		}
	}
	times := make([][]float64, len(all))
	for range o.Rounds {
		for i, j := range all {
			some, err := j.rounds(ctx, o, 1)
			if err != nil {
				return f, fmt.Errorf("at %d: %w", d.sizes[i], err)
			}
			times[i] = append(times[i], some...)
		}
	}
	return d.figure(times), nil
}

// measureFilling measures one that grows while it is measured: a store cannot be had in each size at once.
func (d *dimension) measureFilling(ctx context.Context, o *Options) (f Figure, err error) {
	dir, err := os.MkdirTemp(o.Dir, "growth-")
	if err != nil {
		return f, err
	}
	j, err := load(o, dir, nil, 0)
	if err != nil {
		return f, err
	}
	if err := j.open(dir); err != nil {
		return f, err
	}
	defer func() { err = joined(err, j.store.Close()) }()
	var times [][]float64
	for i, n := range d.sizes {
		if err := d.store(j, n); err != nil {
			return f, fmt.Errorf("at %d: %w", n, err)
		}
		if i == 0 {
			if err := j.take(d, n); err != nil {
				return f, err
			}
		}
		some, err := j.rounds(ctx, o, o.Rounds)
		if err != nil {
			return f, fmt.Errorf("at %d: %w", n, err)
		}
		times = append(times, some)
	}
	return d.figure(times), nil
}

// figure puts the least time of each size together.
func (d *dimension) figure(times [][]float64) Figure {
	f := Figure{Name: d.name}
	for i, some := range times {
		f.Sizes = append(f.Sizes, float64(d.sizes[i]))
		f.Times = append(f.Times, slices.Min(some))
	}
	f.Fit = FitOf(f.Sizes, f.Times)
	return f
}
