package config

import (
	"fmt"
	"strconv"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Percent is a share of 1% to 100%, written as 50%.
type Percent int

// UnmarshalText reads a share.
func (p *Percent) UnmarshalText(text []byte) error {
	number, unit := quantity(string(text))
	n, err := strconv.Atoi(number)
	if err != nil || unit != "%" || n < 1 || n > 100 {
		return fmt.Errorf("%q is no share: write a whole number from 1%% to 100%%, as in 50%%",
			strict.Shortened(string(text)))
	}
	*p = Percent(n)
	return nil
}

// String writes what UnmarshalText reads.
func (p Percent) String() string { return strconv.Itoa(int(p)) + "%" }

// MarshalText writes what UnmarshalText reads.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Of is the share as a number from 0 to 1.
func (p Percent) Of() float64 { return float64(p) / 100 }
