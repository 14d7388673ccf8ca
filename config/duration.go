package config

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Span is a length of time on the clock, written as "200ms", "30s", "15m", "24h" or "90d"; a day is 24 hours.
type Span time.Duration

var spanUnits = []struct {
	name string
	span time.Duration
}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}}

const maxSpan = 100 * 365 * 24 * time.Hour

// UnmarshalText reads a span.
func (s *Span) UnmarshalText(text []byte) error {
	number, unit := quantity(string(text))
	n, err := strconv.Atoi(number)
	for _, u := range spanUnits {
		if err == nil && unit == u.name && n <= int(maxSpan/u.span) {
			*s = Span(time.Duration(n) * u.span)
			return nil
		}
	}
	return fmt.Errorf("%q is no span of time: write a whole number and ms, s, m, h or d, as in 24h", strict.Shortened(string(text)))
}

// String writes the span in the largest unit that divides it.
func (s Span) String() string {
	for _, u := range spanUnits {
		if d := time.Duration(s); d >= u.span && d%u.span == 0 {
			return strconv.Itoa(int(d/u.span)) + u.name
		}
	}
	return strconv.Itoa(int(time.Duration(s)/time.Millisecond)) + "ms"
}

// MarshalText writes what UnmarshalText reads.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Duration returns the span as the standard library has it.
func (s Span) Duration() time.Duration { return time.Duration(s) }
