package config

import (
	"fmt"
	"strconv"
)

// Size is a number of bytes, written as "512B", "64KiB", "1MiB" or "2GiB".
type Size int

var sizeUnits = []struct {
	name  string
	bytes Size
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	number, unit := quantity(string(text))
	n, err := strconv.Atoi(number)
	for _, u := range sizeUnits {
		if err == nil && unit == u.name && n <= 1<<40/int(u.bytes) {
			*s = Size(n) * u.bytes
			return nil
		}
	}
	return fmt.Errorf("%q is no size: write a whole number and B, KiB, MiB or GiB, as in 1MiB", shortened(string(text)))
}

// String writes the size in the largest unit that divides it.
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s >= u.bytes && s%u.bytes == 0 {
			return strconv.Itoa(int(s/u.bytes)) + u.name
		}
	}
	return strconv.Itoa(int(s)) + "B"
}

// MarshalText writes what UnmarshalText reads.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// quantity takes "90d" apart; a text that does not begin with a digit has no number.
func quantity(text string) (number, unit string) {
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	return text[:end], text[end:]
}
