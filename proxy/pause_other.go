//go:build !linux

package proxy

import "time"

// newPause returns a sleep for one at a time.
func newPause() func(time.Duration) { return time.Sleep }
