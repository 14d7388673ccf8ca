package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// syncTimes says how long it takes here to bring 4 KiB to disk, which whoever promises durability waits for.
func syncTimes(dir string) (fact string, err error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	const times = 500
	took := make([]time.Duration, times)
	for i := range took {
		from := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return "", err
		}
		if err := f.Sync(); err != nil {
			return "", err
		}
		took[i] = time.Since(from)
	}
	slices.Sort(took)
	return fmt.Sprintf("Disk: a write of 4 KiB and its sync, %d times with nothing else to do: p50 %v, p99 %v", times,
		took[times/2].Round(10*time.Microsecond), took[times*99/100].Round(10*time.Microsecond)), nil
}
