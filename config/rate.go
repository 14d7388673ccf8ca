package config

import (
	"fmt"
	"strconv"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Rate is how often something is done in a second, written as 50 or 0.5; 0 where nothing bounds it.
type Rate float64

// The bounds of Rate.
const (
	leastRate = 0.001
	mostRate  = 100_000
)

// UnmarshalText reads a rate: digits, and a point with more of them.
func (r *Rate) UnmarshalText(text []byte) error {
	whole, rest := quantity(string(text))
	fraction := ""
	if len(rest) > 1 && rest[0] == '.' {
		fraction, rest = quantity(rest[1:])
	}
	number, err := strconv.ParseFloat(string(text), 64)
	if whole == "" || rest != "" || err != nil {
		return fmt.Errorf("%q is no rate: write how many a second, as 50 or 0.5", strict.Shortened(string(text)))
	}
	if number < leastRate || number > mostRate || len(fraction) > 6 {
		return fmt.Errorf("%s a second is out of bounds: %v to %d are", strict.Shortened(string(text)), leastRate, mostRate)
	}
	*r = Rate(number)
	return nil
}

// String writes what UnmarshalText reads.
func (r Rate) String() string { return strconv.FormatFloat(float64(r), 'f', -1, 64) }

// MarshalText writes what UnmarshalText reads.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
