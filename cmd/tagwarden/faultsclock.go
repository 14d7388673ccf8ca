//go:build faults

package main

import (
	"os"
	"time"
)

// A binary that is built with the tag faults goes by a clock that is wrong by TAGWARDEN_FAULTS_CLOCK (1h, -1h):
// bench/faults runs nodes of a cluster with clocks that differ. And others are handed what a silent server had taken of
// the cluster's queue after TAGWARDEN_FAULTS_SILENCE (3s). No other build reads them.
func init() {
	if wrong, err := time.ParseDuration(os.Getenv("TAGWARDEN_FAULTS_CLOCK")); err == nil {
		clock = func() time.Time { return time.Now().Add(wrong) }
	}
	if after, err := time.ParseDuration(os.Getenv("TAGWARDEN_FAULTS_SILENCE")); err == nil {
		silence = after
	}
}
