package main

import (
	"math"
	"os"
	"runtime/debug"
	"testing"

	"github.com/tagwarden/tagwarden/config"
)

// TestTheCollectorKnowsTheMemory that the process may have, unless the operator said otherwise.
func TestTheCollectorKnowsTheMemory(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	half, little := config.Memory{Percent: 50}, config.Memory{Size: 16 << 20}
	for _, c := range []struct {
		name      string
		said      string
		available int
		budget    config.Memory
		want      int64
	}{
		{"a container of 512 MiB", "", 512 << 20, half, 512 << 20 / 100 * collectAt},
		{"a small budget on a large machine", "", 64 << 30, little, 2*16<<20 + 128<<20},
		{"nobody knows", "", 0, half, math.MaxInt64},
		{"the operator said it", "1GiB", 512 << 20, half, math.MaxInt64},
	} {
		t.Run(c.name, func(t *testing.T) {
			if t.Setenv("GOMEMLIMIT", c.said); c.said == "" {
				if err := os.Unsetenv("GOMEMLIMIT"); err != nil {
					t.Fatal(err)
				}
			}
			debug.SetMemoryLimit(math.MaxInt64)
			collect(c.available, c.budget)
			if got := debug.SetMemoryLimit(-1); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}
