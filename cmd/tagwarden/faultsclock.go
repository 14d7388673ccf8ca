//go:build faults

package main

import (
	"os"
	"time"
)

// A binary that is built with the tag faults goes by a clock that is wrong by TAGWARDEN_FAULTS_CLOCK (1h, -1h): bench/faults
// runs nodes of a cluster with clocks that differ. No other build reads it.
func init() {
	if wrong, err := time.ParseDuration(os.Getenv("TAGWARDEN_FAULTS_CLOCK")); err == nil {
		clock = func() time.Time { return time.Now().Add(wrong) }
	}
}
