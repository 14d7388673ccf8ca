package config

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Duration is a length of time on the clock, written as "200ms", "30s", "15m", "24h" or "90d"; a day is 24 hours.
type Duration time.Duration

var durationUnits = []struct {
	name string
	span time.Duration
}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}}

const maxDuration = 100 * 365 * 24 * time.Hour

// UnmarshalText reads a length of time.
func (d *Duration) UnmarshalText(text []byte) error {
	number, unit := quantity(string(text))
	n, err := strconv.Atoi(number)
	for _, u := range durationUnits {
		if err == nil && unit == u.name && n <= int(maxDuration/u.span) {
			*d = Duration(time.Duration(n) * u.span)
			return nil
		}
	}
	return fmt.Errorf(
		"%q is no span of time: write a whole number and ms, s, m, h or d, as in 24h", strict.Shortened(string(text)))
}

// String writes it in the largest unit that divides it.
func (d Duration) String() string {
	for _, u := range durationUnits {
		if whole := time.Duration(d); whole >= u.span && whole%u.span == 0 {
			return strconv.Itoa(int(whole/u.span)) + u.name
		}
	}
	return strconv.Itoa(int(time.Duration(d)/time.Millisecond)) + "ms"
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Duration returns it as the standard library has it.
func (d Duration) Duration() time.Duration { return time.Duration(d) }
