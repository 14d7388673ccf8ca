package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// disk is how long it takes to bring 4 KiB to disk, which whoever promises durability waits for.
type disk struct{ took []time.Duration }

// measure measures so many times more, one after the other, with nothing else to do: between what is measured, so that
// others who are at work on this machine are in both.
func (d *disk) measure(dir string, times int) (err error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	for range times {
		from := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
		d.took = append(d.took, time.Since(from))
	}
	return nil
}

// at is how long it took at most in so many of a hundred times.
func (d *disk) at(percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(d.took))
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)]
}

// fact says it.
func (d *disk) fact() string {
	return fmt.Sprintf("Disk: a write of 4 KiB and its sync, %d times with nothing else to do, before the run and "+
		"between its states: p50 %v, p99 %v",
		len(d.took), d.at(50).Round(10*time.Microsecond), d.at(99).Round(10*time.Microsecond))
}
