package config

import (
	"fmt"
	"strconv"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Memory is how much memory something may take: a size, or a share of what there is, written as "256MiB" or "50%".
type Memory struct {
	Size    Size // 0 where a share is given
	Percent int
}

// The bounds of Memory.
const (
	leastMemory = Size(16 << 20)
	mostPercent = 80
)

// UnmarshalText reads a size or a share.
func (m *Memory) UnmarshalText(text []byte) error {
	if number, unit := quantity(string(text)); unit == "%" {
		percent, err := strconv.Atoi(number)
		if err != nil || percent < 1 || percent > mostPercent {
			return fmt.Errorf("%s is no share: 1%% to %d%% are", strict.Shortened(string(text)), mostPercent)
		}
		*m = Memory{Percent: percent}
		return nil
	}
	var size Size
	if err := size.UnmarshalText(text); err != nil {
		return fmt.Errorf("%q is neither a size nor a share: write 256MiB or 50%%", strict.Shortened(string(text)))
	}
	if size < leastMemory {
		return fmt.Errorf("%s is too little: at least %s", size, leastMemory)
	}
	*m = Memory{Size: size}
	return nil
}

// String writes what UnmarshalText reads.
func (m Memory) String() string {
	if m.Percent > 0 {
		return strconv.Itoa(m.Percent) + "%"
	}
	return m.Size.String()
}

// MarshalText writes what UnmarshalText reads.
func (m Memory) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// Of returns the bytes that it is of so many.
func (m Memory) Of(all int) int {
	if m.Percent > 0 {
		return all / 100 * m.Percent
	}
	return int(m.Size)
}
