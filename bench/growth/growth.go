// Package growth measures how the time of a hit grows with what it is judged by and with what it holds: the same code
// as the server's, read from files as the server reads them, without sockets, log and delivery. It promises that a hit
// which does not end as it is meant to ends the measurement: a figure is never that of a refusal.
package growth

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Options say what is measured, and how long.
type Options struct {
	Files map[string]string                                                    // a configuration, to be changed
	Write func(dir string, files map[string]string) (server string, err error) // writes one, and returns the server file
	Dir   string                                                               // where all of it is written

	Doublings int           // how often each size is doubled at most; 0: as far as it goes
	Rounds    int           // how often each size is measured; the least time counts: what is at work beside can only add
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
	// fills the store of objections up to so many objectors; nil: there is none
	store func(*judging, int) error
	anew  func(j *judging, serial uint64) // before each hit, of those who object
}

// doubled are 1, 2, 4 ... times from, no further than to.
func doubled(from, to int) (all []int) {
	for n := from; n <= to; n *= 2 {
		all = append(all, n)
	}
	return all
}

// Measure measures all of it: every size of everything once, and again, so that a moment in which much else is at work
// is in all of them; then what can be had in one size at a time alone.
func Measure(ctx context.Context, o Options) (all []Figure, err error) {
	var prepared []*series
	kept := dimensions()
	for i := range kept {
		d := &kept[i]
		if o.Doublings > 0 && len(d.sizes) > o.Doublings+1 {
			d.sizes = d.sizes[:o.Doublings+1]
		}
		if d.store != nil {
			continue
		}
		s, err := d.prepare(&o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.name, err)
		}
		prepared = append(prepared, s)
	}
	for range o.Rounds {
		for _, s := range prepared {
			if err := s.round(ctx, &o); err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	for i := range kept {
		d := &kept[i]
		var f Figure
		if d.store != nil {
			if f, err = d.measureFilling(ctx, &o); err != nil {
				return nil, fmt.Errorf("%s: %w", d.name, err)
			}
		} else {
			f, prepared = prepared[0].figure(), prepared[1:]
		}
		if all = append(all, f); o.Told != nil {
			o.Told(&all[len(all)-1])
		}
	}
	return all, nil
}

// series is one thing in each of its sizes.
type series struct {
	*dimension
	all   []*judging
	least []float64 // times so far, by size
}

// prepare makes one of each size.
func (d *dimension) prepare(o *Options) (*series, error) {
	dir, err := os.MkdirTemp(o.Dir, "growth-")
	if err != nil {
		return nil, err
	}
	s := &series{dimension: d}
	for i, n := range d.sizes {
		var j *judging
		if i > 0 && d.policy == nil {
			j = s.all[0].beside()
		} else if j, err = load(o, filepath.Join(dir, strconv.Itoa(n)), d.policy, n); err != nil {
			return nil, fmt.Errorf("at %d: %w", n, err)
		}
		if err := j.take(d, n); err != nil {
			return nil, fmt.Errorf("at %d: %w", n, err)
		}
		s.all, s.least = append(s.all, j), append(s.least, math.Inf(1))
	}
	return s, nil
}

// round measures each size once more.
func (s *series) round(ctx context.Context, o *Options) error {
	for i, j := range s.all {
		t, err := j.timed(ctx, o.Batch)
		if err != nil {
			return fmt.Errorf("at %d: %w", s.sizes[i], err)
		}
		s.least[i] = min(s.least[i], t)
	}
	return nil
}

func (s *series) figure() Figure {
	f := Figure{Name: s.name, Times: s.least}
	for _, n := range s.sizes[:len(s.least)] {
		f.Sizes = append(f.Sizes, float64(n))
	}
	f.Fit = FitOf(f.Sizes, f.Times)
	return f
}

// measureFilling measures what grows while it is measured: a store cannot be had in each size at once.
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
	defer func() { err = errors.Join(err, j.store.Close()) }()
	s := &series{dimension: d}
	for i, n := range d.sizes {
		if err := d.store(j, n); err != nil {
			return f, fmt.Errorf("at %d: %w", n, err)
		}
		if i == 0 {
			if err := j.take(d, n); err != nil {
				return f, err
			}
		}
		least, err := j.calm(ctx, o)
		if err != nil {
			return f, fmt.Errorf("at %d: %w", n, err)
		}
		s.least = append(s.least, least)
	}
	return s.figure(), nil
}
